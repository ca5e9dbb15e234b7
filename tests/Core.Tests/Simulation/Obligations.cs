using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Core.Tests.Simulation;

/// <summary>
/// What the product owes: per sync point the change that its target must come to hold. Worked out from what came in, by the domain's own order and the scope,
/// not from the product's decisions.
/// </summary>
internal sealed class Obligations
{
    private readonly Dictionary<SyncPointId, Change> owed = [];
    private ImmutableSortedSet<SyncPointId> assigned = [];
    private Change? newest;

    public IReadOnlyDictionary<SyncPointId, Change> Owed => owed;

    /// <summary>A capture came in, with the points that its account's scopes assign.</summary>
    public void Arrived(Change change, ImmutableSortedSet<SyncPointId> scope, DateTimeOffset now)
    {
        if (newest is not null && (newest == change || SimulatedDomain.Beats(newest, change))) return;
        newest = change;
        owed.Clear();
        if (change.ExpiresAt <= now) return;
        assigned = scope;
        foreach (var point in scope) owed[point] = change;
    }

    /// <summary>The scope changed without a capture.</summary>
    /// <param name="scope">The scope now.</param>
    /// <param name="isHeld">Whether the secret of a capture was still kept when it changed.</param>
    /// <param name="now">The time.</param>
    public void Rescoped(ImmutableSortedSet<SyncPointId> scope, Func<CaptureId, bool> isHeld, DateTimeOffset now)
    {
        var before = assigned;
        assigned = scope;
        foreach (var point in before.Except(scope)) owed.Remove(point);
        if (newest is null || newest.ExpiresAt <= now || !isHeld(newest.CaptureId)) return;
        foreach (var point in scope.Except(before)) owed[point] = newest;
    }

    /// <summary>An operator wants it sent once more.</summary>
    public void Resent(SyncPointId point) => owed[point] = newest ?? throw new InvalidOperationException("Something was sent again before anything came in.");

    /// <summary>An operator gave it up.</summary>
    public void Discarded(SyncPointId point, CaptureId captureId)
    {
        if (owed.TryGetValue(point, out var change) && change.CaptureId == captureId) owed.Remove(point);
    }

    /// <summary>Its secret is of no use.</summary>
    public void Unusable(CaptureId captureId)
    {
        foreach (var point in owed.Where(entry => entry.Value.CaptureId == captureId).Select(entry => entry.Key).ToList()) owed.Remove(point);
    }
}
