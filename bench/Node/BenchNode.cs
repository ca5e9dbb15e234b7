using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Actors;
using PasswordSync.Actors.Delivering;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal;
using PasswordSync.Journal.Bench;
using PasswordSync.Providers.Execution;
using PasswordSync.Providers.Limits;
using PasswordSync.Sealing.KeyRings;
using PasswordSync.SyncNode.Deliveries;

namespace PasswordSync.Node.Bench;

/// <summary>A node's engine in this process, on its real store, with two instant targets. Tells when each capture has passed a stage.</summary>
internal sealed class BenchNode : IScopeMap, ICandidateSettler, IAsyncDisposable
{
    /// <summary>How many deliveries each target takes at once: more than the default of 8, with which an instant target would wait for the disk.</summary>
    private const int Concurrency = 128;

    private static readonly ImmutableSortedSet<SyncPointId> Points = [new SyncPointId("mail"), new SyncPointId("files")];
    private readonly CancellationTokenSource ending = new();
    private readonly ConcurrentDictionary<CaptureId, int> delivered = new();
    private readonly IStore store;
    private readonly SharedSecrets secrets;
    private readonly SyncEngine engine;
    private readonly Task running;

    private BenchNode(IStore store, string name, KeyRing ring, Func<BenchNode, SyncPointId, IIdentities, ShardOwnership, HeldOutcomes, IDeliverer> deliverer)
    {
        this.store = store;
        secrets = new SharedSecrets(new EnvelopeReader(store.Secrets, ring, Samples.Cluster));
        var ports = new SyncEnginePorts(store.Journal, store.Inbox, store.PendingWork, store.Leases, this, this, () => DecisionRules.Default, Observe);
        engine = new SyncEngine(
            ports,
            (identities, ownership, outcomes) => Points.ToDictionary(point => point, point => new PointRuntime(deliverer(this, point, identities, ownership, outcomes), new ProviderActorOptions { Concurrency = Concurrency })),
            new SyncEngineOptions(new NodeId(name, Guid.NewGuid())),
            TimeProvider.System,
            NullLoggerFactory.Instance);
        running = engine.RunAsync(ending.Token);
    }

    /// <summary>A capture is decided.</summary>
    public Action<CaptureId> OnDecided { get; set; } = static _ => { };

    /// <summary>A capture is delivered: to how many targets now.</summary>
    public Action<CaptureId, int> OnDelivered { get; set; } = static (_, _) => { };

    /// <summary>How many shards it owns.</summary>
    public int Shards => engine.Ownership.Shards.Count;

    /// <summary>How many identities have a live actor.</summary>
    public int LiveIdentities => engine.CountIdentities();

    /// <summary>A node alone on a store of its own.</summary>
    public static async Task<BenchNode> OpenAsync(StorePlace place, KeyRing ring, bool opens)
    {
        var node = new BenchNode(
            await place.OpenAsync(), "bench", ring, (made, point, identities, ownership, outcomes) => opens ? made.Opening(point, identities, ownership, outcomes) : new SealedDeliverer(point, identities, static () => Task.CompletedTask));
        while (node.Shards == 0) await Task.Delay(TimeSpan.FromMilliseconds(1));
        return node;
    }

    /// <summary>As above, but nothing is delivered before a time has come; secrets stay sealed.</summary>
    public static async Task<BenchNode> OpenHeldAsync(StorePlace place, KeyRing ring, Func<Task> until)
    {
        var node = new BenchNode(await place.OpenAsync(), "bench", ring, (_, point, identities, _, _) => new SealedDeliverer(point, identities, until));
        while (node.Shards == 0) await Task.Delay(TimeSpan.FromMilliseconds(1));
        return node;
    }

    /// <summary>One of several nodes; secrets stay sealed. Its shards come with time.</summary>
    public static BenchNode Join(IStore store, string name, KeyRing ring) => new(store, name, ring, (_, point, identities, _, _) => new SealedDeliverer(point, identities, static () => Task.CompletedTask));

    public async Task AcceptAsync(params IReadOnlyList<Arrival> arrivals) => await store.Inbox.AcceptAsync(arrivals, CancellationToken.None);

    public ImmutableSortedSet<SyncPointId> PointsOf(SourceId source, ImmutableArray<string> scopes) => Points;

    public Task<CandidateVerdict> SettleAsync(Arrival.Ambiguous ambiguous, CancellationToken cancellationToken) => throw new NotSupportedException("All captures are confirmed here.");

    public Task<CandidateVerdict> ConfirmAsync(Change change, CancellationToken cancellationToken) => Task.FromResult<CandidateVerdict>(new CandidateVerdict.Caused(change));

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await running;
        await engine.DisposeAsync();
        await store.DisposeAsync();
        ending.Dispose();
    }

    private Deliverer Opening(SyncPointId point, IIdentities identities, ShardOwnership ownership, HeldOutcomes outcomes)
    {
        var executor = new AttemptExecutor(TimeProvider.System, NullLogger<AttemptExecutor>.Instance);
        var services = new DelivererServices(
            secrets, store.TargetClaims, store.Accounts, executor, TimeProvider.System, () => 0, new DelivererOptions());
        var provider = new GuardedProvider(new InstantProvider(), ProviderLimits.Default with { Concurrency = Concurrency }, TimeProvider.System);
        return new Deliverer(point, provider, services, identities, ownership, outcomes, NullLogger<Deliverer>.Instance);
    }

    private void Observe(IdentityId identity, IdentityEvent happened)
    {
        switch (happened)
        {
            case IdentityEvent.CaptureAccepted accepted:
                OnDecided(accepted.Change.CaptureId);
                break;
            case IdentityEvent.AttemptFinished { Outcome: DeliveryOutcome.Delivered } finished:
                var targets = delivered.AddOrUpdate(finished.CaptureId, 1, static (_, before) => before + 1);
                if (targets == Points.Count) delivered.TryRemove(finished.CaptureId, out _);
                OnDelivered(finished.CaptureId, targets);
                break;
            case IdentityEvent.AttemptFinished or IdentityEvent.ObstacleMet or IdentityEvent.DeliveryEnded or IdentityEvent.CaptureIgnored:
                Console.Error.WriteLine($"  unexpected: {happened}");
                break;
        }
    }
}
