using System.Globalization;
using PasswordSync.Capture.StampProof;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Capture.Tests.StampProof;

/// <summary>One account in a test: captures and looks at times in seconds, verdicts as text such as <c>"c1 confirmed 6"</c>.</summary>
public sealed class ProofScript(HookKind hook)
{
    public static readonly Guid ThisDc = new("aaaaaaaa-0000-0000-0000-000000000001");
    public static readonly Guid OtherDc = new("bbbbbbbb-0000-0000-0000-000000000002");
    private static readonly DateTimeOffset Start = new(2026, 3, 2, 10, 0, 0, TimeSpan.Zero);

    private readonly List<string> names = [];
    private readonly List<OpenCapture> captures = [];

    public ProofRules Rules { get; set; } = ProofRules.For(hook);

    public AccountProof Proof { get; set; } = AccountProof.Unknown;

    public Stamp? NotCaptured { get; private set; }

    public DateTimeOffset? LookAgainAt { get; private set; }

    public static DateTimeOffset At(double seconds) => Start + TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond));

    public static Stamp Own(uint version, int second) => new(0, version, Stamp.ToOriginatingSecond(Start) + second, ThisDc);

    public static Stamp Other(uint version, int second) => new(0, version, Stamp.ToOriginatingSecond(Start) + second, OtherDc);

    /// <summary>A capture; the first is c1.</summary>
    public ProofScript Capture(double at)
    {
        names.Add($"c{names.Count + 1}");
        captures.Add(new OpenCapture(IdOf(names.Count), At(at)));
        Proof = Proof.Observe(captures[^1]);
        return this;
    }

    /// <summary>A look of 2 ms.</summary>
    /// <returns>The verdicts, separated by <c>"; "</c>.</returns>
    public string Look(double at, Stamp? stamp, double? writtenAt = null, bool isNameCertain = true, double observedAfter = 0.002)
    {
        var look = new AccountLook(At(at), At(at + 0.002), At(at + observedAfter), ThisDc, stamp, writtenAt is { } time ? At(time) : null, isNameCertain);
        var step = StampProver.Conclude(Proof, look, Rules);
        Proof = step.Proof;
        NotCaptured = step.NotCaptured;
        LookAgainAt = step.LookAgainAt;
        return string.Join("; ", step.Verdicts.Select(Describe));
    }

    /// <summary>The edge ends and begins again.</summary>
    /// <param name="unanswered">Captures that have their verdict, and that no node has: they are still in the spool.</param>
    public ProofScript Restart(params int[] unanswered)
    {
        var open = Proof.Open.AddRange(unanswered.Select(number => captures[number - 1]));
        Proof = Proof.Known is { } known && AccountMemory.TryRead(new AccountMemory(known, Proof.SettledThrough, "ann").Write(), out var memory) ? memory.ToProof() : AccountProof.Unknown;
        foreach (var capture in open) Proof = Proof.Observe(capture);
        return this;
    }

    private static CaptureId IdOf(int number) => new(new Guid(number, 0, 0, new byte[8]));

    private string NameOf(OpenCapture capture) => NameOf(capture.CaptureId);

    private string NameOf(CaptureId id) => names[id.Value.ToByteArray()[0] - 1];

    private string Describe(StampVerdict verdict) => verdict switch
    {
        StampVerdict.Confirmed v => string.Create(CultureInfo.InvariantCulture, $"{NameOf(v.Capture)} confirmed {v.Stamp.Version}"),
        StampVerdict.Superseded v => $"{NameOf(v.Capture)} superseded by {(v.By is { } by ? NameOf(by) : "nobody known")}",
        StampVerdict.RefusedBySource v => $"{NameOf(v.Capture)} refused",
        StampVerdict.Overtaken v => string.Create(CultureInfo.InvariantCulture, $"{NameOf(v.Capture)} overtaken {v.Stamp.Version}"),
        StampVerdict.Ambiguous v => string.Create(CultureInfo.InvariantCulture, $"{string.Join(" or ", v.Candidates.Select(NameOf))} ambiguous {v.Stamp.Version}"),
        StampVerdict.Unconfirmed v => $"{NameOf(v.Capture)} unconfirmed",
        _ => throw new InvalidOperationException(),
    };
}
