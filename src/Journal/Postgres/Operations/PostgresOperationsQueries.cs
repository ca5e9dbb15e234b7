using System.Collections.Immutable;
using Npgsql;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Formats;
using PasswordSync.Journal.Postgres.Engine;
using PasswordSync.Journal.Storing;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres.Operations;

/// <inheritdoc cref="IOperationsQueries"/>
internal sealed class PostgresOperationsQueries(PostgresDatabase database, PostgresInbox inbox) : IOperationsQueries
{
    /// <summary>How often a reader looks whether the transactions before it have ended, and how long it pauses between: a second in all.</summary>
    private const int SettlingLooksMax = 100;

    // The greatest event number below which all are known to be settled: that stays so.
    private long settled;

    private const string EventFields = "event_id, identity_id, seq, kind, body, at";

    public async ValueTask<StoreCounts> CountAsync(long max, CancellationToken cancellationToken) => (await database.ReadAsync(
        (connection, token) => connection.Command(
            """
            SELECT (SELECT count(*) FROM (SELECT DISTINCT identity_id FROM account LIMIT $1) AS known), (SELECT count(*) FROM (SELECT FROM inbox LIMIT $1) AS waiting),
              (SELECT at FROM inbox ORDER BY seq LIMIT 1), (SELECT count(*) FROM (SELECT FROM pending LIMIT $1) AS busy),
              (SELECT count(*) FROM (SELECT FROM secret LIMIT $1) AS held), (SELECT coalesce(max(event_id), 0) FROM event)
            """,
            Of(max)).RowsAsync(
            row => new StoreCounts(row.GetInt64(0), row.GetInt64(1), row.Optional<long>(2) is { } oldest ? StoredTime.FromColumn(oldest) : null, row.GetInt64(3), row.GetInt64(4), row.GetInt64(5)),
            token),
        cancellationToken).ConfigureAwait(false)).Single();

    public async ValueTask<ImmutableArray<KnownAccount>> FindAccountsAsync(string text, int limit, CancellationToken cancellationToken) =>
        [.. await database.ReadAsync((connection, token) => KnownAccounts.FindAsync(connection, text, limit, token), cancellationToken).ConfigureAwait(false)];

    public ValueTask<ImmutableArray<StuckDelivery>> ListParkedAsync(SyncPointId? point, int limit, CancellationToken cancellationToken) => ListStuckAsync("parked", point, limit, cancellationToken);

    public ValueTask<ImmutableArray<StuckDeliveries>> CountParkedAsync(CancellationToken cancellationToken) => CountStuckAsync("parked", cancellationToken);

    public ValueTask<ImmutableArray<StuckDelivery>> ListFailingAsync(SyncPointId? point, int limit, CancellationToken cancellationToken) => ListStuckAsync("failing", point, limit, cancellationToken);

    public ValueTask<ImmutableArray<StuckDeliveries>> CountFailingAsync(CancellationToken cancellationToken) => CountStuckAsync("failing", cancellationToken);

    public ValueTask<ImmutableArray<StuckDelivery>> ListMissedAsync(SyncPointId? point, int limit, CancellationToken cancellationToken) => ListStuckAsync("missed", point, limit, cancellationToken);

    public ValueTask<ImmutableArray<StuckDeliveries>> CountMissedAsync(CancellationToken cancellationToken) => CountStuckAsync("missed", cancellationToken);

    public async ValueTask<ImmutableArray<UnconfirmedCapture>> ListUnconfirmedAsync(int limit, CancellationToken cancellationToken) => [.. await database.ReadAsync(
        (connection, token) => connection.Command(
            """
            SELECT identity_id, seq, since FROM unconfirmed AS u
            WHERE NOT EXISTS (SELECT FROM event AS e WHERE e.identity_id = u.identity_id AND e.seq > u.seq AND e.kind = 'capture-accepted.1') ORDER BY since LIMIT $1
            """,
            Of(limit)).RowsAsync(row => new UnconfirmedCapture(new IdentityId(row.GetGuid(0)), row.GetInt64(1), StoredTime.FromColumn(row.GetInt64(2))), token),
        cancellationToken).ConfigureAwait(false)];

