using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace PasswordSync.Capture.Health;

/// <summary>Whether the filter inside LSASS captures, and if not, why.</summary>
public enum FilterState
{
    Armed = 0,
    Disabled = 1,
    NotInstalled = 2,
    NotADomainController = 3,
    RestoreMode = 4,
    ReadOnlyController = 5,
    NotStarted = 6,
}

/// <summary>What the filter was not able to capture, since LSASS started it.</summary>
public sealed record FilterLosses(long NoSettings, long Name, long Password, long Cryptography, long QueueFull, long Fault)
{
    public static readonly FilterLosses None = new(0, 0, 0, 0, 0, 0);

    public long Total => NoSettings + Name + Password + Cryptography + QueueFull + Fault;

    /// <summary>What was lost after an earlier look.</summary>
    public FilterLosses Since(FilterLosses earlier) => new(
        NoSettings - earlier.NoSettings, Name - earlier.Name, Password - earlier.Password, Cryptography - earlier.Cryptography, QueueFull - earlier.QueueFull, Fault - earlier.Fault);

    /// <summary>The reasons that are not zero, for people.</summary>
    public override string ToString()
    {
        (long Count, string Reason)[] reasons =
        [
            (NoSettings, "there was no usable capture file"), (Name, "the account's name does not fit"), (Password, "the password is longer than 510 characters or malformed"),
            (Cryptography, "it could not be sealed"), (QueueFull, "the filter's queue was full"), (Fault, "the call faulted"),
        ];
        return string.Join(", ", reasons.Where(reason => reason.Count > 0).Select(reason => string.Create(CultureInfo.InvariantCulture, $"{reason.Count} because {reason.Reason}")));
    }
}

/// <summary>The filter's account of itself: docs/spec/handover.md, "Filter status". It holds no secret.</summary>
/// <param name="StartedAt">When LSASS started the filter.</param>
/// <param name="ProcessId">Of LSASS.</param>
/// <param name="State">Whether it captures.</param>
/// <param name="FileFault">What is wrong with the capture file; 0 if nothing is.</param>
/// <param name="FileLine">Where in the file.</param>
/// <param name="FilesTaken">How often a good capture file was taken over; 0: never.</param>
/// <param name="Waiting">Sealed captures in the filter's memory now.</param>
/// <param name="Heard">Changes that LSA told of.</param>
/// <param name="Captured">Of these, sealed.</param>
/// <param name="Delivered">Acknowledged by the edge.</param>
/// <param name="Dropped">Written as a file.</param>
/// <param name="Misses">How often LSA's thread gave up waiting for the edge.</param>
/// <param name="Stuck">How often neither edge nor drop folder took a capture.</param>
/// <param name="WrongServer">How often another program than the edge listened on the pipe.</param>
/// <param name="Losses">What was not captured.</param>
public sealed record FilterStatus(
    DateTimeOffset StartedAt, long ProcessId, FilterState State, long FileFault, long FileLine, long FilesTaken, long Waiting, long Heard, long Captured, long Delivered, long Dropped,
    long Misses, long Stuck, long WrongServer, FilterLosses Losses)
{
    /// <summary>How many bytes version 1 has at least: those of its first filter.</summary>
    public const int Length = 8 + (22 * sizeof(long));

    /// <summary>How many bytes of it this edge knows; a filter that LSASS still holds after an upgrade of the edge may have fewer.</summary>
    public const int KnownLength = 8 + (24 * sizeof(long));

    /// <summary>How often one of the filter's own threads faulted; it lost nothing by that. 0 also of a filter that does not count it.</summary>
    public long ThreadFaults { get; init; }

    /// <summary>Reads the memory that the filter shares.</summary>
    /// <returns>False if it is not of a filter that this edge knows.</returns>
    public static bool TryRead(ReadOnlySpan<byte> memory, [NotNullWhen(true)] out FilterStatus? status)
    {
        status = null;
        if (memory.Length < Length || !memory[..4].SequenceEqual("PSFS"u8) || BinaryPrimitives.ReadUInt32LittleEndian(memory[4..]) != 1) return false;
        Span<long> values = stackalloc long[(KnownLength / sizeof(long)) - 1];
        for (var index = 0; index < values.Length && 8 * (index + 2) <= memory.Length; index++) values[index] = BinaryPrimitives.ReadInt64LittleEndian(memory[(8 * (index + 1))..]);
        if (values[0] < 0 || values[0] > DateTimeOffset.MaxValue.ToFileTime()) return false;
        status = new FilterStatus(
            DateTimeOffset.FromFileTime(values[0]).ToUniversalTime(), values[1], (FilterState)values[2], values[3], values[4], values[5], values[6], values[7], values[10], values[11], values[12],
            values[13], values[14], values[15], new FilterLosses(values[16], values[17], values[18], values[19], values[20], values[21]))
        {
            ThreadFaults = values[23],
        };
        return true;
    }
}
