using System.Collections.Immutable;
using System.Text;
using Microsoft.Extensions.Logging;
using PasswordSync.Actors.Delivering;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Stamps;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Execution;
using PasswordSync.Providers.Limits;
using PasswordSync.Providers.Memory;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.KeyRings;
using PasswordSync.SyncNode.Cluster;
using PasswordSync.SyncNode.Deliveries;
using PasswordSync.SyncNode.Deliveries.Remote;
using PasswordSync.SyncNode.Settings;
using Shouldly;

namespace PasswordSync.Nodes.Tests.Deliveries.Remote;

/// <summary>
/// The owner of Ann, which does not reach the target itself, with a real way to other nodes, on a clock that stands. At its end it looks for the password in everything that was said.
/// </summary>
internal sealed class OwnerFixture : IAsyncDisposable
{
    public const string Label = "site=berlin";
    public const string Canary = "K4nary!Rèmote";
    public static readonly SyncPointId Point = new("beta");
    public static readonly IdentityId Ann = new(new Guid("11111111-0000-0000-0000-000000000001"));
    private static readonly SourceId Alpha = new("alpha");

    private readonly string folder;
    private readonly NodeCredentials credentials;
    private readonly PeerConnections connections;
    private readonly KeyRing ring;
    private readonly List<AbleNode> nodes = [];
    private readonly HeldOutcomes held;
    private readonly Deliverer deliverer;

    private OwnerFixture(string folder, NodeCredentials credentials, ManualClock clock)
    {
        this.folder = folder;
        this.credentials = credentials;
        Clock = clock;
        Target.Add("ann");
        ring = KeyRing.Begin(TestNode.Cluster, Clock.GetUtcNow());
        connections = new PeerConnections(credentials, TestNode.Cluster, Clock);
        Remote = new RemoteProvider(Point, [Label], _ => Members!(), connections, Clock);
        Members = () => ValueTask.FromResult<ImmutableArray<Peer>>([.. nodes.Select(node => node.Peer)]);
        Identities = new DecidingIdentities(Clock, () => DecisionRules.Default);
        var ownership = new ShardOwnership(shardCount: 1, Clock);
        ownership.Renew(new LeaseView(ImmutableSortedDictionary<int, long>.Empty.Add(0, 1), TimeSpan.FromHours(1)), Clock.GetTimestamp());
        held = new HeldOutcomes(Identities, ownership, new HeldOutcomesOptions(), () => 0, Clock, Log.CreateLogger<HeldOutcomes>());
        var services = new DelivererServices(
            new SharedSecrets(Envelopes), Stores, Stores, new AttemptExecutor(Clock, Log.CreateLogger<AttemptExecutor>()), Clock, () => 0, new DelivererOptions());
        deliverer = new Deliverer(Point, Remote, services, Identities, ownership, held, Log.CreateLogger<Deliverer>());
    }

    public ManualClock Clock { get; }

    public LogLines Log { get; } = new();

    public MemoryStores Stores { get; } = new();

    public MemoryTarget Target { get; } = new();

    public DecidingIdentities Identities { get; }

    /// <summary>The owner's stand-in for the target.</summary>
    public RemoteProvider Remote { get; }

    /// <summary>The nodes that live, as the database knows them.</summary>
    public Func<ValueTask<ImmutableArray<Peer>>> Members { get; set; }

    public PointState State => Identities.StateOf(Ann).Points[Point];

    public IEnumerable<DeliveryOutcome> Outcomes => Identities.Events.OfType<IdentityEvent.AttemptFinished>().Select(finished => finished.Outcome);

    private EnvelopeReader Envelopes => new(Stores, ring, TestNode.Cluster);

    public static async Task<OwnerFixture> StartAsync(CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("passwordsync-owner-").FullName;
        await TestNode.WriteConfigurationAsync(folder, [Point.Value], new { kind = "sqlite" }, new { }, cancellationToken, Label);
        await TestAuthority.PutAsync(Path.Combine(folder, "data"), cancellationToken);
        var clock = new ManualClock(DateTimeOffset.UtcNow);
        return new OwnerFixture(folder, await NodeCredentials.OpenAsync(NodeConfiguration.Read(Path.Combine(folder, "node.json")), ["127.0.0.1"], TestNode.Passphrase, clock.GetUtcNow(), cancellationToken), clock);
    }

