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
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Providers.Execution;
using PasswordSync.Providers.Limits;
using PasswordSync.Providers.Memory;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.KeyRings;
using PasswordSync.SyncNode.Deliveries;
using Shouldly;

namespace PasswordSync.Nodes.Tests.Deliveries;

/// <summary>
/// One deliverer with a memory target behind the real guard and executor, real envelopes, the real decider, and stores that fail when a test says so. At its end
/// it looks for the password in everything that was said.
/// </summary>
internal sealed class DelivererFixture : IAsyncDisposable
{
    public const string Canary = "K4nary!Dèlivery";
    public static readonly SyncPointId Point = new("beta");
    public static readonly IdentityId Ann = new(new Guid("11111111-0000-0000-0000-000000000001"));
    public static readonly TimeSpan AttemptTimeout = new DelivererOptions().AttemptTimeout;
    private static readonly SourceId Alpha = new("alpha");
    private readonly string key;
    private readonly Deliverer deliverer;
    private readonly GuardedProvider provider;
    private KeyRing ring;

    public DelivererFixture(SourceId? asSource = null, MemoryScript? script = null, HeldOutcomesOptions? held = null)
    {
        Script = script;
        Target = new MemoryTarget { AsSource = asSource };
        key = Target.Add("ann");
        ring = KeyRing.Begin("test", Clock.GetUtcNow());
        Identities = new DecidingIdentities(Clock, () => Held!.Over(DecisionRules.Default));
        Held = new HeldOutcomes(Identities, Ownership, held ?? new HeldOutcomesOptions(), () => 0, Clock, Log.CreateLogger<HeldOutcomes>());
        Own(TimeSpan.FromHours(1));
        provider = new GuardedProvider(new MemoryProvider(Target, Clock, (call, token) => Script?.Invoke(call, token) ?? Task.FromResult<DeliveryOutcome?>(null)), ProviderLimits.Default, Clock);
        Secrets = new SharedSecrets(new EnvelopeReader(Stores, new RingInUse(this), "test"));
        var services = new DelivererServices(
            Secrets, Stores, Stores, new AttemptExecutor(Clock, Log.CreateLogger<AttemptExecutor>()), Clock, () => 0, new DelivererOptions());
        deliverer = new Deliverer(Point, provider, services, Identities, Ownership, Held, Log.CreateLogger<Deliverer>());
    }

    public ManualClock Clock { get; } = new();

    public LogLines Log { get; } = new();

    public MemoryStores Stores { get; } = new();

    public SharedSecrets Secrets { get; }

    public MemoryTarget Target { get; }

    public MemoryScript? Script { get; set; }

    public DecidingIdentities Identities { get; }

    /// <summary>Outcomes that could not be told.</summary>
    public HeldOutcomes Held { get; }

    public ShardOwnership Ownership => ownership ??= new ShardOwnership(shardCount: 1, Clock);

    /// <summary>The keys that the node holds.</summary>
    public KeyRing Ring { get => ring; set => ring = value; }

    /// <summary>The target account as an account of its source.</summary>
    public AccountId Account => new(Target.AsSource!.Value, Guid.Parse(key));

    public PointState State => Identities.StateOf(Ann).Points[Point];

    public IEnumerable<DeliveryOutcome> Outcomes => Identities.Events.OfType<IdentityEvent.AttemptFinished>().Select(finished => finished.Outcome);

    private ShardOwnership? ownership;

    public void Own(TimeSpan lease) => Ownership.Renew(new LeaseView(ImmutableSortedDictionary<int, long>.Empty.Add(0, 1), lease), Clock.GetTimestamp());

    /// <summary>Has a change of Ann's, or of another one's, decided and its secret stored.</summary>
    public async Task<Change> CaptureAsync(int number = 1, string password = Canary, TimeSpan? expiresAfter = null, IdentityId? identity = null, string login = "ann")
    {
        var (at, who) = (Clock.GetUtcNow(), identity ?? Ann);
        var id = new CaptureId(Guid.NewGuid());
        var change = new Change(
            id, new AccountId(Alpha, who.Value), new Stamp(0, (uint)number, Stamp.ToOriginatingSecond(at), Guid.Empty), new AccountNames($"CN={login}", login, null, null),
            new StageTimes(at, at, at, at), at + (expiresAfter ?? TimeSpan.FromDays(3)));
        var description = new EnvelopeDescription(id.Value, at, 0, "test", Alpha.Value, "dc1.alpha.test", login);
        Stores.Envelopes[id] = EnvelopeSealer.Seal(description, ring.CurrentKey(at)!.PublicKey, PasswordEncoding.Utf8, Encoding.UTF8.GetBytes(password));
        await Identities.DecideAsync(who, now => new IdentityCommand.DecideCapture(now, change, [Point], OwnWrites.None), CancellationToken.None);
        return change;
    }

    /// <summary>Carries out what is due for Ann now; fails if nothing is.</summary>
    public Task<PointRest?> DeliverAsync(CancellationToken cancellationToken) =>
        deliverer.DeliverAsync(Ann, Identities.StateOf(Ann).DueOffers(Clock.GetUtcNow()).ShouldHaveSingleItem(), cancellationToken);

    public Task<PointRest?> DeliverAsync(Change change, CancellationToken cancellationToken) => DeliverAsync(Ann, change, cancellationToken);

    public Task<PointRest?> DeliverAsync(IdentityId identity, Change change, CancellationToken cancellationToken) => deliverer.DeliverAsync(identity, new Offer(Point, change), cancellationToken);

    /// <summary>Lets time pass up to when Ann has something to do again, and has her wake up.</summary>
    public async Task PassUntilDueAsync()
    {
        var due = Identities.StateOf(Ann).NextWakeUp(DecisionRules.Default).ShouldNotBeNull();
        if (due > Clock.GetUtcNow()) Clock.Advance(due - Clock.GetUtcNow());
        await Identities.DecideAsync(Ann, now => new IdentityCommand.WakeUp(now, 0), CancellationToken.None);
        if (!Identities.StateOf(Ann).DueOffers(Clock.GetUtcNow()).Any()) await PassUntilDueAsync();
    }

    /// <summary>Lets some time pass, and has outcomes told that are due by then.</summary>
    public Task TellHeldAsync(TimeSpan after, CancellationToken cancellationToken)
    {
        Clock.Advance(after);
        return Held.TellDueAsync(cancellationToken);
    }

    /// <summary>Ends a delivery that waits for the clock again and again.</summary>
    public async Task<PointRest?> AdvanceUntilDoneAsync(Task<PointRest?> delivery, TimeSpan step, CancellationToken cancellationToken)
    {
        while (!delivery.IsCompleted)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Clock.ArmedTimers > 0) Clock.Advance(step);
            await Task.Yield();
        }

        return await delivery;
    }

    public async ValueTask DisposeAsync()
    {
        await provider.DisposeAsync();
        Held.Dispose();
        ring.Dispose();
        Target.Dispose();
        var said = string.Join('\n', Log.All) + string.Join('\n', Identities.Events) + Identities.StateOf(Ann);
        said.ShouldNotContain(Canary);
        said.ShouldNotContain("K4nary");
        Secrets.InUse.ShouldBe(0);
    }

    /// <summary>The ring of the moment.</summary>
    private sealed class RingInUse(DelivererFixture fixture) : Sealing.Keys.IPrivateKeySource
    {
        public Sealing.Keys.PrivateKeyLookup Find(Sealing.Keys.KeyId id) => fixture.ring.Find(id);
    }
}
