using PasswordSync.Actors.Runtime;

namespace PasswordSync.Actors.Identities;

/// <summary>
/// Wakes one incarnation of an identity when it next has something to do. One timer, which is set anew only when something earlier comes up: waking too early
/// is harmless, and most decisions change nothing about it.
/// </summary>
internal sealed class IdentityAlarm(IActorContext<IdentityMessage> context, IdentityServices services)
{
    private readonly IdentityMessage.Wake ring = new();
    private TimeSpan offerAgainAfter = services.OfferAgainInterval;
    private IDisposable? timer;
    private DateTimeOffset ringsAt;

    /// <summary>To be told of each message: this may be its own.</summary>
    public void Heard(IdentityMessage message)
    {
        if (ReferenceEquals(message, ring)) timer = null;
    }

    /// <summary>Something happened: what is due is offered again soon.</summary>
    public void Restart() => offerAgainAfter = services.OfferAgainInterval;

    /// <summary>The identity has something to do at a time; if that has come, it was offered just now.</summary>
    public void Set(DateTimeOffset at, DateTimeOffset now)
    {
        var wait = at - now;
        if (wait <= TimeSpan.Zero)
        {
            if (timer is not null && ringsAt - now <= offerAgainAfter) return;
            wait = offerAgainAfter;
            offerAgainAfter = Earlier(offerAgainAfter * 2, services.OfferAgainMax);
        }

        Arm(Earlier(wait, services.WakeUpMax), now);
    }

    /// <summary>Looks again after a while.</summary>
    public void SetAfter(TimeSpan wait) => Arm(wait, services.Clock.GetUtcNow());

    /// <summary>There is nothing to do.</summary>
    public void Clear()
    {
        timer?.Dispose();
        timer = null;
    }

    private void Arm(TimeSpan wait, DateTimeOffset now)
    {
        if (timer is not null && ringsAt <= now + wait) return;
        timer?.Dispose();
        ringsAt = now + wait;
        timer = context.Schedule(wait, ring);
    }

    private static TimeSpan Earlier(TimeSpan left, TimeSpan right) => left < right ? left : right;
}
