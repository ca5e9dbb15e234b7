using PasswordSync.Core.Deliveries;

namespace PasswordSync.Providers.Directories;

/// <summary>How long nobody binds after a refusal, so that many deliveries do not lock the service's account. Thread-safe.</summary>
internal sealed class CredentialPause(TimeProvider time)
{
    /// <summary>A minute.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(1);

    private volatile Refusal? last;

    /// <summary>The last refusal, also one that is long over; null if none came since the last bind that was accepted. Each refusal is an object of its own.</summary>
    public object? Last => last;

    /// <summary>What to answer in place of a bind; null if one may be tried.</summary>
    public DeliveryOutcome? Outcome => last is { } refusal && time.GetElapsedTime(refusal.At) < Length ? refusal.Outcome : null;

    /// <summary>A bind was refused.</summary>
    public void Begin(DeliveryOutcome outcome) => last = new Refusal(outcome, time.GetTimestamp());

    /// <summary>A bind was accepted.</summary>
    public void End() => last = null;

    private sealed record Refusal(DeliveryOutcome Outcome, long At);
}
