using PasswordSync.Core.Captures;

namespace PasswordSync.Capture.Spool;

/// <summary>Gives space back, at most one segment a turn: docs/spec/spool.md, "Giving space back".</summary>
internal sealed class SpoolHousekeeper(SpoolLog log, SpoolIndex index, SpoolOptions options, Action<CaptureId> onLost)
{
    /// <summary>Below this many bytes of what nobody needs any more, nothing is moved.</summary>
    private const int GarbageBytesMin = 256 << 10;

    /// <summary>Does one piece of work if there is any.</summary>
    /// <returns>Whether there may be more.</returns>
    public bool Turn()
    {
        log.ForgetAccounts(options.AccountsMax);
        if (log.Oldest is null && IsMostlyGarbage) log.CloseHead();
        if (log.Oldest is not { } oldest || !ShouldGo(oldest)) return false;

        var (held, accounts) = index.ContentsOf(oldest);
        var kept = new List<SpoolRecord>(accounts);
        foreach (var captureId in held)
        {
            if (index.TryFind(captureId, out var place) && log.Read(captureId) is { } envelope) kept.Add(new SpoolRecord.Capture(captureId, place.SpooledAt, envelope));
            else onLost(captureId);
        }

        foreach (var part in Parts(kept)) log.Append(part);
        log.DeleteOldest();
        return true;
    }

    private bool ShouldGo(SpoolSegment oldest) =>
        oldest.IsCondemned
        || oldest.LiveBytes == 0
        || IsMostlyGarbage
        || (log.Bytes >= options.BytesMax && log.LiveBytes <= options.BytesMax / 4 * 3);

    // Each turn removes the oldest segment's garbage, so this is not so for ever, and a byte is moved about once at most.
    private bool IsMostlyGarbage => log.Bytes - log.LiveBytes is > GarbageBytesMin and var garbage && garbage > log.LiveBytes;

    private IEnumerable<IReadOnlyList<SpoolRecord>> Parts(List<SpoolRecord> records)
    {
        var part = new List<SpoolRecord>();
        var bytes = 0;
        foreach (var record in records)
        {
            part.Add(record);
            bytes += SpoolFormat.RecordLength(SpoolFormat.BodyLength(record));
            if (bytes < options.BatchBytesMax) continue;
            yield return part;
            part = [];
            bytes = 0;
        }

        if (part.Count > 0) yield return part;
    }
}
