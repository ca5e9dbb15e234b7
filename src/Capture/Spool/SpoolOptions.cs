namespace PasswordSync.Capture.Spool;

/// <summary>Bounds of the spool.</summary>
public sealed record SpoolOptions
{
    /// <summary>After how many bytes a new segment begins. Default 4 MiB; 64 KiB to 64 MiB.</summary>
    public int SegmentBytes { get; init; } = 4 << 20;

    /// <summary>Above how many bytes of files no capture is taken. Default 256 MiB, about 180,000 captures; at least four segments.</summary>
    public long BytesMax { get; init; } = 256L << 20;

    /// <summary>How many accounts' stamps are remembered. Default 100,000; at least 1. With fewer than there are accounts, some proofs need a second look.</summary>
    public int AccountsMax { get; init; } = 100_000;

    /// <summary>How many ids of settled captures are remembered, so that a late repeat is known. Default 65,536.</summary>
    public int SettledIdsMax { get; init; } = 65_536;

    /// <summary>How many bytes of records one flush covers at most. Default 1 MiB.</summary>
    public int BatchBytesMax { get; init; } = 1 << 20;

    /// <summary>How long after a failed write the next is tried by itself. Default 1 s.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Options for a bound, with segments that suit it.</summary>
    /// <param name="bytesMax">1 MiB or more.</param>
    public static SpoolOptions Within(long bytesMax) => new() { BytesMax = bytesMax, SegmentBytes = (int)Math.Clamp(bytesMax / 16, 64 << 10, 4 << 20) };

    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range; the message says which.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(SegmentBytes, 64 << 10);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(SegmentBytes, 64 << 20);
        ArgumentOutOfRangeException.ThrowIfLessThan(BytesMax, 4L * SegmentBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(AccountsMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(SettledIdsMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchBytesMax, SpoolFormat.BodyLengthMax + SpoolFormat.RecordHeaderLength);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(RetryDelay, TimeSpan.Zero);
    }
}
