using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Core.Tests.Simulation.Mutual;

/// <summary>One of two domains that are each other's target: its account, the identity that decides on its captures, and what delivers from it to the other one.</summary>
internal sealed class SimulatedSide(SourceId source, int number)
{
    /// <summary>As the node's deliverer has it: how long an intent outlives the deadline of an attempt with unknown outcome.</summary>
    private static readonly TimeSpan IntentHold = TimeSpan.FromMinutes(10);

    /// <summary>Likewise: how long it lasts once a later write's stamp is known.</summary>
    private static readonly TimeSpan IntentHoldAfterWrite = TimeSpan.FromSeconds(45);

    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(10);
    private static readonly DecisionRules Rules = DecisionRules.Default;

    private readonly SyncPointId point = new("other");
    private readonly HashSet<CaptureId> accepted = [];
    private readonly List<Change> inbox = [];
    private readonly List<IdentityEvent> journal = [];
    private IdentityState state = IdentityState.Initial;
    private int attempts;

    public SimulatedAccount Account { get; } = new(source);

    /// <summary>How many passwords this side sent to the other one, late ones included.</summary>
    public int Writes { get; private set; }

    public bool IsAtRest => inbox.Count == 0 && !Account.HasLateWrites && state.Points.Values.All(point => point is PointState.Idle);

    public int Undecided => inbox.Count;

    /// <summary>When something is due here.</summary>
    public DateTimeOffset? NextWakeUp => state.NextWakeUp(Rules);

    public override string ToString() => $"{source}: password {Account.Password}, {string.Join(", ", state.Points.Values)}, inbox {inbox.Count}";

    /// <summary>A capture reaches the inbox; a repeat is answered there.</summary>
    public void Arrive(Change change, DateTimeOffset now)
    {
        if (accepted.Add(change.CaptureId)) inbox.Add(change);
        DecideInbox(now);
    }

    /// <summary>Decides what can be decided, in the order of the inbox.</summary>
    public void DecideInbox(DateTimeOffset now)
    {
        foreach (var change in inbox.ToList())
        {
            var command = new IdentityCommand.DecideCapture(now, change, [point], Account.OwnWrites);
            var decision = Perform(command);
            if (decision.IsToBeConfirmed) decision = Perform(command with { IsConfirmedAtSource = true });
            if (decision.AskAgainAt is null) inbox.Remove(change);
        }
    }

    public void WakeUp(DateTimeOffset now)
    {
        DecideInbox(now);
        Perform(new IdentityCommand.WakeUp(now, Jitter: 0.5));
    }

    public void Crash() => state = journal.Aggregate(IdentityState.Initial, (folded, happened) => folded.Apply(happened));

    /// <summary>An operator gives up what waits. Nobody closes the intent of an attempt of it that died.</summary>
    public void Discard(DateTimeOffset now) => Perform(new IdentityCommand.DiscardDelivery(now, point, "given up"));

    /// <summary>Carries the due delivery out, in the deliverer's order: attempt, intent, probe, write, end of the intent, outcome. A crash leaves out what comes after it.</summary>
    public void Deliver(SimulatedAccount target, WriteFate fate, CrashPoint crash, TimeSpan lateness, DateTimeOffset now)
    {
        var offer = state.DueOffers(now).FirstOrDefault();
        if (offer is null) return;
        var id = new Guid(++attempts, (short)number, 0, 0, 0, 0, 0, 0, 0, 0, 2);
        var account = new TargetAccount("key", "ann", target.Id);
        if (Perform(new IdentityCommand.BeginAttempt(now, point, offer.Change.CaptureId, id, now + AttemptTimeout, account, target.Mark)).Refusal is not null) return;
        var attempt = ((PointState.InFlight)state.Points[point]).Attempt;
        if (crash == CrashPoint.AfterBegin) return;
        target.OpenIntent(id, attempt.Deadline + IntentHold);
        if (crash == CrashPoint.AfterIntent) return;
        if (FindConflict(offer, attempt, target, now) is { } conflict)
        {
            EndIntent(offer, attempt, conflict, target, now);
            Perform(new IdentityCommand.FinishAttempt(now, point, id, conflict, Jitter: 0.3));
            return;
        }

        var password = Account.PasswordOf(offer.Change.CaptureId);
        if (fate == WriteFate.LandsAfterDeath)
        {
            if (!(attempt.ProbeFirst && IsPresent(attempt, password, target))) WriteLate(target, password, now + lateness);
            return;
        }

        var outcome = Execute(attempt, password, target, fate, lateness, now);
        if (attempt.Kind == AttemptKind.Write && outcome is DeliveryOutcome.AlreadyThere { WrittenStamp: null })
        {
            // As the deliverer does it: the password is there, but only once it is written again its stamp is known.
            outcome = Execute(attempt with { ProbeFirst = false }, password, target, fate, lateness, now);
        }

        if (crash == CrashPoint.AfterWrite) return;
        EndIntent(offer, attempt, outcome, target, now);
        if (crash == CrashPoint.AfterClose) return;
        Perform(new IdentityCommand.FinishAttempt(now, point, id, outcome, Jitter: 0.3));
    }

