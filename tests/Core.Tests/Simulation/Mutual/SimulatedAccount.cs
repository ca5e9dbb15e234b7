using System.Globalization;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Core.Tests.Simulation.Mutual;

/// <summary>
/// One person's account in a domain that is a source and a target: every write raises the version and is captured, whoever made it. Beside it the row that the
/// product keeps for the account: the open intent and the last stamp that its own writes caused.
/// </summary>
internal sealed class SimulatedAccount(SourceId source)
{
    private readonly Guid invocation = new(source.Value[0] * 0x0101_0101, 7, 7, 1, 2, 3, 4, 5, 6, 7, 8);
    private readonly Dictionary<CaptureId, int> passwords = [];
    private readonly List<(DateTimeOffset At, int Password)> late = [];
    private (Guid AttemptId, DateTimeOffset Until)? intent;
    private Stamp? lastWritten;
    private ChangeOrigin? origin;

    public AccountId Id { get; } = new(source, new Guid(99, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));

    /// <summary>The password, by a number; 0 before the first.</summary>
    public int Password { get; private set; }

    public uint Version { get; private set; }

    public TargetMark Mark => new(Version.ToString(CultureInfo.InvariantCulture));

    public Stamp Stamp { get; private set; }

    /// <summary>All captures, by our own writes too.</summary>
    public List<Change> Captures { get; } = [];

    public OwnWrites OwnWrites => new(intent?.Until, lastWritten) { Origin = origin };

    public bool HasLateWrites => late.Count > 0;

    public int PasswordOf(CaptureId captureId) => passwords[captureId];

    /// <summary>A password is set, by the person or by the product.</summary>
    public Change Write(int password, DateTimeOffset now)
    {
        Password = password;
        Stamp = new Stamp(0, ++Version, Stamp.ToOriginatingSecond(now), invocation);
        var id = new CaptureId(new Guid((int)Version, (short)source.Value[0], 0, 0, 0, 0, 0, 0, 0, 0, 1));
        var names = new AccountNames($"CN=Ann,DC={source}", "ann", null, null);
        var change = new Change(id, Id, Stamp, names, new StageTimes(now, now, now, now), now + TimeSpan.FromDays(3));
        passwords[id] = password;
        Captures.Add(change);
        return change;
    }

    public void WriteLate(int password, DateTimeOffset at) => late.Add((at, password));

    public void Advance(DateTimeOffset now)
    {
        foreach (var landing in late.Where(landing => landing.At <= now).OrderBy(landing => landing.At).ToList())
        {
            late.Remove(landing);
            Write(landing.Password, now);
        }
    }

    public void OpenIntent(Guid attemptId, DateTimeOffset until) => intent = (attemptId, until);

    public void CloseIntent(Guid attemptId, Stamp? written, ChangeOrigin of)
    {
        if (written is { } stamp && !(lastWritten >= stamp)) (lastWritten, origin) = (stamp, of);
        if (intent?.AttemptId == attemptId) intent = null;
    }
}
