using Npgsql;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres.Engine;

/// <summary>
/// Finds out at the opening whether connections have sessions of their own. A pooler in transaction mode runs each transaction in whatever session of the server is free: what was
/// set or prepared before is there by chance, and a migration could make its tables in another schema.
/// </summary>
internal static class OwnSessions
{
    /// <summary>Several at once: a quiet pooler with one session of the server would give a single connection the same one each time.</summary>
    private const int Connections = 3;

    private const int Rounds = 2;

    private const string Mark = "SELECT pg_backend_pid(), set_config('passwordsync.connection', $1, false)";

    private const string Look = "SELECT pg_backend_pid(), coalesce(current_setting('passwordsync.connection', true), '')";

    /// <summary>
    /// Marks the sessions of several connections and looks whether each connection finds its own again. Without a pooler, or with one in session mode, nothing but the connection itself can change its
    /// mark or its session, so that nobody is refused by mistake.
    /// </summary>
    /// <exception cref="StoreRefusedException">They are shared.</exception>
    public static async Task RequireAsync(PostgresDatabase database, CancellationToken cancellationToken)
    {
        var opened = new List<(NpgsqlConnection Connection, Seen Own)>();
        try
        {
            while (opened.Count < Connections)
            {
                var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
                opened.Add((connection, default));
                opened[^1] = (connection, await AskAsync(connection.Command(Mark, Of($"{Guid.NewGuid():N}")), cancellationToken).ConfigureAwait(false));
            }

            for (var round = 0; round < Rounds; round++)
            {
                foreach (var (connection, own) in opened)
                {
                    // Twice: a pooler that hands its sessions out in turn gives another one the second time, one that prefers the last one used gave it to the next connection.
                    for (var look = 0; look < 2; look++) Compare(database, own, await AskAsync(connection.Command(Look), cancellationToken).ConfigureAwait(false));
                }
            }
        }
        finally
        {
            foreach (var (connection, _) in opened) await connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static void Compare(PostgresDatabase database, Seen own, Seen now)
    {
        if (now == own) return;
        var found = now.Session != own.Session
            ? $"two transactions of one connection ran in the sessions {own.Session} and {now.Session} of the server"
            : $"what a connection had set in the server's session {own.Session} was not there in its next transaction";
        throw new StoreRefusedException(
            StoreRefusal.SharedSessions,
            $"Between this node and the database {database.Name} is a connection pooler in transaction mode: {found}. Nodes need sessions of their own: set the pooler to session mode (PgBouncer: pool_mode = session), or name the server itself in the connection string.");
    }

    private static async Task<Seen> AskAsync(NpgsqlCommand command, CancellationToken cancellationToken) =>
        (await command.RowsAsync(row => new Seen(row.GetInt32(0), row.GetString(1)), cancellationToken).ConfigureAwait(false)).Single();

    private readonly record struct Seen(int Session, string Mark);
}
