namespace PasswordSync.Actors.Runtime;

/// <summary>The actor did not answer in time. It may have handled the message, or may still do so.</summary>
public sealed class AskTimeoutException(string path, TimeSpan timeout)
    : TimeoutException($"The actor {path} did not answer within {timeout.TotalMilliseconds:0} ms.")
{
    public string Path { get; } = path;

    public TimeSpan Timeout { get; } = timeout;
}

/// <summary>The asked actor had stopped, or stopped before it answered.</summary>
public sealed class AskTargetStoppedException(string path, bool taken)
    : Exception($"The actor {path} {(taken ? "stopped before it answered" : "has stopped")}.")
{
    public string Path { get; } = path;

    /// <summary>Whether the message had been accepted, so that its effect is unknown; if not, it had none.</summary>
    public bool Taken { get; } = taken;
}
