using PasswordSync.Core.Captures;

namespace PasswordSync.Capture.Spool;

/// <summary>What a record's first byte after the magic says. Values are the format's.</summary>
internal enum SpoolRecordKind : byte
{
    Capture = 1,
    Settled = 2,
    Account = 3,
}

/// <summary>How a capture left the spool. Values are the format's.</summary>
public enum Settlement : byte
{
    /// <summary>A node has the capture.</summary>
    Accepted = 1,

    /// <summary>A node refused it for good.</summary>
    Refused = 2,

    /// <summary>Not to be sent; a node has the report of it.</summary>
    Reported = 3,

    /// <summary>In no sync scope until the end of its grace time.</summary>
    Unwanted = 4,

    /// <summary>Of an account that is never captured.</summary>
    Excluded = 5,

    /// <summary>The spool was full, and a newer capture of the account is confirmed.</summary>
    GaveWay = 6,
}

/// <summary>One record of the spool. A closed set.</summary>
internal abstract record SpoolRecord(SpoolRecordKind Kind)
{
    public sealed record Capture(CaptureId CaptureId, DateTimeOffset SpooledAt, ReadOnlyMemory<byte> Envelope) : SpoolRecord(SpoolRecordKind.Capture);

    public sealed record Settled(CaptureId CaptureId, DateTimeOffset At, Settlement How) : SpoolRecord(SpoolRecordKind.Settled);

    public sealed record Account(Guid ObjectGuid, ReadOnlyMemory<byte> State) : SpoolRecord(SpoolRecordKind.Account);
}

/// <summary>The spool's files are not what this version writes; the message says which and what to do.</summary>
public sealed class SpoolFormatException(string message) : Exception(message);
