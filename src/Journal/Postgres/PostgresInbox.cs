using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Npgsql;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Formats;
using PasswordSync.Journal.Postgres.Engine;
using PasswordSync.Journal.Storing;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres;

/// <inheritdoc cref="IInbox"/>
internal sealed class PostgresInbox : IInbox, IAsyncDisposable
{
    private readonly PostgresDatabase database;
    private readonly ArrivalSignal signal;
    private readonly ArrivalReader reader;
    private readonly TimeProvider time;
    private readonly GroupWriter<StoredArrival[], Intake> accepter;

    public PostgresInbox(PostgresDatabase database, ArrivalSignal signal, ArrivalReader reader, TimeProvider time, ILogger logger)
    {
        this.database = database;
        this.signal = signal;
        this.reader = reader;
        this.time = time;
        accepter = new GroupWriter<StoredArrival[], Intake>(database, new AcceptWork(database.Options), logger);
    }

    public async ValueTask<ImmutableArray<AcceptResult>> AcceptAsync(IReadOnlyList<Arrival> arrivals, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(arrivals);
        if (arrivals.Count == 0) return [];
        ArgumentOutOfRangeException.ThrowIfGreaterThan(arrivals.Count, IInbox.ArrivalsMax);
        var intake = await accepter.WriteAsync([.. arrivals.Select(arrival => new StoredArrival(arrival))], cancellationToken).ConfigureAwait(false);
        if (intake.Shards.Count > 0) signal.Raise(intake.Shards);
        return intake.Answers;
    }

    public ValueTask<ImmutableHashSet<CaptureId>> FindKnownAsync(IReadOnlyCollection<CaptureId> captureIds, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(captureIds);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(captureIds.Count, IInbox.ArrivalsMax);
        return database.ReadAsync(
            async (connection, token) =>
            {
                var asked = captureIds.Select(id => id.Value).ToArray();
                var known = await connection.Command("SELECT capture_id FROM accepted WHERE capture_id = ANY ($1)", Of(asked)).RowsAsync(row => new CaptureId(row.GetGuid(0)), token).ConfigureAwait(false);
                if (known.Count > 0) await ReplicatedCommits.ConfirmAsync(connection, token).ConfigureAwait(false);
                return known.ToImmutableHashSet();
            },
            cancellationToken);
    }

    public async ValueTask<ImmutableArray<InboxRow>> ReadAsync(IReadOnlyCollection<int> shards, IReadOnlySet<long> except, int limit, CancellationToken cancellationToken)
    {
        if (shards.Count == 0 || limit == 0) return [];
        return await database.ReadAsync((connection, token) => ReadAsync(connection, [.. shards], [.. except], limit, token), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What is not decided, for people: <see cref="IOperationsQueries.ListInboxAsync"/>.</summary>
    public async ValueTask<ImmutableArray<InboxRow>> ListAsync(IdentityId? identity, int limit, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(
            (connection, token) => ReadAsync(connection, "SELECT * FROM (SELECT * FROM inbox ORDER BY seq LIMIT $1) AS oldest WHERE $2 IS NULL OR identity_id = $2 ORDER BY seq LIMIT $3", token,
                Of(identity is null ? limit : IOperationsQueries.InboxLookMax), OfId(identity?.Value), Of(limit)),
            cancellationToken).ConfigureAwait(false);
        return [.. from row in rows where row.Readable is not null select row.Readable];
    }

    public Task WaitForArrivalsAsync(TimeSpan atMost, CancellationToken cancellationToken) => signal.Arrived.WaitAsync(atMost, time, cancellationToken);

    public ValueTask DisposeAsync() => accepter.DisposeAsync();

    // Rows that cannot be read must not take the places of others: after a page that was full and had some, the next begins behind it and passes over the kinds that are unknown
    // here. The first page has them too, so that they are told of.
    private async Task<ImmutableArray<InboxRow>> ReadAsync(NpgsqlConnection connection, int[] shards, long[] except, int limit, CancellationToken cancellationToken)
    {
        var found = ImmutableArray.CreateBuilder<InboxRow>();
        string[]? kinds = null;
        var behind = 0L;
        while (true)
        {
            // What is in work is skipped while walking: it is a small part, bounded by what the actors hold at once.
            var page = await ReadAsync(
                connection, "SELECT * FROM inbox WHERE shard_id = ANY ($1) AND seq NOT IN (SELECT unnest($2)) AND seq > $3 AND ($4 IS NULL OR kind = ANY ($4)) ORDER BY seq LIMIT $5",
                cancellationToken, Of(shards), Of(except), Of(behind), OfTexts(kinds), Of(limit)).ConfigureAwait(false);
            found.AddRange((from row in page where row.Readable is not null select row.Readable).Take(limit - found.Count));
            if (page.Count < limit || found.Count == limit) return found.DrainToImmutable();
            kinds = [.. ArrivalCodec.Kinds];
            behind = page[^1].Sequence;
        }
    }

    private async Task<List<Row>> ReadAsync(NpgsqlConnection connection, string which, CancellationToken cancellationToken, params NpgsqlParameter[] parameters) => await connection.Command(
        $"""
        SELECT i.seq, i.shard_id, i.identity_id, i.kind, i.body, {PostgresAccountStore.OwnWritesColumns}
        FROM ({which}) AS i LEFT JOIN LATERAL (
          SELECT * FROM account WHERE account.source = i.source AND account.object_guid = i.object_guid LIMIT 1
        ) AS a ON true ORDER BY i.seq
        """,
        parameters).RowsAsync(ToRow, cancellationToken).ConfigureAwait(false);

    private Row ToRow(NpgsqlDataReader row)
    {
        var (sequence, identity) = (row.GetInt64(0), new IdentityId(row.GetGuid(2)));
        return new Row(sequence, reader.Read(sequence, identity, new StoredRecord(row.GetString(3), row.GetString(4))) is { } arrival
            ? new InboxRow(sequence, identity, row.GetInt32(1), arrival, PostgresAccountStore.ReadOwnWrites(row, firstColumn: 5))
            : null);
    }

    /// <summary>A row; what is in it is null if this version cannot read it.</summary>
    private readonly record struct Row(long Sequence, InboxRow? Readable);
}
