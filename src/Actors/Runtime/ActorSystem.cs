using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace PasswordSync.Actors.Runtime;

/// <summary>The actors of one process: the root of their hierarchy, their clock, dead letters, metrics and orderly end.</summary>
public sealed partial class ActorSystem : IAsyncDisposable
{
    private readonly ActorSystemOptions options;
    private readonly ILogger logger;
    private readonly ActorMetrics metrics;
    private readonly Channel<DeadLetter> deadLetters;
    private readonly CancellationTokenSource forced = new();
    private readonly TaskCompletionSource rootStopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock gate = new();
    private readonly ActorCell<object> root;
    private Task<IReadOnlyList<ActorStatus>>? shutdown;
    private Exception? escalated;

    public ActorSystem(ActorSystemOptions options, ILogger<ActorSystem> logger)
    {
        this.options = options;
        metrics = new ActorMetrics(options.MeterScope);
        this.logger = logger;
        deadLetters = Channel.CreateBounded<DeadLetter>(new BoundedChannelOptions(options.DeadLetterCapacity) { FullMode = BoundedChannelFullMode.DropOldest });
        IdleSweep = new IdleSweep(options.Clock, options.IdleResolution);
        var guardian = new Props<object>("root", static context => new Guardian(context)) { Supervision = options.Supervision };
        root = new ActorCell<object>(this, parent: null, name: "", guardian);
    }

    /// <summary>The clock of all timers, time-outs and backoffs.</summary>
    public TimeProvider Clock => options.Clock;

    /// <summary>Accepted messages that were never handled to their end: the newest, up to <see cref="ActorSystemOptions.DeadLetterCapacity"/>.</summary>
    public ChannelReader<DeadLetter> DeadLetters => deadLetters.Reader;

    /// <summary>Ends when the shutdown has ended; with the exception, if a failure that was escalated past the root began it.</summary>
    public Task Completion => completion.Task;

    internal IdleSweep IdleSweep { get; }

    /// <summary>Cancelled when a shutdown has run out of time.</summary>
    internal CancellationToken Forced => forced.Token;

    /// <summary>Makes an actor at the top of the hierarchy.</summary>
    /// <exception cref="InvalidOperationException">A live one has that name, or the system is shutting down.</exception>
    public IActorRef<TMessage> Spawn<TMessage>(Props<TMessage> props, string name) => root.Spawn(props, name);

    /// <summary>
    /// Children of <paramref name="parent"/> that come to life when they are told something, as <see cref="IActorContext{TMessage}.OnDemand"/>
    /// gives them to the parent itself.
    /// </summary>
    /// <exception cref="ArgumentException"><paramref name="parent"/> is not the address of one actor of this system.</exception>
    public OnDemandChildren<TChild> OnDemand<TChild>(IActorRef parent, Props<TChild> props) => new(Own(parent), props);

    /// <summary>The live actors, each before its children. Read from the actors themselves, one after the other: no consistent cut.</summary>
    public IReadOnlyList<ActorStatus> Hierarchy()
    {
        var lines = new List<ActorStatus>();
        var open = new Stack<ActorCell>(root.ChildrenNow().Reverse());
        while (open.TryPop(out var cell))
        {
            lines.Add(cell.Status());
            foreach (var child in cell.ChildrenNow().Reverse()) open.Push(child);
        }

        return lines;
    }

    /// <summary>Stops one actor with all below it, and waits until it has stopped.</summary>
    /// <param name="actor">An actor of this system; one that has stopped already is fine.</param>
    /// <param name="cancellationToken">Gives up waiting; the actor stops all the same.</param>
    /// <exception cref="ArgumentException"><paramref name="actor"/> is not the address of one actor of this system.</exception>
    public Task StopAsync(IActorRef actor, CancellationToken cancellationToken) => Own(actor).StopAndWaitAsync().WaitAsync(cancellationToken);

