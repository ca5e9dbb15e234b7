using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Formats;
using PasswordSync.Journal.Sqlite.Engine;

namespace PasswordSync.Journal.Sqlite;

/// <inheritdoc cref="IInbox"/>
internal sealed partial class SqliteInbox(SqliteEngine engine, TimeProvider time, ILogger logger) : IInbox
{
    /// <summary>How many unreadable rows are reported, each once.</summary>
    private const int UnreadableReportedMax = 1_000;

    private readonly Signal arrived = new();
    private readonly ConcurrentDictionary<long, bool> unreadable = new();

    public async ValueTask<ImmutableArray<AcceptResult>> AcceptAsync(IReadOnlyList<Arrival> arrivals, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(arrivals);
        if (arrivals.Count == 0) return [];
        ArgumentOutOfRangeException.ThrowIfGreaterThan(arrivals.Count, IInbox.ArrivalsMax);
        var prepared = arrivals.Select(arrival => new PreparedArrival(arrival)).ToArray();
        var results = await engine.Writer.WriteAsync(session => Accept(session, prepared), prepared.Length, insideTransaction: true, cancellationToken).ConfigureAwait(false);
        if (results.Contains(AcceptResult.Accepted)) arrived.Raise();
        return results;
    }

    public ValueTask<ImmutableArray<InboxRow>> ReadAsync(IReadOnlyCollection<int> shards, IReadOnlySet<long> except, int limit, CancellationToken cancellationToken)
    {
        var wanted = shards.ToHashSet();
        return engine.ReadAsync(session => session.AtOneMoment(moment => Read(moment, wanted, except, limit)), cancellationToken);
    }

    public async Task WaitForArrivalsAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(arrived.WaitAsync(), Task.Delay(atMost, time, ending.Token)).ConfigureAwait(false);
        await ending.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private ImmutableArray<AcceptResult> Accept(SqliteSession session, PreparedArrival[] arrivals)
    {
        var results = ImmutableArray.CreateBuilder<AcceptResult>(arrivals.Length);
        foreach (var arrival in arrivals) results.Add(arrival.Write(session, engine.Options));
        return results.MoveToImmutable();
    }

    // What is in work is skipped while walking: it is a small part, bounded by what the actors hold at once.
    private ImmutableArray<InboxRow> Read(SqliteSession session, HashSet<int> shards, IReadOnlySet<long> except, int limit)
    {
        var found = ImmutableArray.CreateBuilder<InboxRow>();
        using var rows = session.Query("SELECT seq, shard_id, identity_id, kind, body FROM inbox ORDER BY seq");
        while (found.Count < limit && rows.Read())
        {
            if (except.Contains(rows.GetInt64(0)) || !shards.Contains(rows.GetInt32(1))) continue;
            if (ToRow(session, rows) is { } row) found.Add(row);
        }

        return found.DrainToImmutable();
    }

    // A row that cannot be read stays where it is, undecided, and is told of: it must not hold up those of others.
    private InboxRow? ToRow(SqliteSession session, SqliteDataReader row)
    {
        var (sequence, identity) = (row.GetInt64(0), new IdentityId(row.ReadGuid(2)));
        try
        {
            var arrival = ArrivalCodec.Decode(new StoredRecord(row.GetString(3), row.GetString(4)));
            return new InboxRow(sequence, identity, row.GetInt32(1), arrival, SqliteAccountStore.ReadOwnWrites(session, arrival.Account));
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
