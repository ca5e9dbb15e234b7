using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using PasswordSync.Actors.Delivering;
using PasswordSync.Actors.Identities;
using PasswordSync.Actors.Runtime;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;

namespace PasswordSync.Actors;

/// <summary>All actors of a node, and the loops that feed them: lease, inbox, pending work.</summary>
public sealed partial class SyncEngine : IPoisonedMessageSink, IAsyncDisposable
{
    private const string IdentityKind = "identity";

    private readonly SyncEngineOptions options;
    private readonly TimeProvider clock;
    private readonly ILogger<SyncEngine> logger;
    private readonly ActorSystem system;
    private readonly ShardRegion region;
    private readonly ShardOwnership ownership;
    private readonly LeaseKeeper keeper;
    private readonly InboxPump pump;
    private readonly PendingSurvey survey;
    private readonly HeldOutcomes outcomes;
    private readonly ImmutableSortedDictionary<SyncPointId, IActorRef<ProviderMessage>> providers;

    /// <summary>Makes the actors; nothing moves before <see cref="RunAsync"/>.</summary>
    /// <param name="ports">What the engine stands on.</param>
    /// <param name="points">Makes what carries deliveries out, for the sync points that this node may run.</param>
    /// <param name="options">Settings.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="loggers">Makes loggers.</param>
    public SyncEngine(
        SyncEnginePorts ports, Func<IIdentities, ShardOwnership, HeldOutcomes, IReadOnlyDictionary<SyncPointId, PointRuntime>> points, SyncEngineOptions options, TimeProvider clock, ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(ports);
        ArgumentNullException.ThrowIfNull(points);
        this.options = options;
        this.clock = clock;
        logger = loggers.CreateLogger<SyncEngine>();
        ownership = new ShardOwnership(ports.Leases.ShardCount, clock);
        pump = new InboxPump(ports.Inbox, ownership, ports.Scopes, ports.Settler, options.Pump, clock, loggers.CreateLogger<InboxPump>()) { Unrecorded = () => outcomes!.UnrecordedAccounts() };
        survey = new PendingSurvey(ports.Pending, ownership, options.Survey, clock, loggers.CreateLogger<PendingSurvey>());
        keeper = new LeaseKeeper(ports.Leases, options.Node, ownership, options.Lease, clock, loggers.CreateLogger<LeaseKeeper>());
        system = new ActorSystem(new ActorSystemOptions { Clock = clock, PoisonedMessages = this, DeadLetterCapacity = DeadLettersFor(options.Pump), MeterScope = options.MeterScope }, loggers.CreateLogger<ActorSystem>());
        var services = new IdentityServices(
            ports.Journal, ownership, ports.Leases.ShardCount, () => outcomes!.Over(ports.Rules()), Offer, pump, clock, options.Jitter, ports.Observe);
        var identityLogger = loggers.CreateLogger<IdentityActor>();
        region = ShardRegion.Begin(
            system,
            new Props<IdentityMessage>(IdentityKind, context => new IdentityActor(context, services, identityLogger)) { MailboxCapacity = options.IdentityMailboxMax, IdleTimeout = services.IdleTimeout },
            options.AskTimeout);
        outcomes = new HeldOutcomes(region, ownership, options.Outcomes, options.Jitter, clock, loggers.CreateLogger<HeldOutcomes>());
        providers = points(region, ownership, outcomes).ToImmutableSortedDictionary(entry => entry.Key, entry => SpawnProvider(entry.Key, entry.Value, loggers));
    }

    /// <summary>The identities of this node's shards.</summary>
    public IIdentities Identities => region;

    /// <summary>What this node owns now.</summary>
    public ShardOwnership Ownership => ownership;

    /// <summary>How many outcomes of deliveries wait to be recorded.</summary>
    public int OutcomesHeld => outcomes.Count;

    /// <summary>This node.</summary>
    public NodeId Node => options.Node;

    /// <summary>The live actors.</summary>
    public IReadOnlyList<ActorStatus> Hierarchy() => system.Hierarchy();

    /// <summary>How many identities have a live actor.</summary>
    public int CountIdentities() => Hierarchy().Count(actor => actor.Kind == IdentityKind);

    /// <summary>
    /// Runs until cancelled; then takes nothing new, hands each shard over as soon as nothing is in flight for it, lets what is at hand end within
    /// <see cref="SyncEngineOptions.DrainTimeout"/> and the actor system's bounds, and gives back what is left. A part that ends by itself ends all of it, with its failure.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var leaseEnd = new CancellationTokenSource();
        using var tellingEnd = new CancellationTokenSource();
        using var feedEnd = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var letters = ReturnDeadLettersAsync();
        var telling = outcomes.RunAsync(tellingEnd.Token);
        var lease = Task.CompletedTask;
        var feeds = Task.CompletedTask;
        try
        {
            await keeper.KeepOnceAsync(cancellationToken).ConfigureAwait(false);
            lease = keeper.RunAsync(leaseEnd.Token);
            feeds = Task.WhenAll(pump.RunAsync(region.TryTell, feedEnd.Token), survey.RunAsync(identity => region.TryTell(identity, new IdentityMessage.Wake()), feedEnd.Token));
            await (await Task.WhenAny(feeds, lease, letters, system.Completion).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way this ends.
        }
        finally
        {
            using var limit = new CancellationTokenSource(options.DrainTimeout, clock);
            await ((Task)Task.WhenAny(keeper.LeaveAsync(), lease)).WaitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await feedEnd.CancelAsync().ConfigureAwait(false);
            await feeds.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await DrainAsync(limit.Token).ConfigureAwait(false);
            await system.ShutdownAsync(CancellationToken.None).ConfigureAwait(false);
            await tellingEnd.CancelAsync().ConfigureAwait(false);
            await leaseEnd.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(lease, letters, telling).ConfigureAwait(false);
        }
    }

