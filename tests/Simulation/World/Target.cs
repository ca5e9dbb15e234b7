using System.Globalization;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Simulation.World;

/// <summary>One account in one target: the password that it has, and how often one was set.</summary>
internal sealed class Target
{
    private int version;

    /// <summary>The change whose password it has; null before the first.</summary>
    public CaptureId? Holds { get; private set; }

    public TargetMark Mark => new(version.ToString(CultureInfo.InvariantCulture));

    public void Set(CaptureId captureId)
    {
        Holds = captureId;
        version++;
    }

    /// <summary>Whether a probe finds the change there, as a provider tells it: by the mark, then by one bind.</summary>
    public bool Has(Attempt attempt, CaptureId captureId) =>
        attempt.Kind == AttemptKind.Recheck ? attempt.ProbeAgainst == Mark : attempt.ProbeAgainst != Mark && Holds == captureId;
}