    /// <summary>
    /// Stops all actors, children first. After <see cref="ActorSystemOptions.ShutdownTimeout"/> it cancels the token of the handlers that
    /// still run, and after <see cref="ActorSystemOptions.CancellationTimeout"/> more it gives up. Called again, it waits for the same end.
    /// </summary>
    /// <param name="cancellationToken">Gives up waiting; the shutdown goes on.</param>
    /// <returns>The actors that did not stop; empty after an orderly end.</returns>
    public Task<IReadOnlyList<ActorStatus>> ShutdownAsync(CancellationToken cancellationToken) => BeginShutdown().WaitAsync(cancellationToken);

    public async ValueTask DisposeAsync() => await BeginShutdown().ConfigureAwait(false);

    /// <summary>A failure of <paramref name="origin"/> was escalated past the root.</summary>
    internal void BeginShutdown(ActorCell origin, Exception failure)
    {
        LogEscalated(origin.Path, failure.GetType());
        Interlocked.CompareExchange(ref escalated, failure, null);
        _ = BeginShutdown();
    }

    internal void Dispatch(IThreadPoolWorkItem turn) => options.Dispatch(turn);

    internal void OnSpawned(string kind) => metrics.Live.Add(1, ActorMetrics.Kind(kind));

    internal void OnRestarting(string kind) => metrics.Restarts.Add(1, ActorMetrics.Kind(kind));

    internal void OnTerminated(ActorCell cell)
    {
        if (cell == root) rootStopped.SetResult();
        else metrics.Live.Add(-1, ActorMetrics.Kind(cell.Kind));
    }

    internal void PublishDeadLetter(ActorCell cell, object message, DeadLetterReason reason)
    {
        if (message is IReminder && reason == DeadLetterReason.Stopped) return;
        metrics.DeadLetters.Add(1, ActorMetrics.Kind(cell.Kind), ActorMetrics.Reason(reason));
        LogDeadLetter(cell.Path, message.GetType(), reason);
        deadLetters.Writer.TryWrite(new DeadLetter(cell.Path, message, reason));
    }

    internal async ValueTask ParkAsync(ActorCell cell, PoisonedMessage poisoned)
    {
        LogPoisoned(poisoned.Path, poisoned.Message.GetType(), poisoned.Failures, poisoned.LastFailure.GetType());
        PublishDeadLetter(cell, poisoned.Message, DeadLetterReason.Poisoned);
        if (options.PoisonedMessages is not { } sink) return;
        try
        {
            await sink.ParkAsync(poisoned, Forced).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            LogParkFailed(poisoned.Path, failure.GetType());
        }
    }

    private ActorCell Own(IActorRef actor) =>
        actor is ActorCell cell && cell.System == this ? cell : throw new ArgumentException($"{actor.Path} is not the address of one actor of this system.", nameof(actor));

    private Task<IReadOnlyList<ActorStatus>> BeginShutdown()
    {
        lock (gate) return shutdown ??= Task.Run(ShutdownOnceAsync);
    }

    private async Task<IReadOnlyList<ActorStatus>> ShutdownOnceAsync()
    {
        root.Post(Signal.Stop);
        if (!await RootStopsWithinAsync(options.ShutdownTimeout).ConfigureAwait(false))
        {
            LogForcing(Hierarchy().Count, options.ShutdownTimeout);
            await forced.CancelAsync().ConfigureAwait(false);
            await RootStopsWithinAsync(options.CancellationTimeout).ConfigureAwait(false);
        }

        IdleSweep.Dispose();
        metrics.Dispose();
        deadLetters.Writer.TryComplete();
        var left = Hierarchy();
        foreach (var actor in left) LogLeftBehind(actor.Path, actor.State);
        if (escalated is null) completion.TrySetResult();
        else completion.TrySetException(escalated);
        return left;
    }

    private async Task<bool> RootStopsWithinAsync(TimeSpan timeout)
    {
        try
        {
            await rootStopped.Task.WaitAsync(timeout, Clock, CancellationToken.None).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>The root has no work of its own: it is the supervisor of the actors at the top.</summary>
    private sealed class Guardian(IActorContext<object> context) : Actor<object>(context)
    {
        protected internal override ValueTask ReceiveAsync(object message, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
