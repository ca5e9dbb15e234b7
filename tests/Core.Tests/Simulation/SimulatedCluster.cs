using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Tests.Decisions;

namespace PasswordSync.Core.Tests.Simulation;

/// <summary>
/// The decider with everything around it simulated: captures that come twice and out of order, targets that fail in every way, owners that crash with
/// attempts in flight, secrets that are deleted when nothing needs them, scopes that change, operators. Checks I3, I6 and the life of secrets at every step.
/// </summary>
internal sealed partial class SimulatedCluster
{
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(10);

    private readonly Dictionary<SyncPointId, Attempt> answerable = [];
    private readonly HashSet<CaptureId> accepted = [];
    private readonly HashSet<CaptureId> secrets = [];
    private readonly DecisionRules rules;
    private int attempts;

    public SimulatedCluster(int attemptsMax, params string[] points)
    {
        AllPoints = [.. points.Select(name => new SyncPointId(name))];
        Scope = [.. AllPoints];
        Targets = AllPoints.ToDictionary(point => point, _ => new SimulatedTarget());
        rules = DecisionRules.Default with
        {
            RetryPolicies = AllPoints.ToImmutableDictionary(point => point, _ => RetryPolicy.Default with { AttemptsMax = attemptsMax }),
        };
    }

    public ImmutableArray<SyncPointId> AllPoints { get; }

    /// <summary>The points that the account's scopes assign at present.</summary>
    public ImmutableSortedSet<SyncPointId> Scope { get; private set; }

    public Dictionary<SyncPointId, SimulatedTarget> Targets { get; }

    public IdentityState State { get; private set; } = IdentityState.Initial;

    public List<IdentityEvent> Journal { get; } = [];

    /// <summary>The same events, as they were decided together.</summary>
    public List<ImmutableArray<IdentityEvent>> Decisions { get; } = [];

    public DeliveryLedger Ledger { get; } = new();

    public Obligations Obligations { get; } = new();

    public DecisionRules Rules => rules;

    public DateTimeOffset Now { get; private set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Changes that the target at hand refuses by its policy.</summary>
    public HashSet<(SyncPointId, CaptureId)> Refused { get; } = [];

    /// <summary>Changes whose password is empty.</summary>
    public HashSet<CaptureId> Empty { get; } = [];

    public void Advance(TimeSpan by)
    {
        Now += by;
        foreach (var target in Targets.Values) target.Advance(Now);
        Perform(new IdentityCommand.WakeUp(Now, Jitter: 0.5));
    }

    /// <summary>Lets time go on to what comes next.</summary>
    public void AdvanceToWakeUp()
    {
        if (State.NextWakeUp(rules) is { } at && at > Now) Advance(at - Now);
    }

    /// <summary>A capture comes from the inbox; its secret was stored when it was accepted the first time.</summary>
    public void Arrive(Change change)
    {
        if (accepted.Add(change.CaptureId)) secrets.Add(change.CaptureId);
        Obligations.Arrived(change, Scope, Now);
        var command = new IdentityCommand.DecideCapture(Now, change, Scope, OwnWrites.None);
        if (Perform(command).IsToBeConfirmed) Perform(command with { IsConfirmedAtSource = true });
    }

    /// <summary>Whether a capture ever came from the inbox.</summary>
    public bool HasTaken(CaptureId captureId) => accepted.Contains(captureId);

    /// <summary>The owner dies: nobody will answer for the attempts in flight, though what they sent may land yet.</summary>
    public void Crash()
    {
        answerable.Clear();
        State = Journal.Aggregate(IdentityState.Initial, (state, happened) => state.Apply(happened));
    }

    /// <summary>The configuration assigns other points. If nobody tells the identity, the next capture brings its points along.</summary>
    public void Rescope(ImmutableSortedSet<SyncPointId> scope, bool tellAtOnce)
    {
        Scope = scope;
        if (!tellAtOnce) return;
        Obligations.Rescoped(scope, secrets.Contains, Now);
        Perform(new IdentityCommand.AssignPoints(Now, Some.Account(Some.Alpha), scope));
    }

    public void Retry(SyncPointId point) => Perform(new IdentityCommand.RetryDelivery(Now, point));

    public void Resend(SyncPointId point)
    {
        if (Perform(new IdentityCommand.ResendChange(Now, point)).Refusal is null) Obligations.Resent(point);
    }

    public void Discard(SyncPointId point)
    {
        if (Perform(new IdentityCommand.DiscardDelivery(Now, point, "no need")).Events is [IdentityEvent.DeliveryEnded ended]) Obligations.Discarded(point, ended.CaptureId);
    }

    /// <summary>Everything works again and time goes by until nothing is left to do.</summary>
    public void Quiesce()
    {
        const int roundsMax = 200;
        const int sendingsMax = 3;
        var before = Ledger.Sendings;
        for (var round = 0; round < roundsMax; round++)
        {
            foreach (var point in AllPoints) Land(point);
            foreach (var point in AllPoints) Deliver(point, AttemptFate.Succeeds, TimeSpan.Zero);
            if (State.Points.Values.All(point => point is PointState.Idle or PointState.Parked))
            {
                // One write, one rewrite, and one of an attempt that was under way when it became quiet.
                if (Ledger.Sendings - before > sendingsMax * AllPoints.Length) throw new InvalidOperationException($"{Ledger.Sendings - before} passwords were sent in quiet.");
                return;
            }

            Advance(State.NextWakeUp(rules) is { } at && at > Now ? at - Now : TimeSpan.FromSeconds(1));
        }

        throw new InvalidOperationException("It did not come to rest: " + string.Join(", ", State.Points.Values));
    }

    private Decision Perform(IdentityCommand command)
    {
        var before = State;
        var decision = State.Decide(command, rules);
        foreach (var happened in decision.Events)
        {
            Ledger.Note(happened);
            State = State.Apply(happened);
            Journal.Add(happened);
        }

        Decisions.Add(decision.Events);
        Release(before, decision);
        return decision;
    }

    // As the identity actor does it with every append.
    private void Release(IdentityState before, Decision decision)
    {
        var candidates = before.NeededSecrets
            .Concat(decision.Events.OfType<IdentityEvent.CaptureAccepted>().Select(e => e.Change.CaptureId))
            .Concat(decision.Events.OfType<IdentityEvent.CaptureIgnored>().Select(e => e.CaptureId));
        foreach (var captureId in candidates.Where(captureId => !State.NeedsSecret(captureId))) secrets.Remove(captureId);

        var referred = Ledger.Referred.ToHashSet();
        if (!referred.SetEquals(State.NeededSecrets)) throw new InvalidOperationException("A secret is needed without a delivery that refers to it, or the other way round.");
        if (!referred.SetEquals(secrets)) throw new InvalidOperationException("A secret was kept that no delivery refers to, or deleted while one does.");
    }
}
