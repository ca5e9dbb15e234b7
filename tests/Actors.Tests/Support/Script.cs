using PasswordSync.Actors.Runtime;

namespace PasswordSync.Actors.Tests.Support;

/// <summary>An actor made of functions, which notes what happens to it in <see cref="Journal"/>.</summary>
internal sealed class Script<TMessage>
{
    private readonly Lock gate = new();
    private readonly List<string> journal = [];

    /// <summary>What happened to all incarnations: <c>start</c>, the messages, <c>idle</c>, <c>stop</c>, and notices as <c>/path reason</c>.</summary>
    public IReadOnlyList<string> Journal
    {
        get
        {
            lock (gate) return [.. journal];
        }
    }

    /// <summary>The context of the newest incarnation.</summary>
    public IActorContext<TMessage> Context { get; private set; } = null!;

    public Func<IActorContext<TMessage>, CancellationToken, ValueTask> OnStart { get; init; } = static (_, _) => default;

    public Func<IActorContext<TMessage>, TMessage, CancellationToken, ValueTask> OnMessage { get; init; } = static (_, _, _) => default;

    public Func<IActorContext<TMessage>, CancellationToken, ValueTask> OnStop { get; init; } = static (_, _) => default;

    public Func<IActorContext<TMessage>, Terminated, CancellationToken, ValueTask> OnTerminated { get; init; } = static (_, _, _) => default;

    public Props<TMessage> Props => new("script", context => new ScriptedActor(this, context));

    public void Note(string line)
    {
        lock (gate) journal.Add(line);
    }

    private sealed class ScriptedActor(Script<TMessage> script, IActorContext<TMessage> context) : Actor<TMessage>(context)
    {
        protected internal override ValueTask OnStartAsync(CancellationToken cancellationToken)
        {
            script.Context = Context;
            script.Note("start");
            return script.OnStart(Context, cancellationToken);
        }

        protected internal override ValueTask ReceiveAsync(TMessage message, CancellationToken cancellationToken)
        {
            script.Note($"{message}");
            return script.OnMessage(Context, message, cancellationToken);
        }

        protected internal override ValueTask OnIdleAsync(CancellationToken cancellationToken)
        {
            script.Note("idle");
            return base.OnIdleAsync(cancellationToken);
        }

        protected internal override ValueTask OnTerminatedAsync(Terminated notice, CancellationToken cancellationToken)
        {
            script.Note($"{notice.Actor.Path} {notice.Reason}");
            return script.OnTerminated(Context, notice, cancellationToken);
        }

        protected internal override ValueTask OnStopAsync(CancellationToken cancellationToken)
        {
            script.Note("stop");
            return script.OnStop(Context, cancellationToken);
        }
    }
}
