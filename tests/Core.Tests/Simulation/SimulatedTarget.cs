using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Core.Tests.Simulation;

/// <summary>A target that holds one password and counts how often one was set, and whose writes may land late.</summary>
internal sealed class SimulatedTarget
{
    private readonly List<(DateTimeOffset At, CaptureId CaptureId)> late = [];

    /// <summary>The change whose password the target has; null before the first.</summary>
    public CaptureId? Holds { get; private set; }

    /// <summary>How many passwords were set: the target's own version.</summary>
    public int Version { get; private set; }

    public TargetMark Mark => new(Version.ToString(System.Globalization.CultureInfo.InvariantCulture));

    public void Set(CaptureId captureId)
    {
        Holds = captureId;
        Version++;
    }

    public void SetLate(CaptureId captureId, DateTimeOffset at) => late.Add((at, captureId));

    public void Advance(DateTimeOffset now)
    {
        foreach (var landing in late.Where(landing => landing.At <= now).OrderBy(landing => landing.At).ToList())
        {
            late.Remove(landing);
            Set(landing.CaptureId);
        }
    }

    /// <summary>Whether a probe finds the change there, as a provider would tell: by the mark, then by one bind.</summary>
    public bool Has(Attempt attempt, CaptureId captureId) =>
        attempt.Kind == AttemptKind.Recheck ? attempt.ProbeAgainst == Mark : attempt.ProbeAgainst != Mark && Holds == captureId;
}
