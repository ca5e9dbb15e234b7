namespace PasswordSync.Ldap.Tests.Support;

/// <summary>A stream that never has anything to read and keeps what is written: a copy, and the very memory that was handed over.</summary>
internal sealed class KeepingStream : Stream
{
    private readonly Lock gate = new();
    private readonly List<(byte[] Copy, ReadOnlyMemory<byte> Handed)> writes = [];
    private readonly TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public async Task<IReadOnlyList<(byte[] Copy, ReadOnlyMemory<byte> Handed)>> WaitForWritesAsync(int count)
    {
        while (true)
        {
            Task next;
            lock (gate)
            {
                if (writes.Count >= count) return [.. writes];
                next = changed.Task;
            }

            await next;
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await closed.Task.WaitAsync(cancellationToken);
        return 0;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        lock (gate)
        {
            writes.Add((buffer.ToArray(), buffer));
            changed.SetResult();
            changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return ValueTask.CompletedTask;
    }

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        closed.TrySetResult();
        base.Dispose(disposing);
    }
}
