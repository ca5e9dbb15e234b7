using PasswordSync.Capture.StampProof;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Capture.Tests.StampProof;

/// <summary>
/// The truth in the model: one account on this DC and on another one, with Active Directory's own conflict rule, over some minutes. Everything that
/// docs/spec/stamp-proof.md relies on holds; everything else is left to chance.
/// </summary>
public sealed class SimulatedDomain
{
    public static readonly DateTimeOffset Start = new(2026, 3, 2, 10, 0, 0, TimeSpan.Zero);
    private static readonly int[] GapsMs = [0, 3, 40, 120, 400, 900, 1_100, 2_500, 8_000, 33_000];
    private static readonly int[] CommitsMs = [1, 3, 20, 90, 400, 1_200, 9_000, 28_000];

    private readonly Random random;
    private readonly ProofRules rules;
    private readonly List<(DateTimeOffset At, Action Happens)> events = [];
    private readonly Dictionary<Stamp, CaptureId?> causes = [];
    private readonly long otherClockSkewSeconds;

    public SimulatedDomain(Random random, ProofRules rules)
    {
        this.random = random;
        this.rules = rules;
        otherClockSkewSeconds = random.Next(3) == 0 ? random.Next(-200, 200) : 0;
        Initial();
        Attempts();
        OtherDc();
        events.Sort((left, right) => left.At.CompareTo(right.At));
    }

    /// <summary>A capture's truth.</summary>
    public sealed record Attempt(CaptureId Id, DateTimeOffset CapturedAt, DateTimeOffset ObservableAt, bool IsAccepted)
    {
        /// <summary>What it caused; null until it is committed, for ever if it is refused.</summary>
        public Stamp? Stamp { get; set; }
    }

    public List<Attempt> All { get; } = [];

    /// <summary>The last moment at which anything happens.</summary>
    public DateTimeOffset End { get; private set; } = Start;

    /// <summary>This DC's present stamp.</summary>
    public Stamp? Here { get; private set; }

    /// <summary>The present stamp's writing time, if the directory gives it.</summary>
    public DateTimeOffset? WrittenAt { get; private set; }

    private Stamp? There { get; set; }

    public CaptureId? CauseOf(Stamp stamp) => causes.GetValueOrDefault(stamp);

    /// <summary>Lets everything happen until a moment.</summary>
    public void RunUntil(DateTimeOffset now)
    {
        while (events.Count > 0 && events[0].At <= now)
        {
            var happens = events[0].Happens;
            events.RemoveAt(0);
            happens();
        }
    }

    private void Initial()
    {
        if (random.Next(4) == 0) return;
        var isOwn = random.Next(2) == 0;
        Here = There = new Stamp(0, (uint)random.Next(1, 9), Stamp.ToOriginatingSecond(Start) - random.Next(1, 10_000), isOwn ? ProofScript.ThisDc : ProofScript.OtherDc);
        if (isOwn && random.Next(2) == 0) WrittenAt = Here.Value.OriginatingTime + TimeSpan.FromMilliseconds(1);
    }

    private void Attempts()
    {
        var count = random.Next(1, 6);
        var at = Start + TimeSpan.FromMilliseconds(random.Next(3_000, 5_000));
        for (var number = 1; number <= count; number++)
        {
            var id = new CaptureId(new Guid(number, 0, 0, new byte[8]));
            at = (rules.Hook == HookKind.BeforeCommit ? BeforeCommit(id, at) : AfterCommit(id, at)) + Ms(GapsMs[random.Next(GapsMs.Length)]);
        }
    }

    /// <returns>When the next may begin: such writes do not overlap.</returns>
    private DateTimeOffset BeforeCommit(CaptureId id, DateTimeOffset begins)
    {
        var capturedAt = begins + Ms(random.Next(1, 120));
        var observableAt = capturedAt + Ms(random.Next(3) == 0 ? random.Next(1, 200) : 1);
        var ends = observableAt + Ms(CommitsMs[random.Next(CommitsMs.Length)]);
        var attempt = new Attempt(id, capturedAt, observableAt, IsAccepted: random.Next(3) > 0);
        All.Add(attempt);
        if (attempt.IsAccepted)
        {
            var stampedAt = capturedAt + ((ends - capturedAt) * random.NextDouble());
            Schedule(ends, () => Commit(attempt, stampedAt, begins));
        }

        Schedule(ends, () => { });
        return ends + Ms(random.Next(1, 3));
    }

    /// <returns>When the next may begin: such writes may overlap with the hook of this one.</returns>
    private DateTimeOffset AfterCommit(CaptureId id, DateTimeOffset begins)
    {
        var committedAt = begins + Ms(random.Next(1, 100));
        var left = (int)(begins + rules.HookWithin - committedAt).TotalMilliseconds - 1;
        var capturedAt = committedAt + Ms(random.Next(3) == 0 ? random.Next(0, left) : random.Next(0, 5));
        var observableAt = capturedAt + Ms(random.Next(0, Math.Min(400, (int)(begins + rules.HookWithin - capturedAt).TotalMilliseconds)));
        var attempt = new Attempt(id, capturedAt, observableAt, IsAccepted: true);
        All.Add(attempt);
        Schedule(committedAt, () => Commit(attempt, begins + ((committedAt - begins) * random.NextDouble()), begins));
        Schedule(observableAt, () => { });
        return committedAt;
    }

    private void Commit(Attempt attempt, DateTimeOffset stampedAt, DateTimeOffset writtenAt)
    {
        var stamp = new Stamp(0, (Here?.Version ?? 0) + 1, Stamp.ToOriginatingSecond(stampedAt), ProofScript.ThisDc);
        attempt.Stamp = stamp;
        causes[stamp] = attempt.Id;
        Here = stamp;
        WrittenAt = random.Next(2) == 0 ? writtenAt : null;
        Schedule(stampedAt + Ms(random.Next(1, 6_000)), () => Replicate(stamp, toHere: false));
    }

    private void OtherDc()
    {
        for (var i = random.Next(0, 4); i > 0; i--)
        {
            Schedule(Start + Ms(random.Next(2_000, 25_000)), () =>
            {
                var second = Stamp.ToOriginatingSecond(Start) + otherClockSkewSeconds + random.Next(2, 25);
                var stamp = new Stamp(0, (There?.Version ?? 0) + 1, second, ProofScript.OtherDc);
                There = stamp;
                Schedule(Start + Ms(random.Next(25_000)), () => Replicate(stamp, toHere: true));
            });
        }
    }

    private void Replicate(Stamp stamp, bool toHere)
    {
        if (toHere && (Here is null || stamp > Here))
        {
            Here = stamp;
            WrittenAt = null;
        }
        else if (!toHere && (There is null || stamp > There))
        {
            There = stamp;
        }
    }

    private void Schedule(DateTimeOffset at, Action happens)
    {
        if (at > End) End = at;
        var index = events.FindIndex(other => other.At > at);
        events.Insert(index < 0 ? events.Count : index, (at, happens));
    }

    private static TimeSpan Ms(double ms) => TimeSpan.FromTicks((long)(ms * TimeSpan.TicksPerMillisecond) + 7);
}
