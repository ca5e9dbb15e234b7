namespace PasswordSync.Actors.Runtime;

/// <summary>Why an actor stopped.</summary>
public enum TerminationReason
{
    /// <summary>It was told to, by itself, its parent or the shutdown of the system; or it had stopped before it was watched.</summary>
    Stopped,

    /// <summary>It was idle, and gave up its memory.</summary>
    Passivated,

    /// <summary>It failed, and its supervisor strategy stopped it or ran out of restarts.</summary>
    Failed,
}

/// <summary>The notice that an actor has stopped: to those who watch it, and after a failure to its parent in any case.</summary>
public sealed class Terminated
{
    internal Terminated(IActorRef actor, TerminationReason reason, Exception? failure) =>
        (Actor, Reason, Failure) = (actor, reason, failure);

    public IActorRef Actor { get; }

    public TerminationReason Reason { get; }

    /// <summary>The last failure, where <see cref="Reason"/> is <see cref="TerminationReason.Failed"/>; else null.</summary>
    public Exception? Failure { get; }

    /// <summary>Path and reason; of the failure only its type, since an exception's text may quote a message.</summary>
    public override string ToString() => $"{Actor.Path} terminated: {Reason} {Failure?.GetType().Name}".TrimEnd();
}

/// <summary>Learns once that an actor has stopped. Called on that actor's last turn: must be quick and must not throw.</summary>
internal interface ITerminationListener
{
    void OnTerminated(Terminated notice);
}