    /// <summary>How the sync points of this node stand.</summary>
    public async Task<ImmutableSortedDictionary<SyncPointId, ProviderStatus>> ShowPointsAsync(CancellationToken cancellationToken)
    {
        var answers = await Task.WhenAll(providers.Select(async entry => KeyValuePair.Create(
            entry.Key, await entry.Value.AskAsync<ProviderStatus>(reply => new ProviderMessage.Show(reply), options.AskTimeout, cancellationToken).ConfigureAwait(false)))).ConfigureAwait(false);
        return answers.ToImmutableSortedDictionary();
    }

    /// <summary>Lets a sync point begin nothing new on this node, or lets it go on. What is in flight ends as ever. A point that is not this node's is none of its business.</summary>
    public void Pause(SyncPointId point, bool isPaused)
    {
        if (providers.TryGetValue(point, out var provider)) provider.TryTell(new ProviderMessage.Pause(isPaused));
    }

    /// <summary>A message that crashed its actor again and again: its row stays in the inbox and comes again after a long time, so that it harms nobody else.</summary>
    public ValueTask ParkAsync(PoisonedMessage message, CancellationToken cancellationToken)
    {
        LogPoisoned(message.Path, message.LastFailure.GetType().Name);
        if (message.Message is IdentityMessage.Arrived arrived) pump.ComeBack(arrived.InboxSequence, options.PoisonedRetryInterval);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await system.DisposeAsync().ConfigureAwait(false);
        outcomes.Dispose();
    }

    // The sync points first: what they have in flight needs the identities to tell its outcome to.
    private async Task DrainAsync(CancellationToken limit)
    {
        await Task.WhenAll(providers.Values.Select(provider => system.StopAsync(provider, limit))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await outcomes.EndAsync(limit).ConfigureAwait(false);
    }

    private IActorRef<ProviderMessage> SpawnProvider(SyncPointId point, PointRuntime runtime, ILoggerFactory loggers)
    {
        var providerLogger = loggers.CreateLogger($"PasswordSync.Points.{point}");

        // What waits in the mailbox has its bound in the queue behind it: a burst of offers is no reason to have them offered again.
        var props = new Props<ProviderMessage>("provider", context => new ProviderActor(context, runtime.Deliverer, runtime.Options, providerLogger)) { MailboxCapacity = runtime.Options.QueueMax };
        return system.Spawn(props, $"point-{point}");
    }

    // An offer that finds no room, or no provider on this node, is not lost: the identity offers again.
    private void Offer(IdentityId identity, Offer offer)
    {
        if (providers.TryGetValue(offer.Point, out var provider)) provider.TryTell(new ProviderMessage.Due(identity, offer));
    }

    // Every row in hand may become a dead letter at once, and each must be given back; offers and asks that die beside them need no answer.
    private static int DeadLettersFor(InboxPumpOptions pump) => 2 * pump.InHandMax;

    private async Task ReturnDeadLettersAsync()
    {
        await foreach (var letter in system.DeadLetters.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            if (letter is { Message: IdentityMessage.Arrived arrived, Reason: not DeadLetterReason.Poisoned }) pump.ComeBack(arrived.InboxSequence, options.Pump.SurveyInterval);
        }
    }

    [LoggerMessage(3501, LogLevel.Error, "A message crashed {Path} again and again ({Failure}) and is set aside.")]
    private partial void LogPoisoned(string path, string failure);
}

/// <summary>What a node can do about one sync point.</summary>
public sealed record PointRuntime(IDeliverer Deliverer, ProviderActorOptions Options);

/// <summary>What the engine stands on.</summary>
public sealed record SyncEnginePorts(
    IIdentityJournal Journal,
    IInbox Inbox,
    IPendingWork Pending,
    IShardLeases Leases,
    IScopeMap Scopes,
    ICandidateSettler Settler,
    Func<DecisionRules> Rules,
    Action<IdentityId, IdentityEvent> Observe);

/// <summary>The settings of a <see cref="SyncEngine"/>.</summary>
public sealed record SyncEngineOptions(NodeId Node)
{
    public LeaseKeeperOptions Lease { get; init; } = new();

    public InboxPumpOptions Pump { get; init; } = new();

    public PendingSurveyOptions Survey { get; init; } = new();

    public HeldOutcomesOptions Outcomes { get; init; } = new();

    /// <summary>How many messages may wait for one identity. Default 64.</summary>
    public int IdentityMailboxMax { get; init; } = 64;

    /// <summary>How long an ask of an actor may take. Default 10 s.</summary>
    public TimeSpan AskTimeout { get; init; } = DefaultAskTimeout;

    /// <summary>What <see cref="AskTimeout"/> is unless it is given.</summary>
    public static TimeSpan DefaultAskTimeout { get; } = TimeSpan.FromSeconds(10);

    /// <summary>How long deliveries in flight may take to end at a stop, before the actors are stopped. Default 15 s.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>When the inbox row of a poisoned message is tried again. Default 1 hour.</summary>
    public TimeSpan PoisonedRetryInterval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The scope of the meters. Default null.</summary>
    public object? MeterScope { get; init; }

    /// <summary>A number from 0 to 1, for retry delays; safe from any thread.</summary>
    public Func<double> Jitter { get; init; } = Random.Shared.NextDouble;
}
