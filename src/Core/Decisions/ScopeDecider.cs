using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Core.Decisions;

/// <summary>Brings an identity's sync points in line with its scope.</summary>
internal static class ScopeDecider
{
    /// <summary>Withdraws points that left, assigns those that came, and queues the newest change for these while its secret is still held.</summary>
    public static ImmutableArray<IdentityEvent> Reassign(IdentityState state, ImmutableSortedSet<SyncPointId> wanted, Change? newest, DateTimeOffset now)
    {
        var deliverable = newest is not null && newest.ExpiresAt > now && state.NeedsSecret(newest.CaptureId);
        return
        [
            .. Withdrawals(state, wanted, now),
            .. from point in Missing(state, wanted)
               from happened in deliverable && !IsInFlight(state, point, newest!)
                   ? (IdentityEvent[])[new IdentityEvent.PointAssigned(now, point), new IdentityEvent.DeliveryQueued(now, point, newest!.CaptureId, now)]
                   : [new IdentityEvent.PointAssigned(now, point)]
               select happened,
        ];
    }

    /// <summary>Only the assignments and withdrawals; nothing is queued.</summary>
    public static IEnumerable<IdentityEvent> Changes(IdentityState state, ImmutableSortedSet<SyncPointId> wanted, DateTimeOffset now) =>
        Withdrawals(state, wanted, now).Concat(Missing(state, wanted).Select(point => new IdentityEvent.PointAssigned(now, point)));

    private static IEnumerable<IdentityEvent> Withdrawals(IdentityState state, ImmutableSortedSet<SyncPointId> wanted, DateTimeOffset now) =>
        from entry in state.Points
        where !wanted.Contains(entry.Key) && !IsLeaving(entry.Value)
        from happened in EndOfWaiting(entry.Key, entry.Value, now).Append(new IdentityEvent.PointWithdrawn(now, entry.Key))
        select happened;

    private static IEnumerable<IdentityEvent> EndOfWaiting(SyncPointId point, PointState state, DateTimeOffset now)
    {
        var waiting = state switch
        {
            PointState.Waiting p => p.Delivery,
            PointState.Parked p => p.Delivery,
            PointState.InFlight p => p.Next,
            _ => null,
        };
        if (waiting is not null) yield return new IdentityEvent.DeliveryEnded(now, point, waiting.CaptureId, DeliveryEnd.Withdrawn, "The sync point left the account's scope.");
    }

    private static IEnumerable<SyncPointId> Missing(IdentityState state, ImmutableSortedSet<SyncPointId> wanted) =>
        wanted.Where(point => !state.Points.TryGetValue(point, out var known) || IsLeaving(known));

    private static bool IsInFlight(IdentityState state, SyncPointId point, Change change) =>
        state.Points.GetValueOrDefault(point) is PointState.InFlight flight && flight.Delivery.CaptureId == change.CaptureId;

    private static bool IsLeaving(PointState point) => point is PointState.InFlight { AfterFlight: AfterFlight.Withdraw };
}
