namespace PasswordSync.Actors.Runtime;

/// <summary>The asker's end of a reply. Fails when the asked actor stops.</summary>
internal sealed class PendingReply<TReply> : IReply<TReply>, ITerminationListener
{
    private readonly TaskCompletionSource<TReply> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<TReply> Task => answer.Task;

    public bool TryAnswer(TReply reply) => answer.TrySetResult(reply);

    public bool TryFail(Exception exception) => answer.TrySetException(exception);

    public void OnTerminated(Terminated notice) => TryFail(new AskTargetStoppedException(notice.Actor.Path, taken: true));

    /// <summary>Nobody waits any more. A failure that came too late to be seen counts as seen.</summary>
    public void Abandon()
    {
        if (!answer.TrySetCanceled()) _ = answer.Task.Exception;
    }
}
