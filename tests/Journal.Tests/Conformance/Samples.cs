using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Journal.Tests.Conformance;

/// <summary>Values for tests; ids count up, so that each is another.</summary>
internal static class Samples
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero);

    public static readonly SourceId Source = new("corp.example");

    public static readonly SyncPointId Mail = new("mail");

    public static readonly SyncPointId Files = new("files");

    public static readonly Guid Controller = new("3f1a0a6e-5b0e-4a0b-9a55-0d9c7a3f1e01");

    public static AccountId NewAccount() => new(Source, Guid.NewGuid());

    public static CaptureId NewCapture() => new(Guid.NewGuid());

    /// <summary>An event that fits any state.</summary>
    public static IdentityEvent.CaptureReported Report(DateTimeOffset at) => new(at, NewCapture(), NewAccount(), CaptureVerdict.RefusedBySource, at);

    public static Stamp StampOf(uint version) => new(0, version, Stamp.ToOriginatingSecond(Start) + version, Controller);

    public static Change ChangeOf(AccountId account, uint version, DateTimeOffset? acceptedAt = null, TimeSpan? maximumAge = null)
    {
        var at = acceptedAt ?? Start;
        return new Change(
            NewCapture(),
            account,
            StampOf(version),
            new AccountNames("CN=Ada Łukasiewicz,OU=People,DC=corp,DC=example", "ada", "ada@corp.example", null),
            new StageTimes(at.AddMilliseconds(-40), at.AddMilliseconds(-39), at.AddMilliseconds(-10), at),
            at + (maximumAge ?? TimeSpan.FromDays(7)));
    }

    public static byte[] EnvelopeOf(Change change) => [1, 1, .. change.CaptureId.Value.ToByteArray(bigEndian: true), .. new byte[1_200]];

    public static Arrival.Confirmed Arrive(Change change) => new(change, ["people"], EnvelopeOf(change));
}
