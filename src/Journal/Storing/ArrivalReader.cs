using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Formats;

namespace PasswordSync.Journal.Storing;

/// <summary>Reads the arrivals of inbox rows. A row that cannot be read stays where it is, undecided, and is told of once: it must not hold up those of others.</summary>
internal sealed partial class ArrivalReader(ILogger logger)
{
    /// <summary>How many unreadable rows are reported, each once.</summary>
    private const int UnreadableReportedMax = 1_000;

    private readonly ConcurrentDictionary<long, bool> unreadable = new();

    /// <summary>The arrival in a row; null if it cannot be read.</summary>
    public Arrival? Read(long sequence, IdentityId identity, StoredRecord record)
    {
        try
        {
            return ArrivalCodec.Decode(record);
        }
        catch (UnreadableRecordException trouble)
        {
            if (unreadable.Count < UnreadableReportedMax && unreadable.TryAdd(sequence, true)) RowUnreadable(logger, sequence, identity, trouble);
            return null;
        }
    }

    [LoggerMessage(EventId = 4021, Level = LogLevel.Error, Message = "Row {Sequence} of the inbox, of identity {Identity}, cannot be read; it stays there undecided")]
    private static partial void RowUnreadable(ILogger logger, long sequence, IdentityId identity, Exception trouble);
}
