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
    private readonly GroupWriter<IdentityId, IdentityState> loader;

    public PostgresIdentityJournal(PostgresDatabase database, ILogger logger)
    {
        this.database = database;
        loader = new GroupWriter<IdentityId, IdentityState>(database, new LoadWork(), logger);
        appenders = [.. Enumerable.Range(0, database.Options.AppendersMax).Select(_ => new GroupWriter<StoredAppend, AppendResult>(database, new AppendWork(), logger))];
    }

    public ValueTask<IdentityState> LoadAsync(IdentityId identity, CancellationToken cancellationToken) =>
        loader.WriteAsync(identity, cancellationToken);

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
        await loader.DisposeAsync().ConfigureAwait(false);
        foreach (var appender in appenders) await appender.DisposeAsync().ConfigureAwait(false);
    }

    private static Task<List<JournalledEvent>> ReadPageAsync(NpgsqlConnection connection, IdentityId identity, long from, CancellationToken cancellationToken) =>
        connection.Command(
            "SELECT seq, kind, body FROM event WHERE identity_id = $1 AND seq >= $2 ORDER BY seq LIMIT $3", Of(identity.Value), Of(from), Of(PageMax))
            .RowsAsync(row => new JournalledEvent(row.GetInt64(0), EventCodec.Decode(new StoredRecord(row.GetString(1), row.GetString(2)))), cancellationToken);
}
