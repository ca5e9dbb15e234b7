using System.Globalization;

namespace PasswordSync.Lab;

public sealed partial class PostgresServer
{
    /// <summary>Makes a standby of this server and starts it; returns when it follows by streaming replication. <see cref="WaitForStandbyAsync"/> makes commits wait for it. Ends with the new object.</summary>
    /// <param name="name">The name under which this server knows it.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public async Task<PostgresServer> StartStandbyAsync(string name, CancellationToken cancellationToken)
    {
        var standby = new PostgresServer(TemporaryFolder.Create("pg"), FreePort.Find());
        try
        {
            await standby.BecomeStandbyAsync(this, name, cancellationToken);
            return standby;
        }
        catch
        {
            await standby.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes this server, which has ended, a standby of another one, with a new copy of its data, and starts it; returns when it follows by streaming replication. Its address stays.</summary>
    /// <param name="primary">The other one.</param>
    /// <param name="name">The name under which that one knows it.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public async Task BecomeStandbyAsync(PostgresServer primary, string name, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(primary);
        if (Directory.Exists(DataFolder)) Directory.Delete(DataFolder, recursive: true);
        await MakeFoldersAsync(cancellationToken);
        var copy = new ToolRun(
            LabMachine.PathOf(LabTool.SetPrivileges),
            [.. Unprivileged, Program("pg_basebackup"), "-D", DataFolder, "-h", "127.0.0.1", "-p", Text(primary.Port), "-U", Administrator, "-R", "-X", "stream", "-c", "fast"])
        {
            Environment = new Dictionary<string, string> { ["PGPASSWORD"] = AdministratorPassword },
        };
        (await copy.RunAsync(cancellationToken)).RequireSuccess();
        await File.AppendAllLinesAsync(
            Path.Combine(DataFolder, "postgresql.conf"),
            [$"port = {Port}", $"unix_socket_directories = '{folder.PathOf("socket")}'", $"cluster_name = '{name}'", "wal_receiver_status_interval = 1s", "wal_retrieve_retry_interval = 500ms"],
            cancellationToken);
        await StartAsync(cancellationToken);
        await Eventually.HoldsAsync(
            $"the standby '{name}' following", StartBound,
            async token => await primary.RunSqlAsync($"SELECT count(*) FROM pg_stat_replication WHERE application_name = '{name}' AND state = 'streaming'", token) == "1", cancellationToken);
    }

    /// <summary>From now on a commit of this server is confirmed when the standby of this name has flushed it; empty for no standby.</summary>
    public async Task WaitForStandbyAsync(string name, CancellationToken cancellationToken)
    {
        await RunSqlAsync($"ALTER SYSTEM SET synchronous_standby_names = '{name}'", cancellationToken);
        await RunSqlAsync("SELECT pg_reload_conf()", cancellationToken);
        await Eventually.HoldsAsync(
            $"the standby '{name}' as synchronous", StartBound,
            async token => await RunSqlAsync("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'", token) == (name.Length == 0 ? "0" : "1"), cancellationToken);
    }

    /// <summary>Makes this standby a primary; returns when it accepts writes.</summary>
    public async Task PromoteAsync(CancellationToken cancellationToken)
    {
        await RunSqlAsync("SELECT pg_promote(wait => false)", cancellationToken);
        await Eventually.HoldsAsync("the promotion of the standby", StartBound, async token => await RunSqlAsync("SELECT pg_is_in_recovery()", token) == "f", cancellationToken);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
