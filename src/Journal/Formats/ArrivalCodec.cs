using System.Collections.Frozen;
using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Ports;

namespace PasswordSync.Journal.Formats;

/// <summary>What waits in the inbox, to and from its stored form, without envelopes: docs/spec/journal.md.</summary>
internal static class ArrivalCodec
{
    private static readonly FrozenDictionary<string, Func<StoredRecord, Arrival>> Readers = new Dictionary<string, Func<StoredRecord, Arrival>>
    {
        ["confirmed.1"] = record => Of(record.Read(JournalJson.Default.ConfirmedBody)),
        ["ambiguous.1"] = record => Of(record.Read(JournalJson.Default.AmbiguousBody)),
        ["report.1"] = record => Of(record.Read(JournalJson.Default.ReportBody)),
    }.ToFrozenDictionary();

    /// <summary>The kinds that this version reads.</summary>
    public static ImmutableArray<string> Kinds => Readers.Keys;

    /// <exception cref="InvalidOperationException">The arrival has no stored form: it is new, and nobody gave it one.</exception>
    public static StoredRecord Encode(Arrival arrival) => arrival switch
    {
        Arrival.Confirmed a => StoredRecord.Write("confirmed.1", new ConfirmedBody(a.Change.ToBody(), a.Scopes), JournalJson.Default.ConfirmedBody),
        Arrival.Ambiguous a => StoredRecord.Write(
            "ambiguous.1", new AmbiguousBody([.. a.Candidates.Select(candidate => candidate.Change.ToBody())], a.Scopes), JournalJson.Default.AmbiguousBody),
        Arrival.Report a => StoredRecord.Write(
            "report.1",
            new ReportBody(a.CaptureId.Value, a.Account.ToBody(), Vocabulary.CaptureVerdicts.Of(a.Verdict), a.CapturedAt, a.AcceptedAt, a.Trace?.ToBody()),
            JournalJson.Default.ReportBody),
        _ => throw new InvalidOperationException($"Internal error: the arrival {arrival.GetType().Name} has no stored form."),
    };

    /// <exception cref="UnreadableRecordException">The kind is unknown or the body is not of its shape.</exception>
    public static Arrival Decode(StoredRecord record) => Readers.TryGetValue(record.Kind, out var read) ? read(record) : throw record.Unknown("an arrival");

    private static Arrival.Confirmed Of(ConfirmedBody b) => new(b.Change.ToChange(), [.. b.Scopes], ReadOnlyMemory<byte>.Empty);

    private static Arrival.Ambiguous Of(AmbiguousBody b) =>
        new([.. b.Candidates.Select(change => new Candidate(change.ToChange(), ReadOnlyMemory<byte>.Empty))], [.. b.Scopes]);

    private static Arrival.Report Of(ReportBody b) =>
        new(new CaptureId(b.CaptureId), b.Account.ToAccount(), Vocabulary.CaptureVerdicts.Read(b.Verdict), b.CapturedAt, b.AcceptedAt) { Trace = b.Trace?.ToTrace() };
}
