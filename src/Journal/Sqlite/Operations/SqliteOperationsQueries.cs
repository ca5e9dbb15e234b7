using System.Collections.Immutable;
using Microsoft.Data.Sqlite;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Formats;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Sqlite.Operations;

/// <inheritdoc cref="IOperationsQueries"/>
internal sealed class SqliteOperationsQueries(SqliteEngine engine, SqliteInbox inbox) : IOperationsQueries
{
    private const string EventFields = "event_id, identity_id, seq, kind, body, at";

    public ValueTask<StoreCounts> CountAsync(long max, CancellationToken cancellationToken) => engine.ReadAsync(session => session.AtOneMoment(moment => Count(moment, max)), cancellationToken);

    public ValueTask<ImmutableArray<KnownAccount>> FindAccountsAsync(string text, int limit, CancellationToken cancellationToken) =>
        engine.ReadAsync(session => session.AtOneMoment(moment => AccountSearch.Find(moment, text, limit)), cancellationToken);

    public ValueTask<ImmutableArray<StuckDelivery>> ListParkedAsync(SyncPointId? point, int limit, CancellationToken cancellationToken) => ListStuckAsync("parked", point, limit, cancellationToken);

    public ValueTask<ImmutableArray<StuckDeliveries>> CountParkedAsync(CancellationToken cancellationToken) => CountStuckAsync("parked", cancellationToken);

    public ValueTask<ImmutableArray<StuckDelivery>> ListFailingAsync(SyncPointId? point, int limit, CancellationToken cancellationToken) => ListStuckAsync("failing", point, limit, cancellationToken);

    public ValueTask<ImmutableArray<StuckDeliveries>> CountFailingAsync(CancellationToken cancellationToken) => CountStuckAsync("failing", cancellationToken);

    public ValueTask<ImmutableArray<StuckDelivery>> ListMissedAsync(SyncPointId? point, int limit, CancellationToken cancellationToken) => ListStuckAsync("missed", point, limit, cancellationToken);

    public ValueTask<ImmutableArray<StuckDeliveries>> CountMissedAsync(CancellationToken cancellationToken) => CountStuckAsync("missed", cancellationToken);

    public ValueTask<ImmutableArray<UnconfirmedCapture>> ListUnconfirmedAsync(int limit, CancellationToken cancellationToken) => engine.ReadAsync(
        session => Collect(
            session.Query(
                """
                SELECT identity_id, seq, since FROM unconfirmed AS u
                WHERE NOT EXISTS (SELECT 1 FROM event AS e WHERE e.identity_id = u.identity_id AND e.seq > u.seq AND e.kind = 'capture-accepted.1') ORDER BY since LIMIT $1
                """,
                limit),
            row => new UnconfirmedCapture(new IdentityId(row.ReadGuid(0)), row.GetInt64(1), row.ReadTime(2))),
        cancellationToken);

    public ValueTask<ImmutableArray<InboxRow>> ListInboxAsync(IdentityId? identity, int limit, CancellationToken cancellationToken) => engine.ReadAsync(
        session => session.AtOneMoment(moment => inbox.List(moment, identity, limit)), cancellationToken);

    public ValueTask<ImmutableArray<PendingIdentity>> ListPendingAsync(PendingIdentity? after, int limit, CancellationToken cancellationToken) => engine.ReadAsync(
        session => Collect(
            session.Query(
                "SELECT identity_id, shard_id, due_at FROM pending WHERE due_at >= $1 AND (due_at, identity_id) > ($1, $2) ORDER BY due_at, identity_id LIMIT $3",
                after?.DueAt.ToColumnLimit() ?? long.MinValue, (after?.Identity.Value ?? Guid.Empty).ToColumn(), limit),
            row => new PendingIdentity(new IdentityId(row.ReadGuid(0)), row.GetInt32(1), row.ReadTime(2))),
        cancellationToken);

    public ValueTask<ImmutableArray<StoredEvent>> ReadEventsAsync(EventPage page, CancellationToken cancellationToken) => engine.ReadAsync(session => ReadEvents(session, page), cancellationToken);

    public ValueTask<StoredEvent?> FindChangeAsync(IdentityId identity, Guid captureId, CancellationToken cancellationToken) => engine.ReadAsync<StoredEvent?>(
        session => Collect(
            session.Query(
                $"SELECT {EventFields} FROM event WHERE kind = 'capture-accepted.1' AND json_extract(body, '$.change.captureId') = $1 AND identity_id = $2",
                captureId.ToString("D"), identity.Value.ToColumn()),
            ReadEvent).FirstOrDefault(found => found.Unreadable is null),
        cancellationToken);