    private static void EndIntent(Offer offer, Attempt attempt, DeliveryOutcome outcome, SimulatedAccount target, DateTimeOffset now)
    {
        var isInDoubt = offer.Doubt.After(attempt, offer.Change.CaptureId, outcome, now).IsOpenAt(now, IntentHold);
        if (isInDoubt && !outcome.IsSuccess) return;
        if (isInDoubt && attempt.Kind == AttemptKind.Write) target.OpenIntent(Guid.Empty, now + IntentHoldAfterWrite);
        var written = (outcome as DeliveryOutcome.Delivered)?.WrittenStamp ?? (outcome as DeliveryOutcome.AlreadyThere)?.WrittenStamp;
        target.CloseIntent(attempt.AttemptId, written, new ChangeOrigin(offer.Change.Account, offer.Change.Stamp));
    }

    // As the deliverer asks, while the intent is open. In doubt what is there may be ours without anybody knowing it.
    private DeliveryOutcome? FindConflict(Offer offer, Attempt attempt, SimulatedAccount target, DateTimeOffset now)
    {
        Stamp? present = target.Version == 0 || attempt.Kind == AttemptKind.Recheck || offer.Doubt.IsOpenAt(now, IntentHold) ? null : target.Stamp;
        return MutualTargets.Judge(offer.Change, target.Id, present, target.OwnWrites, Account.OwnWrites, now, Rules) switch
        {
            MutualVerdict.Write => null,
            MutualVerdict.Wait => new DeliveryOutcome.Transient("being written"),
            var verdict => new DeliveryOutcome.Overtaken($"{verdict}"),
        };
    }

    private DeliveryOutcome Execute(Attempt attempt, int password, SimulatedAccount target, WriteFate fate, TimeSpan lateness, DateTimeOffset now)
    {
        if (attempt.ProbeFirst && IsPresent(attempt, password, target))
        {
            var isOurs = attempt.Kind == AttemptKind.Recheck || attempt.ProbeAgainst?.Value == $"{target.Version - 1}";
            return new DeliveryOutcome.AlreadyThere(target.Mark, isOurs ? target.Stamp : null);
        }

        if (fate == WriteFate.Refused) return new DeliveryOutcome.Transient("busy");
        if (fate == WriteFate.RequestLost) return new DeliveryOutcome.Unknown("connection lost");
        if (fate == WriteFate.LandsLate)
        {
            WriteLate(target, password, now + lateness);
            return new DeliveryOutcome.Unknown("time-out");
        }

        Writes++;
        target.Write(password, now);
        return fate == WriteFate.AnswerLost ? new DeliveryOutcome.Unknown("connection lost") : new DeliveryOutcome.Delivered(target.Mark, target.Stamp);
    }

    private void WriteLate(SimulatedAccount target, int password, DateTimeOffset at)
    {
        Writes++;
        target.WriteLate(password, at);
    }

    // As the Active Directory provider tells it: by the mark, then by one sign-in.
    private static bool IsPresent(Attempt attempt, int password, SimulatedAccount target) => attempt.Kind == AttemptKind.Recheck
        ? attempt.ProbeAgainst == target.Mark
        : attempt.ProbeAgainst != target.Mark && target.Password == password;

    private Decision Perform(IdentityCommand command)
    {
        var decision = state.Decide(command, Rules);
        foreach (var happened in decision.Events)
        {
            state = state.Apply(happened);
            journal.Add(happened);
        }

        return decision;
    }
}

/// <summary>How a write goes.</summary>
internal enum WriteFate
{
    Succeeds,
    Refused,
    RequestLost,
    AnswerLost,

    /// <summary>No answer comes, and what was sent lands later, perhaps when something newer was sent already.</summary>
    LandsLate,

    /// <summary>The node dies, and what it sent lands at some time before the attempt's deadline.</summary>
    LandsAfterDeath,
}

/// <summary>After which step of a delivery the node dies.</summary>
internal enum CrashPoint
{
    None,
    AfterBegin,
    AfterIntent,
    AfterWrite,
    AfterClose,
}
