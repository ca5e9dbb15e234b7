namespace PasswordSync.Actors.Runtime;

/// <summary>What the runtime tells a cell. Signals pass all messages in the mailbox and know no bound: each has a cause that is bounded itself.</summary>
internal abstract class Signal
{
    private Signal() { }

    public static readonly Signal Start = new Plain();
    public static readonly Signal Stop = new Plain();
    public static readonly Signal Passivate = new Plain();
    public static readonly Signal Idle = new Plain();
    public static readonly Signal BackoffOver = new Plain();
    public static readonly Signal LastChildStopped = new Plain();

    private sealed class Plain : Signal;

    /// <summary>A watched actor, or a failed child, has stopped.</summary>
    public sealed class Notice(Terminated terminated) : Signal
    {
        public Terminated Terminated => terminated;
    }

    /// <summary>Work that the actor had piped to itself threw.</summary>
    public sealed class PipeFailed(Exception failure) : Signal
    {
        public Exception Failure => failure;
    }

    /// <summary>A failure further down was escalated to this actor, and its supervisor has decided.</summary>
    public sealed class Escalated(Exception failure, Directive directive) : Signal
    {
        public Exception Failure => failure;

        public Directive Directive => directive;
    }
}