    /// <summary>Starts a node that reaches the target.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="script">What the target does.</param>
    /// <param name="carriesOut">Whether its configuration lets it carry deliveries out.</param>
    /// <param name="certificateOf">Under what name its certificate stands; its own unless given.</param>
    /// <param name="around">Puts something around the target's provider.</param>
    /// <param name="authority">Who signed its certificate; the cluster's unless given.</param>
    /// <param name="addresses">How many addresses it has.</param>
    public async Task<AbleNode> StartNodeAsync(
        string name, MemoryScript? script = null, bool carriesOut = true, string? certificateOf = null, Func<IProvider, IProvider>? around = null, ClusterAuthority? authority = null, int addresses = 1)
    {
        var certificate = (authority ?? credentials.Authority!).IssueNode(new PeerName.Node(TestNode.Cluster, certificateOf ?? name), ["127.0.0.1"], Clock.GetUtcNow());
        IProvider memory = new MemoryProvider(Target, Clock, script);
        var provider = new GuardedProvider(around?.Invoke(memory) ?? memory, ProviderLimits.Default, Clock);
        IReadOnlyDictionary<string, IProvider> providers = carriesOut ? new Dictionary<string, IProvider> { [Point.Value] = provider } : new Dictionary<string, IProvider>();
        var node = await AbleNode.StartAsync(name, certificate, credentials.Root, providers, Envelopes, [Label], Clock, Log, addresses);
        nodes.Add(node);
        return node;
    }

    /// <summary>No node knows it any more, as after its expiry.</summary>
    public async Task BuryAsync(AbleNode node)
    {
        nodes.Remove(node);
        await node.DisposeAsync();
    }

    /// <summary>Has a change decided and its secret stored.</summary>
    public async Task<Change> CaptureAsync(int number = 1, string password = Canary, IdentityId? identity = null)
    {
        var at = Clock.GetUtcNow();
        var id = new CaptureId(Guid.NewGuid());
        var who = identity ?? Ann;
        var change = new Change(
            id, new AccountId(Alpha, who.Value), new Stamp(0, (uint)number, Stamp.ToOriginatingSecond(at), Guid.Empty), new AccountNames("CN=ann", "ann", null, null), new StageTimes(at, at, at, at), at.AddDays(3));
        var description = new EnvelopeDescription(id.Value, at, 0, TestNode.Cluster, Alpha.Value, "dc1.alpha.test", "ann");
        Stores.Envelopes[id] = EnvelopeSealer.Seal(description, ring.CurrentKey(at)!.PublicKey, PasswordEncoding.Utf8, Encoding.UTF8.GetBytes(password));
        await Identities.DecideAsync(who, now => new IdentityCommand.DecideCapture(now, change, [Point], OwnWrites.None), CancellationToken.None);
        return change;
    }

    /// <summary>Carries out what is due for Ann now; fails if nothing is.</summary>
    public Task<PointRest?> DeliverAsync(CancellationToken cancellationToken) =>
        deliverer.DeliverAsync(Ann, Identities.StateOf(Ann).DueOffers(Clock.GetUtcNow()).ShouldHaveSingleItem(), cancellationToken);

    /// <summary>Lets time pass until Ann's delivery is due again.</summary>
    public void PassUntilDue() => Clock.Advance(State.ShouldBeOfType<PointState.Waiting>().DueAt - Clock.GetUtcNow());

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes) await node.DisposeAsync();
        held.Dispose();
        connections.Dispose();
        credentials.Dispose();
        ring.Dispose();
        Target.Dispose();
        Directory.Delete(folder, recursive: true);
        var said = string.Join('\n', Log.All) + string.Join('\n', Identities.Events) + Identities.StateOf(Ann);
        said.ShouldNotContain("K4nary");
    }
}
