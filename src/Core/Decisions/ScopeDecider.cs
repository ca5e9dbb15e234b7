using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;

namespace PasswordSync.Core.Decisions;

/// <summary>Brings an identity's sync points in line with its scope.</summary>
internal static class ScopeDecider
{
    /// <summary>Withdraws points that left, assigns those that came, and queues the deliverable change for these while its secret is still held.</summary>
    public static ImmutableArray<IdentityEvent> Reassign(IdentityState state, AccountId account, ImmutableSortedSet<SyncPointId> points, DateTimeOffset now)
    {
        var change = state.Deliverable is { } newest && newest.ExpiresAt > now && state.NeedsSecret(newest.CaptureId) ? newest : null;
        return
        [
            .. Changes(state, account, points, now),
            .. change is null ? [] : Missing(state, AllOf(state, account, points)).Where(point => !IsInFlight(state, point, change)).Select(point => new IdentityEvent.DeliveryQueued(now, point, change.CaptureId, now)),
        ];
    }

    /// <summary>Only the assignments and withdrawals; nothing is queued.</summary>
    public static IEnumerable<IdentityEvent> Changes(IdentityState state, AccountId account, ImmutableSortedSet<SyncPointId> points, DateTimeOffset now)
    {
        var wanted = AllOf(state, account, points);
        return [.. ScopeOf(state, account, points, Missing(state, wanted), now), .. Withdrawals(state, wanted, now)];
    }

    /// <summary>All points of the identity once an account has the given ones: those that any of its accounts has.</summary>
    public static ImmutableSortedSet<SyncPointId> AllOf(IdentityState state, AccountId account, ImmutableSortedSet<SyncPointId> points) =>
        state.Scopes.Where(scope => scope.Account != account).Aggregate(points, (all, scope) => all.Union(scope.Points));

    private static IEnumerable<IdentityEvent> ScopeOf(
        IdentityState state, AccountId account, ImmutableSortedSet<SyncPointId> points, ImmutableSortedSet<SyncPointId> joined, DateTimeOffset now)
    {
        var known = state.Scopes.Find(scope => scope.Account == account)?.Points ?? [];
        if (!joined.IsEmpty || !known.SetEquals(points)) yield return new IdentityEvent.AccountScoped(now, new AccountScope(account, points)) { Joined = joined };
    }

    private static IEnumerable<IdentityEvent> Withdrawals(IdentityState state, ImmutableSortedSet<SyncPointId> wanted, DateTimeOffset now) =>
        from entry in state.Points
        where !wanted.Contains(entry.Key) && !IsLeaving(entry.Value)
        from happened in EndOfUnsent(entry.Key, entry.Value, now).Append(new IdentityEvent.PointWithdrawn(now, entry.Key))
        select happened;

    private static IEnumerable<IdentityEvent> EndOfUnsent(SyncPointId point, PointState state, DateTimeOffset now)
    {
        if (state.Unsent is { } unsent) yield return new IdentityEvent.DeliveryEnded(now, point, unsent.CaptureId, DeliveryEnd.Withdrawn, "The sync point left the account's scope.");
    }

    private static ImmutableSortedSet<SyncPointId> Missing(IdentityState state, ImmutableSortedSet<SyncPointId> wanted) =>
        [.. wanted.Where(point => !state.Points.TryGetValue(point, out var known) || IsLeaving(known))];

    private static bool IsInFlight(IdentityState state, SyncPointId point, Change change) =>
        state.Points.GetValueOrDefault(point) is PointState.InFlight flight && flight.Delivery.CaptureId == change.CaptureId;

    private static bool IsLeaving(PointState point) => point is PointState.InFlight { AfterFlight: AfterFlight.Withdraw };
}
