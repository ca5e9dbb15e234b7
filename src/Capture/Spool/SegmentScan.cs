using System.Collections.Immutable;

namespace PasswordSync.Capture.Spool;

/// <summary>What stands in one segment. Pure.</summary>
/// <param name="Records">The records with right checksums, by offset.</param>
/// <param name="Damage">The bytes between them that are none.</param>
internal sealed record SegmentScan(ImmutableArray<ScannedRecord> Records, ImmutableArray<SpoolDamage> Damage)
{
    /// <param name="bytes">The whole file.</param>
    /// <param name="sequence">From its name.</param>
    /// <exception cref="SpoolFormatException">A newer version wrote it.</exception>
    public static SegmentScan Of(ReadOnlyMemory<byte> bytes, ulong sequence)
    {
        var records = ImmutableArray.CreateBuilder<ScannedRecord>();
        var damage = ImmutableArray.CreateBuilder<SpoolDamage>();
        var headerLength = Math.Min(SpoolFormat.SegmentHeaderLength, bytes.Length);
        if (!SpoolFormat.IsSegmentHeader(bytes.Span, sequence)) damage.Add(Damaged(0, headerLength));

        var damagedFrom = -1;
        var at = headerLength;
        while (at < bytes.Length)
        {
            if (SpoolFormat.TryReadRecord(bytes[at..], sequence, at, out var record, out var length))
            {
                if (damagedFrom >= 0) damage.Add(Damaged(damagedFrom, at));
                damagedFrom = -1;
                records.Add(new ScannedRecord(record, at, length));
                at += length;
                continue;
            }

            if (damagedFrom < 0) damagedFrom = at;
            at += SpoolFormat.Alignment;
        }

        if (damagedFrom >= 0) damage.Add(Damaged(damagedFrom, bytes.Length));
        return new SegmentScan(records.ToImmutable(), damage.ToImmutable());

        SpoolDamage Damaged(int from, int to) =>
            new(SpoolFormat.SegmentName(sequence), from, to - from, IsTail: to == bytes.Length, IsZeros: !bytes.Span[from..to].ContainsAnyExcept((byte)0));
    }
}

/// <param name="Record">What it says; its memory is the file's.</param>
/// <param name="Offset">Where it begins.</param>
/// <param name="Length">Its space, padding included.</param>
internal readonly record struct ScannedRecord(SpoolRecord Record, long Offset, int Length);

/// <summary>Bytes of a segment that are no record.</summary>
/// <param name="Segment">The file's name.</param>
/// <param name="Offset">Where they begin.</param>
/// <param name="Length">How many.</param>
/// <param name="IsTail">They reach the end of the file: what a crash leaves of a batch that was not acknowledged.</param>
/// <param name="IsZeros">All of them are zero.</param>
public sealed record SpoolDamage(string Segment, long Offset, long Length, bool IsTail, bool IsZeros);