    public ValueTask<ImmutableArray<InboxRow>> ListInboxAsync(IdentityId? identity, int limit, CancellationToken cancellationToken) => inbox.ListAsync(identity, limit, cancellationToken);

    public async ValueTask<ImmutableArray<PendingIdentity>> ListPendingAsync(PendingIdentity? after, int limit, CancellationToken cancellationToken) => [.. await database.ReadAsync(
        (connection, token) => connection.Command(
            "SELECT identity_id, shard_id, due_at FROM pending WHERE (due_at, identity_id) > ($1, $2) ORDER BY due_at, identity_id LIMIT $3",
            Of(after?.DueAt.ToColumnLimit() ?? long.MinValue), Of(after?.Identity.Value ?? Guid.Empty), Of(limit)).RowsAsync(
            row => new PendingIdentity(new IdentityId(row.GetGuid(0)), row.GetInt32(1), StoredTime.FromColumn(row.GetInt64(2))), token),
        cancellationToken).ConfigureAwait(false)];

    public async ValueTask<ImmutableArray<StoredEvent>> ReadEventsAsync(EventPage page, CancellationToken cancellationToken)
    {
        var read = await database.ReadAsync((connection, token) => ReadEventsAsync(connection, page, token), cancellationToken).ConfigureAwait(false);
        if (page.Newest) read.Reverse();
        return [.. read];
    }

    public async ValueTask<StoredEvent?> FindChangeAsync(IdentityId identity, Guid captureId, CancellationToken cancellationToken)
    {
        var found = await database.ReadAsync(
            (connection, token) => connection.Command(
                $"SELECT {EventFields} FROM event WHERE identity_id = $1 AND kind = 'capture-accepted.1' AND strpos(body, $2) > 0 ORDER BY seq",
                Of(identity.Value), Of(captureId.ToString("D"))).RowsAsync(ReadEvent, token),
            cancellationToken).ConfigureAwait(false);
        return found.FirstOrDefault(stored => stored.Event is IdentityEvent.CaptureAccepted accepted && accepted.Change.CaptureId.Value == captureId);
    }

    public async ValueTask<ImmutableArray<AccountId>> ListAccountsAsync(IdentityId identity, CancellationToken cancellationToken) => [.. await database.ReadAsync(
        (connection, token) => connection.Command("SELECT source, object_guid FROM account WHERE identity_id = $1 ORDER BY source, object_guid", Of(identity.Value)).RowsAsync(
            row => new AccountId(new SourceId(row.GetString(0)), row.GetGuid(1)), token),
        cancellationToken).ConfigureAwait(false)];

    public async ValueTask<ImmutableArray<KnownAccount>> ListIdentitiesAsync(SourceId source, Guid after, int limit, CancellationToken cancellationToken) =>
        [.. await database.ReadAsync((connection, token) => KnownAccounts.ListAsync(connection, source, after, limit, token), cancellationToken).ConfigureAwait(false)];

    public async ValueTask<ImmutableArray<ShardRow>> ListShardsAsync(CancellationToken cancellationToken) => [.. await database.ReadAsync(
        (connection, token) => connection.Command("SELECT shard_id, owner, epoch FROM shard ORDER BY shard_id").RowsAsync(
            row => new ShardRow(row.GetInt32(0), row.Text(1), row.GetInt64(2)), token),
        cancellationToken).ConfigureAwait(false)];

    private async ValueTask<ImmutableArray<StuckDelivery>> ListStuckAsync(string table, SyncPointId? point, int limit, CancellationToken cancellationToken) => [.. await database.ReadAsync(
        (connection, token) => connection.Command(
            $"SELECT identity_id, point, since FROM {table} WHERE $1 IS NULL OR point = $1 ORDER BY since LIMIT $2", OfText(point?.Value), Of(limit)).RowsAsync(
            row => new StuckDelivery(new IdentityId(row.GetGuid(0)), new SyncPointId(row.GetString(1)), StoredTime.FromColumn(row.GetInt64(2))), token),
        cancellationToken).ConfigureAwait(false)];

