using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Npgsql;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Formats;
using PasswordSync.Journal.Postgres.Engine;
using PasswordSync.Journal.Storing;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres;

/// <inheritdoc cref="IIdentityJournal"/>
internal sealed class PostgresIdentityJournal : IIdentityJournal, IAsyncDisposable
{
    /// <summary>How many events <see cref="ReadEventsAsync"/> reads at once.</summary>
    private const int PageMax = 256;

    private readonly PostgresDatabase database;
    private readonly GroupWriter<StoredAppend, AppendResult>[] appenders;

    public PostgresIdentityJournal(PostgresDatabase database, ILogger logger)
    {
        this.database = database;
        appenders = [.. Enumerable.Range(0, database.Options.AppendersMax).Select(_ => new GroupWriter<StoredAppend, AppendResult>(database, new AppendWork(), logger))];
    }

    public ValueTask<IdentityState> LoadAsync(IdentityId identity, CancellationToken cancellationToken) =>
        database.ReadAsync((connection, token) => LoadAsync(connection, identity, token), cancellationToken);

    public ValueTask<AppendResult> AppendAsync(JournalAppend append, CancellationToken cancellationToken)
    {
        // All of one shard on one connection, so that the appends of one identity never overtake each other.
        var stored = StoredAppend.Of(append, database.Options);
        return appenders[stored.Shard % appenders.Length].WriteAsync(stored, cancellationToken);
    }

    public async IAsyncEnumerable<JournalledEvent> ReadEventsAsync(
        IdentityId identity, long fromSequence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var next = fromSequence;
        while (true)
        {
            var from = next;
            var page = await database.ReadAsync((connection, token) => ReadPageAsync(connection, identity, from, token), cancellationToken).ConfigureAwait(false);
            foreach (var journalled in page) yield return journalled;
            if (page.Count < PageMax) yield break;
            next = page[^1].Sequence + 1;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var appender in appenders) await appender.DisposeAsync().ConfigureAwait(false);
    }

    // One statement, so that snapshot and events are of one moment.
    private static async Task<IdentityState> LoadAsync(NpgsqlConnection connection, IdentityId identity, CancellationToken cancellationToken)
    {
        var rows = await connection.Command(
            """
            SELECT 0::bigint, kind, body FROM snapshot WHERE identity_id = $1
            UNION ALL
            (SELECT seq, kind, body FROM event WHERE identity_id = $1 AND seq > coalesce((SELECT seq FROM snapshot WHERE identity_id = $1), 0) ORDER BY seq)
            """,
            Of(identity.Value)).RowsAsync(row => (Sequence: row.GetInt64(0), Record: new StoredRecord(row.GetString(1), row.GetString(2))), cancellationToken).ConfigureAwait(false);
        return Replay.Fold(identity, rows);
    }

    private static Task<List<JournalledEvent>> ReadPageAsync(NpgsqlConnection connection, IdentityId identity, long from, CancellationToken cancellationToken) =>
        connection.Command(
            "SELECT seq, kind, body FROM event WHERE identity_id = $1 AND seq >= $2 ORDER BY seq LIMIT $3", Of(identity.Value), Of(from), Of(PageMax))
            .RowsAsync(row => new JournalledEvent(row.GetInt64(0), EventCodec.Decode(new StoredRecord(row.GetString(1), row.GetString(2)))), cancellationToken);
}
