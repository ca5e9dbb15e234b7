using PasswordSync.Core.Decisions;
using PasswordSync.Core.Ports;
using Known = PasswordSync.Journal.Tests.Formats.KnownEvents;

namespace PasswordSync.Journal.Tests.Formats;

/// <summary>What the golden arrivals mean, by kind and in their order.</summary>
internal static class KnownArrivals
{
    public static IReadOnlyDictionary<string, Arrival[]> ByKind { get; } = new Dictionary<string, Arrival[]>
    {
        ["confirmed.1"] =
        [
            new Arrival.Confirmed(Known.Change, ["people", "admins"], ReadOnlyMemory<byte>.Empty),
            new Arrival.Confirmed(Known.Nameless, [], ReadOnlyMemory<byte>.Empty),
        ],
        ["ambiguous.1"] =
        [
            new Arrival.Ambiguous(
                [new Candidate(Known.Nameless, ReadOnlyMemory<byte>.Empty), new Candidate(Known.Change with { CaptureId = new(Known.AttemptId) }, ReadOnlyMemory<byte>.Empty)], ["people"]),
        ],
        ["report.1"] =
        [
            .. Enum.GetValues<CaptureVerdict>().Select(verdict => new Arrival.Report(Known.Capture, Known.Account, verdict, Known.At.AddSeconds(-3), Known.At)),
            new Arrival.Report(Known.Capture, Known.Account, CaptureVerdict.RefusedBySource, Known.At.AddSeconds(-3), Known.At) { Trace = Known.ReportTrace },
        ],
    };
}
