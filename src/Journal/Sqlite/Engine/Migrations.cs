using System.Globalization;
using Microsoft.Extensions.Logging;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Sqlite.Engine;

/// <summary>Brings a database to the schema of this version: numbered steps, forward only, each in a transaction.</summary>
internal static class Migrations
{
    /// <summary>Marks the file as this product's: "PSYN" in ASCII.</summary>
    public const long ApplicationId = 0x5053594E;

    /// <summary>All steps, by number from 1.</summary>
    public static IReadOnlyList<Migration> All { get; } = Migration.LoadAll("Sqlite");

    /// <exception cref="StoreRefusedException">The file is another program's, has a newer schema, or was made for another number of shards.</exception>
    public static void Bring(SqliteSession session, string path, int shardCount, TimeProvider time, ILogger logger)
    {
        var log = new MigrationLog(logger, time, path);
        Recognise(session, path);
        session.Run("PRAGMA journal_mode=WAL");
        session.Execute("BEGIN IMMEDIATE");
        try
        {
            session.Run(
                $"""
                PRAGMA application_id={ApplicationId.ToString(CultureInfo.InvariantCulture)};
                CREATE TABLE IF NOT EXISTS schema_migration (number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT;
                """);
            var reached = session.Number("SELECT max(number) FROM schema_migration") ?? 0;
            if (reached > All.Count)
            {
                throw new StoreRefusedException(
                    StoreRefusal.NewerSchema,
                    $"The database {path} has schema {reached}; this version knows schemas up to {All.Count}. Run the version that changed it, or a newer one; there is no way back.");
            }

            log.Beginning(reached, All.Count);
            foreach (var migration in All.Skip((int)reached))
            {
                session.Run(migration.Sql);
                session.Execute("INSERT INTO schema_migration (number, name, applied_at) VALUES ($1, $2, $3)", migration.Number, migration.Name, time.GetUtcNow().ToColumn());
                log.Taken(migration);
            }

            FixShardCount(session, path, shardCount);
            session.Execute("COMMIT");
            log.Ended(reached, All.Count);
        }
        catch
        {
            session.Rollback();
            throw;
        }
    }

    private static void Recognise(SqliteSession session, string path)
    {
        var mark = session.Number("PRAGMA application_id");
        var tables = session.Number("SELECT count(*) FROM sqlite_schema");
        if (mark == ApplicationId || (mark == 0 && tables == 0)) return;
        throw new StoreRefusedException(StoreRefusal.NotAStore, $"The file {path} is a database of another program: name another path.");
    }

    private static void FixShardCount(SqliteSession session, string path, int shardCount)
    {
        var made = session.Number("SELECT count(*) FROM shard");
        if (made == shardCount) return;
        if (made != 0)
        {
            throw new StoreRefusedException(
                StoreRefusal.OtherShardCount, $"The database {path} was made with {made} shards, and ShardCount is {shardCount}: set ShardCount to {made}. It cannot be changed later.");
        }

        for (var shard = 0; shard < shardCount; shard++) session.Execute("INSERT INTO shard (shard_id) VALUES ($1)", shard);
    }
}
