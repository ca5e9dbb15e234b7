using System.Buffers;
using PasswordSync.Core.Captures;

namespace PasswordSync.Capture.Spool;

/// <summary>The segments: appends with a flush, recovery, deletion. One caller at a time; throws what <see cref="ISpoolFiles"/> throws.</summary>
internal sealed class SpoolLog(ISpoolFiles files, SpoolIndex index, SpoolOptions options, TimeProvider time) : IDisposable
{
    private readonly List<SpoolSegment> segments = [];
    private ulong lastSequence;
    private bool headIsOpen;
    private bool hasUnflushedDeletion;

    /// <summary>Bytes of all segments.</summary>
    public long Bytes => segments.Sum(segment => segment.Length);

    public int SegmentCount => segments.Count;

    /// <summary>Bytes of held captures and of the last records of accounts, in all segments.</summary>
    public long LiveBytes => segments.Sum(segment => segment.LiveBytes);

    /// <summary>The segment that is next to go; null if only the one being written is left.</summary>
    public SpoolSegment? Oldest => segments.Count > (headIsOpen ? 1 : 0) ? segments[0] : null;

    public SpoolSegment? Head => headIsOpen ? segments[^1] : null;

    /// <summary>Reads all segments. What it finds damaged is set aside, and the segment condemned.</summary>
    /// <exception cref="SpoolFormatException">A newer version wrote here.</exception>
    public IReadOnlyList<SpoolDamage> Recover()
    {
        var damage = new List<SpoolDamage>();
        foreach (var name in files.List().Order(StringComparer.Ordinal))
        {
            if (!SpoolFormat.TryParseSegmentName(name, out var sequence)) continue;
            lastSequence = sequence;
            var file = files.Open(name);
            var segment = new SpoolSegment(sequence, file, file.Length);
            segments.Add(segment);
            var bytes = new byte[file.Length];
            var scan = SegmentScan.Of(bytes.AsMemory(0, file.Read(0, bytes)), sequence);
            foreach (var found in scan.Records) index.Apply(found.Record, segment, found.Offset, found.Length);
            foreach (var loss in scan.Damage)
            {
                segment.IsCondemned = true;
                damage.Add(loss);
                if (loss is { IsTail: true, IsZeros: true }) continue;
                files.SetAside($"{sequence:x16}-{loss.Offset}.bytes", bytes.AsSpan((int)loss.Offset, (int)loss.Length));
            }
        }

        return damage;
    }

    /// <summary>Appends all records with one flush, then takes note of them. After a failure none of them counts.</summary>
    public void Append(IReadOnlyList<SpoolRecord> records)
    {
        var head = OpenHead();
        var buffer = ArrayPool<byte>.Shared.Rent(records.Sum(record => SpoolFormat.RecordLength(SpoolFormat.BodyLength(record))));
        try
        {
            var written = new (long Offset, int Length)[records.Count];
            var total = 0;
            for (var i = 0; i < records.Count; i++)
            {
                var length = SpoolFormat.WriteRecord(records[i], head.Sequence, head.Length + total, buffer.AsSpan(total));
                written[i] = (head.Length + total, length);
                total += length;
            }

            WriteAndFlush(head, buffer.AsSpan(0, total));
            head.Length += total;
            for (var i = 0; i < records.Count; i++) index.Apply(records[i], head, written[i].Offset, written[i].Length);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads a held capture; null if it is not held, or its record cannot be read any more.</summary>
    public byte[]? Read(CaptureId captureId)
    {
        while (index.TryFind(captureId, out var place))
        {
            var bytes = new byte[place.Length];
            try
            {
                var read = place.Segment.File.Read(place.Offset, bytes);
                return SpoolFormat.TryReadRecord(bytes.AsMemory(0, read), place.Segment.Sequence, place.Offset, out var record, out _)
                    && record is SpoolRecord.Capture capture && capture.CaptureId == captureId
                    ? capture.Envelope.ToArray()
                    : null;
            }
            catch (ObjectDisposedException)
            {
                // The segment went away between the two lines above: the capture was moved, or settled. Look again.
            }
        }

        return null;
    }

    /// <summary>Writes no more to the present segment.</summary>
    public void CloseHead() => headIsOpen = false;

    /// <summary>
    /// Deletes the oldest segment and forgets what only it knew. Deletions outlive a crash in their order: else a segment could come back without
    /// a later one that says what became of its captures.
    /// </summary>
    public void DeleteOldest()
    {
        var oldest = Oldest ?? throw new InvalidOperationException("Internal error: no segment to delete.");
        if (hasUnflushedDeletion) files.FlushFolder();
        files.Delete(oldest.Name);
        hasUnflushedDeletion = true;
        segments.RemoveAt(0);
        index.Drop(oldest);
        oldest.Dispose();
        files.FlushFolder();
        hasUnflushedDeletion = false;
    }

    /// <summary>Forgets accounts, the longest recorded first and a segment's at a time, while there are more than the bound.</summary>
    public void ForgetAccounts(int countMax)
    {
        for (var i = 0; i < segments.Count - 1 && index.AccountCount > countMax; i++) index.DropAccounts(segments[i]);
    }

    public void Dispose()
    {
        foreach (var segment in segments) segment.Dispose();
    }

    private void WriteAndFlush(SpoolSegment head, ReadOnlySpan<byte> bytes)
    {
        try
        {
            head.File.Write(head.Length, bytes);
            head.File.Flush();
        }
        catch
        {
            // After a failed flush nobody knows what is on the disk: what was flushed before stays readable, nothing is added.
            CloseHead();
            if (head.Length == SpoolFormat.SegmentHeaderLength) Abandon(head);
            throw;
        }
    }

    private SpoolSegment OpenHead()
    {
        if (headIsOpen && segments[^1].Length < options.SegmentBytes) return segments[^1];
        var header = SpoolFormat.SegmentHeader(lastSequence + 1, time.GetUtcNow());
        var segment = new SpoolSegment(lastSequence + 1, files.Create(SpoolFormat.SegmentName(lastSequence + 1)), header.Length);
        lastSequence++;
        segments.Add(segment);
        try
        {
            segment.File.Write(0, header);
            segment.File.Flush();
            files.FlushFolder();
        }
        catch
        {
            CloseHead();
            Abandon(segment);
            throw;
        }

        headIsOpen = true;
        return segment;
    }

    /// <summary>Removes a segment in which nothing was ever recorded, so that a full disk does not fill with beginnings.</summary>
    private void Abandon(SpoolSegment segment)
    {
        segments.Remove(segment);
        segment.Dispose();
        try
        {
            files.Delete(segment.Name);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It holds no record: recovery passes over it.
        }
    }
}
