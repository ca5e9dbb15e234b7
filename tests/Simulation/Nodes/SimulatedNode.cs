using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Actors.Identities;
using PasswordSync.Actors.Runtime;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Simulation.Store;

namespace PasswordSync.Simulation.Nodes;

/// <summary>
/// One process of a sync server: the product's own lease keeper, ownership, inbox pump, pending survey, shard region and identity actors, on a simulated
/// clock, a simulated store and a dispatcher that decides whose turn it is.
/// </summary>
#pragma warning disable CA1001 // A process that dies disposes nothing, and one that has left is never heard of again.
internal sealed class SimulatedNode : IScopeMap, ICandidateSettler
#pragma warning restore CA1001
{
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LeaseInterval = TimeSpan.FromSeconds(1);

    private readonly Surroundings around;
    private readonly LeaseKeeper keeper;
    private readonly InboxPump pump;
    private readonly PendingSurvey survey;
    private readonly ActorSystem system;
    private readonly ShardRegion region;
    private readonly ImmutableDictionary<SyncPointId, PointWorker> workers;
    private bool hasDrained;

    public SimulatedNode(Surroundings around, World.NodeClock clock, NodeId id)
    {
        this.around = around;
        Clock = clock;
        Id = id;
        Store = new NodeStore(around.Line, clock, around.Database, around.Weather, id);
        Ownership = new ShardOwnership(Database.ShardCount, clock, gainsGoOn: TaskCreationOptions.None);
        keeper = new LeaseKeeper(Store, id, Ownership, new LeaseKeeperOptions(), clock, NullLogger<LeaseKeeper>.Instance);
        pump = new InboxPump(Store, Ownership, this, this, new InboxPumpOptions { SurveyInterval = TimeSpan.FromSeconds(1), SettlingMax = 1 }, clock, NullLogger<InboxPump>.Instance);
        survey = new PendingSurvey(Store, Ownership, new PendingSurveyOptions { SurveyInterval = TimeSpan.FromSeconds(2) }, clock, NullLogger<PendingSurvey>.Instance);
        system = new ActorSystem(
            new ActorSystemOptions { Clock = clock, Dispatch = turn => clock.Run(around.Line.Soon(), turn.Execute), IdleResolution = TimeSpan.FromSeconds(5) },
            NullLogger<ActorSystem>.Instance);
        var rules = around.Rules with { HasOutcome = OutcomesAtHand.Contains };
        var services = new IdentityServices(Store, Ownership, Database.ShardCount, () => rules, Offer, pump, clock, around.Line.Random.NextDouble, (_, _) => { });
        region = ShardRegion.Begin(
            system, new Props<IdentityMessage>("identity", context => new IdentityActor(context, services, NullLogger.Instance)) { IdleTimeout = services.IdleTimeout }, TimeSpan.FromSeconds(10));
        workers = around.Points.ToImmutableDictionary(point => point, point => new PointWorker(around, this, point));
    }

    public NodeId Id { get; }

    public World.NodeClock Clock { get; }

    public NodeStore Store { get; }

    public ShardOwnership Ownership { get; }

    /// <summary>Attempts whose outcome it knows and has not told yet.</summary>
    public HashSet<Guid> OutcomesAtHand { get; } = [];

    /// <summary>Whether it is to end and takes nothing new.</summary>
    public bool IsLeaving { get; private set; }

    /// <summary>Whether it has left.</summary>
    public bool HasLeft { get; private set; }

    public bool IsUp => !Clock.IsDead && !HasLeft;

    public void Start()
    {
        _ = LiveAsync();
        around.Trace.Note($"{Id} starts");
    }

    /// <summary>Leaves in order: takes nothing new, lets what is in flight end, gives its shards back.</summary>
    public void Leave()
    {
        if (IsLeaving) return;
        IsLeaving = true;
        around.Trace.Note($"{Id} leaves");
        _ = keeper.LeaveAsync();
        EndWhenDrained(Clock.GetTimestamp() + DrainTimeout.Ticks);
    }

    /// <summary>Asks an identity for a decision.</summary>
    /// <param name="identity">Whose.</param>
    /// <param name="command">The command.</param>
    /// <param name="answered">Takes the decision; null if the identity could not be asked.</param>
    public void Decide(IdentityId identity, Func<DateTimeOffset, IdentityCommand> command, Action<Decision?> answered)
    {
        var reply = new SimulatedReply(Clock, around.Line, answered);
        if (!region.TryTell(identity, new IdentityMessage.Perform(command, reply))) reply.TryFail(new InvalidOperationException("No room."));
    }

    public ImmutableSortedSet<SyncPointId> PointsOf(SourceId source, ImmutableArray<string> scopes) => [.. around.Points];

    public Task<CandidateVerdict> SettleAsync(Arrival.Ambiguous ambiguous, CancellationToken cancellationToken) => throw new NotSupportedException("Nothing ambiguous is simulated.");

    public Task<CandidateVerdict> ConfirmAsync(Change change, CancellationToken cancellationToken) => Task.FromResult<CandidateVerdict>(new CandidateVerdict.Caused(change));

    private async Task LiveAsync()
    {
        await keeper.KeepOnceAsync(CancellationToken.None).ConfigureAwait(false);
        Clock.Run(LeaseInterval, KeepOn);
        _ = pump.RunAsync(Tell, CancellationToken.None);
        _ = survey.RunAsync(identity => Tell(identity, new IdentityMessage.Wake()), CancellationToken.None);
    }

    // What cancels a wait of the base library goes on elsewhere: so the keeper's own loop is not used, but each of its rounds.
    private void KeepOn() => _ = KeepOnAsync();

    private async Task KeepOnAsync()
    {
        if (hasDrained) return;
        await keeper.KeepOnceAsync(CancellationToken.None).ConfigureAwait(false);
        Clock.Run(LeaseInterval, KeepOn);
    }

    private bool Tell(IdentityId identity, IdentityMessage message)
    {
        ReturnDeadLetters();
        return !IsLeaving && region.TryTell(identity, message);
    }

    // As the engine does it: rows that nobody handled are given back.
    private void ReturnDeadLetters()
    {
        while (system.DeadLetters.TryRead(out var letter))
        {
            if (letter.Message is IdentityMessage.Arrived arrived) pump.ComeBack(arrived.InboxSequence, TimeSpan.FromSeconds(1));
        }
    }

    private void Offer(IdentityId identity, Offer offer)
    {
        if (!IsLeaving) workers[offer.Point].Take(identity, offer);
    }

    private void EndWhenDrained(long until)
    {
        if ((workers.Values.All(worker => worker.Running == 0) && OutcomesAtHand.Count == 0) || Clock.GetTimestamp() >= until) _ = EndAsync();
        else Clock.Run(TimeSpan.FromMilliseconds(100), () => EndWhenDrained(until));
    }

    private async Task EndAsync()
    {
        hasDrained = true;
        await keeper.RunAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
        HasLeft = true;
        Clock.Kill();
        around.Trace.Note($"{Id} has left");
    }
}
