using System.Collections.Immutable;
using PasswordSync.Actors.Identities;
using PasswordSync.Actors.Runtime;
using PasswordSync.Actors.Sharding;
using PasswordSync.Actors.Tests.Support;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Actors.Tests.Identities;

/// <summary>Identity actors behind their real region, on a clock that stands, over a journal in memory; notes all that they cause.</summary>
internal sealed class LiveIdentities : IInboxRowTracker, IPoisonedMessageSink, IAsyncDisposable
{
    public static readonly SyncPointId Point = new("beta");
    public static readonly IdentityId Ann = new(new Guid(1, 0, 0, new byte[8]));
    public static readonly IdentityId Bob = new(new Guid(2, 0, 0, new byte[8]));
    private static readonly TimeSpan LeaseLength = TimeSpan.FromDays(1_000);

    public LiveIdentities(int shardCount = 1, DecisionRules? rules = null, Func<IdentityServices, IdentityServices>? configure = null, Func<IActorContext<IdentityMessage>, IActorContext<IdentityMessage>>? wrap = null)
    {
        System = new TestSystem(configure: options => options with { PoisonedMessages = this });
        Ownership = new ShardOwnership(shardCount, Clock);
        Own(epoch: 1, shardCount);
        var services = new IdentityServices(
            Journal, Ownership, shardCount, () => rules ?? DecisionRules.Default, (identity, offer) => Offers.Add((identity, offer)), this, Clock, () => 0, (identity, happened) => Observe(identity, happened));
        services = configure?.Invoke(services) ?? services;
        var props = new Props<IdentityMessage>("identity", context => new IdentityActor(wrap?.Invoke(context) ?? context, services, System.Log)) { IdleTimeout = services.IdleTimeout };
        Region = ShardRegion.Begin(System.Actors, props, TimeSpan.FromSeconds(10));
        System.Turns.RunAll();
    }

    public TestSystem System { get; }

    public ManualClock Clock => System.Clock;

    public MemoryJournal Journal { get; } = new();

    public ShardOwnership Ownership { get; }

    public ShardRegion Region { get; }

    public List<(IdentityId Identity, Offer Offer)> Offers { get; } = [];

    /// <summary>Inbox rows that were decided.</summary>
    public List<long> Decided { get; } = [];

    /// <summary>Inbox rows whose stamps are to be confirmed first.</summary>
    public List<long> ToConfirm { get; } = [];

    /// <summary>Inbox rows that are to come again, and after how long.</summary>
    public List<(long Row, TimeSpan After)> BackAgain { get; } = [];

    public List<PoisonedMessage> Poisoned { get; } = [];

    public Action<IdentityId, IdentityEvent> Observe { get; set; } = static (_, _) => { };

    public int Live => System.Actors.Hierarchy().Count(status => status.Kind == "identity");

    /// <summary>The one of the last <see cref="Own"/>.</summary>
    public long Epoch { get; private set; }

    public void Own(long epoch, int shardCount = 1)
    {
        Epoch = epoch;
        Ownership.Renew(new LeaseView(Enumerable.Range(0, shardCount).ToImmutableSortedDictionary(shard => shard, _ => epoch), LeaseLength), Clock.GetTimestamp());
    }

    /// <summary>A change; a greater number is a newer one.</summary>
    public Change ChangeOf(IdentityId identity, int number)
    {
        var at = Clock.GetUtcNow();
        var account = new AccountId(new SourceId("alpha"), identity.Value);
        var stamp = new Stamp(0, (uint)number, Stamp.ToOriginatingSecond(at), Guid.Empty);
        return new Change(CaptureIdOf(identity, number), account, stamp, new AccountNames("CN=someone", "someone", null, null), new StageTimes(at, at, at, at), at.AddDays(3));
    }

    public static CaptureId CaptureIdOf(IdentityId identity, int number) => new(new Guid(number, 0, 1, identity.Value.ToByteArray()[..8]));

    /// <summary>Tells of an inbox row with a change, and lets all happen that follows at once.</summary>
    public bool Arrive(IdentityId identity, int number, OwnWrites? ownWrites = null) => ArriveAsReadUnder(Epoch, identity, number, ownWrites);

    /// <summary>The same of a row that was read while the shard had this epoch.</summary>
    public bool ArriveAsReadUnder(long epoch, IdentityId identity, int number, OwnWrites? ownWrites = null) =>
        Tell(identity, new IdentityMessage.Arrived(number, epoch, now => new IdentityCommand.DecideCapture(now, ChangeOf(identity, number), [Point], ownWrites ?? OwnWrites.None), []));

    public IdentityMessage.Arrived Row(long sequence, Func<DateTimeOffset, IdentityCommand> command) => new(sequence, Epoch, command, []);

    public bool Tell(IdentityId identity, IdentityMessage message)
    {
        var taken = Region.TryTell(identity, message);
        System.Turns.RunAll();
        return taken;
    }

    public Task<Decision> DecideAsync(IdentityId identity, Func<DateTimeOffset, IdentityCommand> command) =>
        System.Turns.RunUntilAsync(Region.DecideAsync(identity, command, Xunit.TestContext.Current.CancellationToken));

    public Task<Decision> BeginAsync(IdentityId identity, int number, Guid attemptId, TimeSpan deadline) => DecideAsync(
        identity, now => new IdentityCommand.BeginAttempt(now, Point, CaptureIdOf(identity, number), attemptId, now + deadline, new TargetAccount("key", "someone", null), null));

    /// <summary>Lets time pass in steps of a tenth of a second, so that timers and turns take their turns.</summary>
    public void Pass(TimeSpan time)
    {
        var step = TimeSpan.FromMilliseconds(100);
        for (var left = time; left > TimeSpan.Zero; left -= step)
        {
            Clock.Advance(left < step ? left : step);
            System.Turns.RunAll();
        }
    }

    void IInboxRowTracker.Decided(long inboxSequence) => Decided.Add(inboxSequence);

    public void ComeBack(long inboxSequence, TimeSpan after) => BackAgain.Add((inboxSequence, after));

    public void ConfirmFirst(long inboxSequence) => ToConfirm.Add(inboxSequence);

    public ValueTask ParkAsync(PoisonedMessage message, CancellationToken cancellationToken)
    {
        Poisoned.Add(message);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => System.DisposeAsync();
}
