using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Core.Tests.Simulation;

/// <summary>
/// Keeps its own account of deliveries from the journal alone, without the product's fold. Checks that each is opened and ended once (I6), that one attempt at a
/// time is in flight and that nothing older is sent after something newer (I3).
/// </summary>
internal sealed class DeliveryLedger
{
    private readonly HashSet<(SyncPointId Point, CaptureId CaptureId)> open = [];
    private readonly HashSet<(SyncPointId Point, CaptureId CaptureId)> toBeLookedAtAgain = [];
    private readonly Dictionary<SyncPointId, CaptureId> inFlight = [];
    private readonly Dictionary<SyncPointId, DateTimeOffset> unanswered = [];
    private readonly Dictionary<SyncPointId, List<Change>> sent = [];

    /// <summary>The deliveries that were queued and have no end yet.</summary>
    public IReadOnlyCollection<(SyncPointId Point, CaptureId CaptureId)> Open => open;

    /// <summary>The captures that some delivery refers to: open ones, those in flight whatever was said of them meanwhile, and those to be looked at again.</summary>
    public IEnumerable<CaptureId> Referred => open.Concat(toBeLookedAtAgain).Select(delivery => delivery.CaptureId).Concat(inFlight.Values).Distinct();

    /// <summary>How many passwords were sent.</summary>
    public int Sendings { get; private set; }

    public void Note(IdentityEvent happened)
    {
        switch (happened)
        {
            case IdentityEvent.CaptureAccepted e:
                foreach (var point in e.Queued) Queue(point, e.Change.CaptureId);
                break;
            case IdentityEvent.DeliveryQueued e:
                Queue(e.Point, e.CaptureId);
                break;
            case IdentityEvent.DeliveryEnded e when !IsInFlight(e.Point, e.CaptureId):
                if (!toBeLookedAtAgain.Remove((e.Point, e.CaptureId))) End(e.Point, e.CaptureId);
                break;
            case IdentityEvent.AttemptStarted e:
                if (!inFlight.TryAdd(e.Point, e.CaptureId)) throw new InvalidOperationException($"I3 broken: two attempts in flight at {e.Point}.");
                if (unanswered.TryGetValue(e.Point, out var deadline) && deadline > e.At) throw new InvalidOperationException($"I3 broken: an attempt began at {e.Point} while an unanswered one may still be writing.");
                unanswered[e.Point] = e.Attempt.Deadline;
                break;
            case IdentityEvent.AttemptFinished e:
                if (!inFlight.Remove(e.Point)) throw new InvalidOperationException($"I6 broken: an attempt that was not in flight ended at {e.Point}.");
                Follow(e.Point, e.CaptureId, e.Outcome, e.Sequel);
                break;
            case IdentityEvent.ObstacleMet e:
                Follow(e.Point, e.CaptureId, new DeliveryOutcome.Transient("an obstacle"), e.Sequel);
                break;
            case IdentityEvent.PointWithdrawn e when !inFlight.ContainsKey(e.Point):
                if (open.Any(delivery => delivery.Point == e.Point)) throw new InvalidOperationException($"I6 broken: {e.Point} left with an open delivery.");
                toBeLookedAtAgain.RemoveWhere(delivery => delivery.Point == e.Point);
                break;
        }
    }

    /// <summary>Whoever was writing has answered, so nothing more comes from it.</summary>
    public void Answered(SyncPointId point) => unanswered.Remove(point);

    /// <summary>A password goes out.</summary>
    public void NoteSending(SyncPointId point, Change change)
    {
        Sendings++;
        if (!sent.TryGetValue(point, out var before)) sent[point] = before = [];
        if (before.FirstOrDefault(other => SimulatedDomain.Beats(other, change)) is { } newer)
        {
            throw new InvalidOperationException($"I3 broken at {point}: {change.Stamp} was sent after {newer.Stamp}.");
        }

        before.Add(change);
    }

    // An operator may queue again what waits already, or what was delivered.
    private void Queue(SyncPointId point, CaptureId captureId)
    {
        open.Add((point, captureId));
        ForgetOtherThan(point, captureId, isInFlight: inFlight.ContainsKey(point));
    }

    private bool IsInFlight(SyncPointId point, CaptureId captureId) => inFlight.TryGetValue(point, out var flying) && flying == captureId;

    private void Follow(SyncPointId point, CaptureId captureId, DeliveryOutcome outcome, AttemptSequel sequel)
    {
        var wasRecheck = toBeLookedAtAgain.Contains((point, captureId));
        switch (sequel)
        {
            case AttemptSequel.Settled or AttemptSequel.NextDue or AttemptSequel.Withdrawn:
                if (!toBeLookedAtAgain.Remove((point, captureId))) End(point, captureId);
                break;
            case AttemptSequel.RecheckAt:
                End(point, captureId);
                toBeLookedAtAgain.Add((point, captureId));
                break;
            case AttemptSequel.Park:
            case AttemptSequel.RetryAt when outcome is DeliveryOutcome.Unknown:
                // What was delivered turned out to need another write.
                if (wasRecheck && toBeLookedAtAgain.Remove((point, captureId))) open.Add((point, captureId));
                break;
        }
    }

    private void End(SyncPointId point, CaptureId captureId)
    {
        if (!open.Remove((point, captureId))) throw new InvalidOperationException($"I6 broken: {captureId} ended at {point} without being open.");
    }

    private void ForgetOtherThan(SyncPointId point, CaptureId captureId, bool isInFlight)
    {
        if (isInFlight) return;
        toBeLookedAtAgain.RemoveWhere(delivery => delivery.Point == point);
        if (open.Any(delivery => delivery.Point == point && delivery.CaptureId != captureId)) throw new InvalidOperationException($"I6 broken: two deliveries wait at {point}.");
    }
}
