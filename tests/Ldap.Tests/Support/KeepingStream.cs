namespace PasswordSync.Ldap.Tests.Support;

/// <summary>A stream that never has anything to read and keeps what is written: a copy, and the very memory that was handed over.</summary>
internal sealed class KeepingStream : AsyncOnlyStream
{
    private readonly Lock gate = new();
    private readonly List<(byte[] Copy, ReadOnlyMemory<byte> Handed)> writes = [];
    private readonly TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

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

    protected override void Dispose(bool disposing)
    {
        closed.TrySetResult();
        base.Dispose(disposing);
    }
}
