using Microsoft.Extensions.Logging;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Formats;
using PasswordSync.Journal.Postgres.Engine;
using PasswordSync.Journal.Postgres.Leases;
using PasswordSync.Journal.Storing;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres;

/// <summary>The housekeeping on PostgreSQL. Every node does it; what another one has in hand is passed over.</summary>
internal sealed partial class PostgresMaintenance : Housekeeper
{
    private readonly PostgresDatabase database;
    private readonly ILogger logger;

    public PostgresMaintenance(PostgresDatabase database, IIdentityJournal journal, TimeProvider time, ILogger logger)
        : base(database.Options, journal, time, logger)
    {
        this.database = database;
        this.logger = logger;
    }

    protected override ValueTask<int> RemoveAcceptedAsync(DateTimeOffset before, CancellationToken cancellationToken) => database.RunAsync(
        (connection, token) => connection.Command(
            "DELETE FROM accepted WHERE ctid = ANY (ARRAY(SELECT ctid FROM accepted WHERE at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))", Of(before.ToColumn()), Of(RowsPerCommitMax))
            .ExecuteAsync(token),
        cancellationToken);

    protected override ValueTask<int> RemoveTroublesAsync(TroubleTable table, DateTimeOffset before, CancellationToken cancellationToken) => database.RunAsync(
        (connection, token) => connection.Command(
            $"DELETE FROM {table.Name} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table.Name} WHERE since < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))", Of(before.ToColumn()), Of(RowsPerCommitMax))
            .ExecuteAsync(token),
        cancellationToken);

    protected override ValueTask<int> RemovePastUnconfirmedAsync(CancellationToken cancellationToken) => database.RunAsync(
        (connection, token) => connection.Command(
            """
            DELETE FROM unconfirmed WHERE ctid = ANY (ARRAY(
              SELECT u.ctid FROM unconfirmed AS u WHERE EXISTS (SELECT FROM event AS e WHERE e.identity_id = u.identity_id AND e.seq > u.seq AND e.kind = 'capture-accepted.1')
              LIMIT $1 FOR UPDATE OF u SKIP LOCKED))
            """,
            Of(RowsPerCommitMax)).ExecuteAsync(token),
        cancellationToken);

    protected override async ValueTask<IReadOnlyList<OldEvent>> ReadOldEventsAsync(DateTimeOffset before, CancellationToken cancellationToken) => await database.ReadAsync(
        (connection, token) => connection.Command(
            """
            SELECT e.event_id, e.identity_id, e.seq <= coalesce((SELECT s.seq FROM snapshot AS s WHERE s.identity_id = e.identity_id), 0)
            FROM (SELECT event_id, identity_id, seq, at FROM event ORDER BY event_id LIMIT $2) AS e WHERE e.at < $1
            """,
            Of(before.ToColumn()), Of(RowsPerCommitMax)).RowsAsync(row => new OldEvent(row.GetInt64(0), row.GetGuid(1), row.GetBoolean(2)), token),
        cancellationToken).ConfigureAwait(false);

    protected override ValueTask<int> RemoveEventsAsync(IReadOnlyList<OldEvent> old, DateTimeOffset before, CancellationToken cancellationToken) => database.RunAsync(
        (connection, token) => connection.Command(
            """
            DELETE FROM event WHERE event_id = ANY (ARRAY(
              SELECT e.event_id FROM event AS e WHERE e.event_id = ANY ($1) AND e.seq <= (SELECT s.seq FROM snapshot AS s WHERE s.identity_id = e.identity_id)
              FOR UPDATE SKIP LOCKED))
            """,
            Of(old.Select(e => e.Place).ToArray())).ExecuteAsync(token),
        cancellationToken);

    protected override async ValueTask WriteSnapshotAsync(IdentityId identity, long sequence, int shard, StoredRecord state, CancellationToken cancellationToken) => await database.RunAsync(
        (connection, token) => connection.Command(
            """
            INSERT INTO snapshot (identity_id, seq, shard_id, kind, body) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (identity_id) DO UPDATE SET seq = excluded.seq, kind = excluded.kind, body = excluded.body WHERE excluded.seq > snapshot.seq
            """,
            Of(identity.Value), Of(sequence), Of(shard), Of(state.Kind), Of(state.Body)).ExecuteAsync(token),
        cancellationToken).ConfigureAwait(false);

    protected override async ValueTask ForgetNodesAsync(CancellationToken cancellationToken)
    {
        var keptFor = database.Options.NodesKeptFor;
        var forgotten = await database.RunAsync((connection, token) => LeaseTable.ForgetAsync(connection, keptFor, token), cancellationToken).ConfigureAwait(false);
        foreach (var node in forgotten) LogForgotten(logger, node, keptFor);
    }

    // PostgreSQL overwrites nothing: what a deleted row leaves in its files and in its log is told of in the documentation.
    protected override ValueTask<bool> RemoveTracesAsync(CancellationToken cancellationToken) => ValueTask.FromResult(false);

    [LoggerMessage(EventId = 4125, Level = LogLevel.Information, Message = "Node {Node} owns nothing and was silent for {KeptFor}: it is forgotten. Started again, it is known again")]
    private static partial void LogForgotten(ILogger logger, string node, TimeSpan keptFor);
}
