using Npgsql;

namespace PasswordSync.Journal.Postgres.Engine;

/// <summary>
/// PostgreSQL commits first and then waits for the synchronous standby. Whoever is cancelled or ended in that wait, by a time-out of its own for one, is told of success with a
/// warning, and others see the commit, though no standby has it: after a fail-over it would be gone. So a success with that warning counts as trouble of unknown outcome, and
/// what was found written by an earlier call is acknowledged only after <see cref="ConfirmAsync"/>.
/// </summary>
internal static class ReplicatedCommits
{
    /// <summary>The function of the server that gives the warning (src/backend/replication/syncrep.c); unlike the text, it is in no language.</summary>
    private const string WaitingRoutine = "SyncRepWaitForLSN";

    /// <summary>Runs something on a connection, and refuses a success that no standby has.</summary>
    /// <exception cref="NpgsqlException">It was committed by this server alone.</exception>
    public static async Task<T> RunAsync<T>(NpgsqlConnection connection, Func<Task<T>> run)
    {
        var isAlone = false;
        connection.Notice += Heed;
        try
        {
            var result = await run().ConfigureAwait(false);
            return isAlone ? throw new NpgsqlException("it waited too long for its synchronous standby, and the last commit is not on one; look at the standby.") : result;
        }
        finally
        {
            connection.Notice -= Heed;
        }

        void Heed(object sender, NpgsqlNoticeEventArgs given) => isAlone |= given.Notice.Routine == WaitingRoutine;
    }

    /// <summary>Ends when the synchronous standby, if there is one, has every commit that was visible before. A commit is confirmed only after all that are before it in the log.</summary>
    public static Task ConfirmAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        connection.Command("SELECT pg_logical_emit_message(true, 'passwordsync', '')").ExecuteAsync(cancellationToken);
}
