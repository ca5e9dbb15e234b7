namespace PasswordSync.Core.Decisions;

/// <summary>Events as people read them: one for each sync point.</summary>
public static class EventsPointByPoint
{
    /// <summary>The event; what it says of several sync points at once follows as an event for each of them, as journals of before have it.</summary>
    public static IEnumerable<IdentityEvent> PointByPoint(this IdentityEvent happened)
    {
        ArgumentNullException.ThrowIfNull(happened);
        return happened switch
        {
            IdentityEvent.CaptureAccepted e => [e with { Queued = [] }, .. e.Queued.Select(point => new IdentityEvent.DeliveryQueued(e.At, point, e.Change.CaptureId, DueAt: e.At))],
            IdentityEvent.AccountScoped e => [e with { Joined = [] }, .. e.Joined.Select(point => new IdentityEvent.PointAssigned(e.At, point))],
            _ => [happened],
        };
    }
}
