using PasswordSync.Actors.Runtime;

namespace PasswordSync.Actors.Identities;

/// <summary>
/// Wakes one incarnation of an identity when it next has something to do. One timer, which is set anew only when something earlier comes up: waking too early
/// is harmless, and most decisions change nothing about it.
/// </summary>
internal sealed class IdentityAlarm(IActorContext<IdentityMessage> context, IdentityServices services)
{
    /// <summary>After so many failures it is left to who looks for due work to wake the identity: that comes as soon.</summary>
    private const int RestartsMax = 6;

    private readonly IdentityMessage.Wake ring = new();
    private TimeSpan offerAgainAfter = services.OfferAgainInterval;
    private TimeSpan retryAfter = services.StorageRetryInterval;
    private IDisposable? timer;
    private DateTimeOffset ringsAt;

    /// <summary>Whether it will ring.</summary>
    public bool IsSet => timer is not null;

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
        retryAfter = services.StorageRetryInterval;
        var wait = at - now;
        if (wait <= TimeSpan.Zero)
        {
            if (timer is not null && ringsAt - now <= offerAgainAfter) return;
            wait = offerAgainAfter;
            offerAgainAfter = Earlier(offerAgainAfter * 2, services.OfferAgainMax);
        }

        Arm(Earlier(wait, services.WakeUpMax), now);
    }

    /// <summary>The database could not be used: looks again after a while, which doubles each time that it has passed in vain.</summary>
    /// <returns>After how long it is worth trying again.</returns>
    public TimeSpan SetAfterTrouble()
    {
        var now = services.Clock.GetUtcNow();
        if (timer is not null && ringsAt <= now + retryAfter) return retryAfter;
        var wait = retryAfter;
        retryAfter = Earlier(retryAfter * 2, services.StorageRetryMax);
        Arm(wait, now);
        return wait;
    }

    /// <summary>An earlier incarnation failed, whose alarm went with it: looks for what is due after a while, which doubles each time, so that one that fails over that itself does not go on for ever.</summary>
    public void SetAfterRestart(int restarts)
    {
        if (restarts <= RestartsMax) Arm(services.StorageRetryInterval * (1 << (restarts - 1)), services.Clock.GetUtcNow());
    }

    /// <summary>There is nothing to do.</summary>
    public void Clear()
    {
        retryAfter = services.StorageRetryInterval;
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
