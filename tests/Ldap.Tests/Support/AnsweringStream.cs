namespace PasswordSync.Ldap.Tests.Support;

/// <summary>Answers the first thing that is written with some bytes, and ends.</summary>
internal sealed class AnsweringStream(byte[] answer) : AsyncOnlyStream
{
    private readonly TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int position;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await asked.Task.WaitAsync(cancellationToken);
        var count = Math.Min(buffer.Length, answer.Length - position);
        answer.AsMemory(position, count).CopyTo(buffer);
        position += count;
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        asked.TrySetResult();
        return ValueTask.CompletedTask;
    }
}