    private async ValueTask<ImmutableArray<StuckDeliveries>> CountStuckAsync(string table, CancellationToken cancellationToken) => [.. await database.ReadAsync(
        (connection, token) => connection.Command($"SELECT point, count(*), min(since) FROM {table} GROUP BY point ORDER BY point").RowsAsync(
            row => new StuckDeliveries(new SyncPointId(row.GetString(0)), row.GetInt64(1), StoredTime.FromColumn(row.GetInt64(2))), token),
        cancellationToken).ConfigureAwait(false)];

    private async Task<List<StoredEvent>> ReadEventsAsync(NpgsqlConnection connection, EventPage page, CancellationToken cancellationToken)
    {
        if (page is { After: 0, Since: { } since }) page = page with { After = await EventTimes.LastBeforeAsync(connection, since, cancellationToken).ConfigureAwait(false) };
        if (page.Newest) return await ReadEventsAsync(connection, page, long.MaxValue, cancellationToken).ConfigureAwait(false);

        // Whoever reads upwards looks what is settled only where the journal ends.
        var known = Interlocked.Read(ref settled);
        if (page.After < known && await ReadEventsAsync(connection, page, known, cancellationToken).ConfigureAwait(false) is var full && full.Count == page.Limit) return full;
        var (last, isSettled) = await SettledAsync(connection, cancellationToken).ConfigureAwait(false);
        if (isSettled) Interlocked.Exchange(ref settled, last);
        return await ReadEventsAsync(connection, page, last, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<List<StoredEvent>> ReadEventsAsync(NpgsqlConnection connection, EventPage page, long upTo, CancellationToken cancellationToken)
    {
        if (page.Before <= upTo) upTo = page.Before - 1;
        var kinds = page.Kinds.IsDefaultOrEmpty ? [] : page.Kinds.ToArray();
        List<NpgsqlParameter> parameters = [Of(page.After), Of(upTo), Of(kinds), Of(page.Since?.ToColumn() ?? long.MinValue), Of(page.Limit)];
        if (page.Identity is { } identity) parameters.Add(Of(identity.Value));
        return await connection.Command(
            $"""
            SELECT {EventFields} FROM event WHERE event_id > $1 AND event_id <= $2 AND (cardinality($3) = 0 OR kind = ANY ($3)) AND at >= $4{(page.Identity is null ? "" : " AND identity_id = $6")}
            ORDER BY event_id {(page.Newest ? "DESC" : "")} LIMIT $5
            """,
            [.. parameters]).RowsAsync(ReadEvent, cancellationToken).ConfigureAwait(false);
    }

    // Numbers are given before the commit: a lower one may become visible after a higher one, and who reads upwards would pass it over. All numbers given until now are
    // settled when the transactions that run now have ended.
    private static async Task<(long Last, bool IsSettled)> SettledAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var (last, runUntil) = (await connection.Command("SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('event', 'event_id')::regclass), 0), pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
            .RowsAsync(row => (row.GetInt64(0), row.GetInt64(1)), cancellationToken).ConfigureAwait(false)).Single();
        for (var looks = 0; looks < SettlingLooksMax; looks++)
        {
            var ended = await connection.Command("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= $1", Of(runUntil)).ScalarAsync<bool>(cancellationToken).ConfigureAwait(false);
            if (ended) return (last, true);
            await connection.Command("SELECT pg_sleep(0.01)").ExecuteAsync(cancellationToken).ConfigureAwait(false);
        }

        return (last, false);
    }

    private static StoredEvent ReadEvent(NpgsqlDataReader row) =>
        EventReader.Read(row.GetInt64(0), new IdentityId(row.GetGuid(1)), row.GetInt64(2), new StoredRecord(row.GetString(3), row.GetString(4)), StoredTime.FromColumn(row.GetInt64(5)));
}
