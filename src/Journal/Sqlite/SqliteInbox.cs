using System.Collections.Immutable;
using Microsoft.Data.Sqlite;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Formats;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Sqlite;

/// <inheritdoc cref="IInbox"/>
internal sealed class SqliteInbox(SqliteEngine engine, ArrivalReader arrivals, TimeProvider time) : IInbox
{
    private readonly Signal arrived = new();

    public async ValueTask<ImmutableArray<AcceptResult>> AcceptAsync(IReadOnlyList<Arrival> arrivals, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(arrivals);
        if (arrivals.Count == 0) return [];
        ArgumentOutOfRangeException.ThrowIfGreaterThan(arrivals.Count, IInbox.ArrivalsMax);
        var prepared = arrivals.Select(arrival => new StoredArrival(arrival)).ToArray();
        var results = await engine.Writer.WriteAsync(session => Accept(session, prepared), prepared.Length, insideTransaction: true, cancellationToken).ConfigureAwait(false);
        if (results.Contains(AcceptResult.Accepted)) arrived.Raise();
        return results;
    }

    public ValueTask<ImmutableHashSet<CaptureId>> FindKnownAsync(IReadOnlyCollection<CaptureId> captureIds, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(captureIds);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(captureIds.Count, IInbox.ArrivalsMax);
        return engine.ReadAsync(
            session => captureIds.Where(id => session.Number("SELECT 1 FROM accepted WHERE capture_id = $1", id.Value.ToColumn()) is not null).ToImmutableHashSet(), cancellationToken);
    }

    public ValueTask<ImmutableArray<InboxRow>> ReadAsync(IReadOnlyCollection<int> shards, IReadOnlySet<long> except, int limit, CancellationToken cancellationToken)
    {
        var wanted = shards.ToHashSet();
        return engine.ReadAsync(session => session.AtOneMoment(moment => Read(moment, wanted, except, limit)), cancellationToken);
    }

    public Task WaitForArrivalsAsync(TimeSpan atMost, CancellationToken cancellationToken) => arrived.WaitAsync(atMost, time, cancellationToken);

    /// <summary>What is not decided, for people: <see cref="IOperationsQueries.ListInboxAsync"/>.</summary>
    public ImmutableArray<InboxRow> List(SqliteSession session, IdentityId? identity, int limit)
    {
        var found = ImmutableArray.CreateBuilder<InboxRow>();
        using var rows = session.Query(
            "SELECT seq, shard_id, identity_id, kind, body FROM (SELECT * FROM inbox ORDER BY seq LIMIT $1) WHERE $2 IS NULL OR identity_id = $2 ORDER BY seq LIMIT $3",
            identity is null ? limit : IOperationsQueries.InboxLookMax, identity?.Value.ToColumn(), limit);
        while (rows.Read())
        {
            if (ToRow(session, rows) is { } row) found.Add(row);
        }

        return found.DrainToImmutable();
    }

    private ImmutableArray<AcceptResult> Accept(SqliteSession session, StoredArrival[] arrivals)
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

    private InboxRow? ToRow(SqliteSession session, SqliteDataReader row)
    {
        var (sequence, identity) = (row.GetInt64(0), new IdentityId(row.ReadGuid(2)));
        return arrivals.Read(sequence, identity, new StoredRecord(row.GetString(3), row.GetString(4))) is { } arrival
            ? new InboxRow(sequence, identity, row.GetInt32(1), arrival, SqliteAccountStore.ReadOwnWrites(session, arrival.Account))
            : null;
    }
}
