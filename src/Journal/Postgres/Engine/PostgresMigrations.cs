using Npgsql;
using PasswordSync.Journal.Storing;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres.Engine;

/// <summary>Brings a schema to that of this version: numbered steps, forward only, by one node at a time, all in one transaction.</summary>
internal static class PostgresMigrations
{
    /// <summary>"PSYN" in ASCII: the first key of the advisory lock that makes migrations wait for each other.</summary>
    private const int LockClass = 0x5053594E;

    /// <summary>All steps, by number from 1.</summary>
    public static IReadOnlyList<Migration> All { get; } = Migration.LoadAll("Postgres");

    /// <param name="connection">An open connection of the database.</param>
    /// <param name="database">Whose schema it is.</param>
    /// <param name="steps">All steps that are known, by number from 1.</param>
    /// <param name="log">Tells of the steps, and of waiting for another node's.</param>
    /// <param name="cancellationToken">Gives up; nothing is changed then.</param>
    /// <exception cref="StoreRefusedException">The schema is newer, or it was made for another number of shards.</exception>
    public static async Task BringAsync(NpgsqlConnection connection, PostgresDatabase database, IReadOnlyList<Migration> steps, MigrationLog log, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using var disposing = transaction.ConfigureAwait(false);

        // A step may take longer than the waits of daily work.
        await connection.Command("SET LOCAL lock_timeout TO '60s'; SET LOCAL idle_in_transaction_session_timeout TO '60s'").ExecuteAsync(cancellationToken).ConfigureAwait(false);
        await LockAsync(connection, database, log, cancellationToken).ConfigureAwait(false);
        if (!await ExistsAsync(connection, "SELECT to_regnamespace($1) IS NOT NULL", database.Options.Schema, cancellationToken).ConfigureAwait(false))
        {
            await connection.Command($"CREATE SCHEMA \"{database.Options.Schema}\"").ExecuteAsync(cancellationToken).ConfigureAwait(false);
        }

        var reached = await ReachedAsync(connection, cancellationToken).ConfigureAwait(false);
        if (reached > steps.Count)
        {
            throw new StoreRefusedException(
                StoreRefusal.NewerSchema,
                $"The database {database.Name} has schema {reached}; this version knows schemas up to {steps.Count}. Run the version that changed it, or a newer one; there is no way back.");
        }

        log.Beginning(reached, steps.Count);
        await TakeAsync(connection, steps.Skip(reached), log, cancellationToken).ConfigureAwait(false);
        await FixShardCountAsync(connection, database, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        log.Ended(reached, steps.Count);
    }

    /// <summary>Keeps other nodes from the schema until the transaction ends; whoever must wait for that says so first.</summary>
    public static async Task LockAsync(NpgsqlConnection connection, PostgresDatabase database, MigrationLog log, CancellationToken cancellationToken)
    {
        const string key = "($1, hashtext($2))";
        if (await connection.Command("SELECT pg_try_advisory_xact_lock" + key, Of(LockClass), Of(database.Options.Schema)).ScalarAsync<bool>(cancellationToken).ConfigureAwait(false)) return;
        log.Waiting();
        await connection.PatientCommand("SELECT pg_advisory_xact_lock" + key, Of(LockClass), Of(database.Options.Schema)).ExecuteAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes these steps, however long they last: one that was broken off after the time-out of daily work would be begun again and again and never end.</summary>
    public static async Task TakeAsync(NpgsqlConnection connection, IEnumerable<Migration> steps, MigrationLog log, CancellationToken cancellationToken)
    {
        foreach (var step in steps)
        {
            await connection.PatientCommand(step.Sql).ExecuteAsync(cancellationToken).ConfigureAwait(false);
            await connection.PatientCommand("INSERT INTO schema_migration (number, name, applied_at) VALUES ($1, $2, clock_timestamp())", Of(step.Number), Of(step.Name))
                .ExecuteAsync(cancellationToken).ConfigureAwait(false);
            log.Taken(step);
        }
    }

    private static async Task<int> ReachedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // Asked for first: a role that may not create tables is enough when all is made.
        if (!await ExistsAsync(connection, "SELECT to_regclass($1) IS NOT NULL", "schema_migration", cancellationToken).ConfigureAwait(false))
        {
            await connection.Command("CREATE TABLE schema_migration (number integer NOT NULL PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL)")
                .ExecuteAsync(cancellationToken).ConfigureAwait(false);
        }

        return await connection.Command("SELECT coalesce(max(number), 0) FROM schema_migration").ScalarAsync<int>(cancellationToken).ConfigureAwait(false);
    }

    private static async Task FixShardCountAsync(NpgsqlConnection connection, PostgresDatabase database, CancellationToken cancellationToken)
    {
        var wanted = database.Options.ShardCount;
        var made = await connection.Command("SELECT count(*)::integer FROM shard").ScalarAsync<int>(cancellationToken).ConfigureAwait(false);
        if (made == wanted) return;
        if (made != 0)
        {
            throw new StoreRefusedException(
                StoreRefusal.OtherShardCount, $"The database {database.Name} was made with {made} shards, and ShardCount is {wanted}: set ShardCount to {made}. It cannot be changed later.");
        }

        await connection.Command("INSERT INTO shard (shard_id) SELECT generate_series(0, $1 - 1)", Of(wanted)).ExecuteAsync(cancellationToken).ConfigureAwait(false);
    }

    private static Task<bool> ExistsAsync(NpgsqlConnection connection, string question, string name, CancellationToken cancellationToken) =>
        connection.Command(question, Of(name)).ScalarAsync<bool>(cancellationToken);
}
