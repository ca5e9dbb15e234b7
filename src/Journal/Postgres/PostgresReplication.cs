using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres.Engine;

namespace PasswordSync.Journal.Postgres;

/// <inheritdoc cref="IReplication"/>
internal sealed class PostgresReplication(PostgresDatabase database) : IReplication
{
    // A role without pg_read_all_stats sees how many standbys are connected, not how they replicate: then the settings, which everybody sees, say what commits wait for.
    private const string Look = """
        SELECT current_setting('synchronous_standby_names'), current_setting('synchronous_commit'), current_setting('fsync'), count(*),
               count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')), count(*) FILTER (WHERE sync_state IS NULL)
        FROM pg_stat_replication
        """;

    public ValueTask<ReplicationFinding> LookAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            var seen = await connection.Command(Look)
                .RowsAsync(row => Judge(row.GetString(0), row.GetString(1), row.GetString(2), (int)row.GetInt64(3), (int)row.GetInt64(4), (int)row.GetInt64(5)), token).ConfigureAwait(false);
            return seen.Single();
        },
        cancellationToken);

    /// <summary>What settings and connected standbys mean.</summary>
    /// <param name="names">synchronous_standby_names.</param>
    /// <param name="commit">synchronous_commit of the node's sessions.</param>
    /// <param name="fsync">fsync.</param>
    /// <param name="connected">Standbys that are connected.</param>
    /// <param name="synchronous">Those of them that commits wait for.</param>
    /// <param name="hidden">Those of them of which the role may not see more.</param>
    internal static ReplicationFinding Judge(string names, string commit, string fsync, int connected, int synchronous, int hidden)
    {
        if (string.IsNullOrWhiteSpace(names)) return new ReplicationFinding.Alone("synchronous_standby_names of the database server is empty, so commits wait for no standby; name the standbys there, or let Patroni do it (synchronous_mode).", connected);
        if (commit is not ("on" or "remote_apply")) return new ReplicationFinding.Alone($"synchronous_commit is {commit}, with which commits do not wait until a standby has flushed them; set it to on.", connected);
        if (fsync != "on") return new ReplicationFinding.Alone($"fsync of the database server is {fsync}, with which a power cut loses commits; set it to on.", connected);
        return synchronous + hidden > 0
            ? new ReplicationFinding.Synchronous(synchronous + hidden)
            : new ReplicationFinding.Waiting($"synchronous_standby_names is '{names}' and no such standby is connected: commits wait until one is; look at the standby and its network.");
    }
}