    public ValueTask<ImmutableArray<AccountId>> ListAccountsAsync(IdentityId identity, CancellationToken cancellationToken) =>
        engine.ReadAsync(session => AccountSearch.AccountsOf(session, identity), cancellationToken);

    public ValueTask<ImmutableArray<KnownAccount>> ListIdentitiesAsync(SourceId source, Guid after, int limit, CancellationToken cancellationToken) => engine.ReadAsync(
        session => session.AtOneMoment(moment => AccountSearch.ListOf(moment, source, after, limit)), cancellationToken);

    public ValueTask<ImmutableArray<ShardRow>> ListShardsAsync(CancellationToken cancellationToken) => engine.ReadAsync(
        session => Collect(
            session.Query("SELECT shard_id, owner, epoch FROM shard ORDER BY shard_id"), row => new ShardRow(row.GetInt32(0), row.IsDBNull(1) ? null : row.GetString(1), row.GetInt64(2))),
        cancellationToken);

    private static StoreCounts Count(SqliteSession session, long max) => new(
        session.Number("SELECT count(*) FROM (SELECT DISTINCT identity_id FROM account LIMIT $1)", max) ?? 0,
        session.Number("SELECT count(*) FROM (SELECT 1 FROM inbox LIMIT $1)", max) ?? 0,
        session.Number("SELECT at FROM inbox ORDER BY seq LIMIT 1") is { } oldest ? DateTimeOffset.UnixEpoch.AddTicks(oldest * TimeSpan.TicksPerMicrosecond) : null,
        session.Number("SELECT count(*) FROM (SELECT 1 FROM pending LIMIT $1)", max) ?? 0,
        session.Number("SELECT count(*) FROM (SELECT 1 FROM secret LIMIT $1)", max) ?? 0,
        session.Number("SELECT max(event_id) FROM event") ?? 0);

    private ValueTask<ImmutableArray<StuckDelivery>> ListStuckAsync(string table, SyncPointId? point, int limit, CancellationToken cancellationToken) => engine.ReadAsync(
        session => Collect(
            session.Query($"SELECT identity_id, point, since FROM {table} WHERE $1 IS NULL OR point = $1 ORDER BY since LIMIT $2", point?.Value, limit),
            row => new StuckDelivery(new IdentityId(row.ReadGuid(0)), new SyncPointId(row.GetString(1)), row.ReadTime(2))),
        cancellationToken);

    private ValueTask<ImmutableArray<StuckDeliveries>> CountStuckAsync(string table, CancellationToken cancellationToken) => engine.ReadAsync(
        session => Collect(
            session.Query($"SELECT point, count(*), min(since) FROM {table} GROUP BY point ORDER BY point"),
            row => new StuckDeliveries(new SyncPointId(row.GetString(0)), row.GetInt64(1), row.ReadTime(2))),
        cancellationToken);

    private static ImmutableArray<StoredEvent> ReadEvents(SqliteSession session, EventPage page)
    {
        const string fits = "event_id > $1 AND event_id < $5 AND ($2 IS NULL OR instr($2, '|' || kind || '|') > 0) AND ($3 IS NULL OR at >= $3)";
        var kinds = page.Kinds.IsDefaultOrEmpty ? null : $"|{string.Join('|', page.Kinds)}|";
        var order = page.Newest ? "DESC" : "ASC";
        var rows = Collect(
            page.Identity is { } identity
                ? session.Query($"SELECT {EventFields} FROM event WHERE {fits} AND identity_id = $6 ORDER BY seq {order} LIMIT $4", page.After, kinds, page.Since?.ToColumn(), page.Limit, page.Before, identity.Value.ToColumn())
                : session.Query($"SELECT {EventFields} FROM event WHERE {fits} ORDER BY event_id {order} LIMIT $4", page.After, kinds, page.Since?.ToColumn(), page.Limit, page.Before),
            ReadEvent);
        return page.Newest ? [.. rows.Reverse()] : rows;
    }

    private static StoredEvent ReadEvent(SqliteDataReader row) =>
        EventReader.Read(row.GetInt64(0), new IdentityId(row.ReadGuid(1)), row.GetInt64(2), new StoredRecord(row.GetString(3), row.GetString(4)), row.ReadTime(5));

    private static ImmutableArray<T> Collect<T>(SqliteDataReader rows, Func<SqliteDataReader, T> read)
    {
        using (rows)
        {
            var collected = ImmutableArray.CreateBuilder<T>();
            while (rows.Read()) collected.Add(read(rows));
            return collected.ToImmutable();
        }
    }
}
