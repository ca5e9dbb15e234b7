using PasswordSync.Actors.Runtime;

namespace PasswordSync.Actors.Tests.Support;

/// <summary>An actor system on a clock that stands and with turns that run when the test says so.</summary>
internal sealed class TestSystem : IAsyncDisposable
{
    public TestSystem(Random? order = null, Func<ActorSystemOptions, ActorSystemOptions>? configure = null)
    {
        Turns = new TurnQueue(order);
        var options = new ActorSystemOptions { Clock = Clock, Dispatch = Turns.Add };
        Actors = new ActorSystem(configure?.Invoke(options) ?? options, Log);
    }

    public ManualClock Clock { get; } = new();

    public TurnQueue Turns { get; }

    public RecordingLogger<ActorSystem> Log { get; } = new();

    public ActorSystem Actors { get; }

    /// <summary>The dead letters so far, as <c>path message reason</c>.</summary>
    public List<string> TakeDeadLetters()
    {
        var taken = new List<string>();
        while (Actors.DeadLetters.TryRead(out var letter)) taken.Add($"{letter.Path} {letter.Message} {letter.Reason}");
        return taken;
    }

    public IActorRef<TMessage> Spawn<TMessage>(Props<TMessage> props, string name)
    {
        var actor = Actors.Spawn(props, name);
        Turns.RunAll();
        return actor;
    }

    public async ValueTask DisposeAsync() => await Turns.RunUntilAsync(Actors.ShutdownAsync(CancellationToken.None));
}
