using System.Collections.Immutable;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Core.Tests.Simulation;

/// <summary>
/// Decisions as versions before wrote them: an event for each point that joins and for each at which a change is queued, and what the change replaces ended after it.
/// </summary>
internal static class FormerShape
{
    public static IEnumerable<IdentityEvent> Of(ImmutableArray<IdentityEvent> decision)
    {
        var ofScope = decision.Where(happened => happened is IdentityEvent.AccountScoped or IdentityEvent.PointWithdrawn or IdentityEvent.DeliveryEnded { End: DeliveryEnd.Withdrawn }).ToList();
        var assigned = from scoped in decision.OfType<IdentityEvent.AccountScoped>() from point in scoped.Joined select new IdentityEvent.PointAssigned(scoped.At, point);
        var others = decision.Except(ofScope).ToList();
        return
        [
            .. ofScope.Select(happened => happened is IdentityEvent.AccountScoped scoped ? scoped with { Joined = [] } : happened),
            .. assigned,
            .. others.OfType<IdentityEvent.CaptureAccepted>().SingleOrDefault() is { } accepted ? Accepted(accepted, others) : others,
        ];
    }

    private static IEnumerable<IdentityEvent> Accepted(IdentityEvent.CaptureAccepted accepted, List<IdentityEvent> others)
    {
        var endings = others.OfType<IdentityEvent.DeliveryEnded>().ToLookup(ended => (ended.Point, IsOfThis: ended.CaptureId == accepted.Change.CaptureId));
        yield return accepted with { Queued = [] };
        foreach (var point in accepted.Queued)
        {
            foreach (var older in endings[(point, IsOfThis: false)]) yield return older;
            yield return new IdentityEvent.DeliveryQueued(accepted.At, point, accepted.Change.CaptureId, accepted.At);
            foreach (var disabled in endings[(point, IsOfThis: true)]) yield return disabled;
        }
    }
}
