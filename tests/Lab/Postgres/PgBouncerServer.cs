using System.Globalization;

namespace PasswordSync.Lab;

/// <summary>A PgBouncer in front of a PostgreSQL server of the lab, on a loopback port of its own, run as the user "postgres" since it refuses root.</summary>
public sealed class PgBouncerServer : LabServer
{
    /// <summary>For any number of nodes of a test.</summary>
    private const int PoolSize = 100;

    private readonly TemporaryFolder folder;
    private readonly PostgresServer server;

    private PgBouncerServer(TemporaryFolder folder, PostgresServer server)
    {
        this.folder = folder;
        this.server = server;
    }

    public int Port { get; } = FreePort.Find();

    /// <summary>Npgsql's connection string for the administrator by way of the pooler, without the password.</summary>
    public string ConnectionStringWithoutPassword => server.ConnectionStringWithoutPassword.Replace(
        string.Create(CultureInfo.InvariantCulture, $"Port={server.Port}"), string.Create(CultureInfo.InvariantCulture, $"Port={Port}"), StringComparison.Ordinal);

    protected override string Title => string.Create(CultureInfo.InvariantCulture, $"PgBouncer on port {Port}");

    protected override ServerCommand Command =>
        new(LabMachine.PathOf(LabTool.SetPrivileges), [.. PostgresServer.Unprivileged, LabMachine.PathOf(LabTool.PgBouncer), folder.PathOf("pgbouncer.ini")], folder.PathOf("pgbouncer.log"));

    /// <summary>Starts one; it ends with this object, and before its server.</summary>
    /// <param name="server">The server behind it.</param>
    /// <param name="mode">"session" or "transaction".</param>
    /// <param name="settings">Lines for its file, after those of the lab.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="LabEnvironmentException">PgBouncer is not installed, or did not start; the message says more.</exception>
    public static async Task<PgBouncerServer> StartAsync(PostgresServer server, string mode, IReadOnlyList<string> settings, CancellationToken cancellationToken)
    {
        LabMachine.Require(LabTool.PgBouncer, LabTool.SetPrivileges, LabTool.ChangeOwner);
        var pooler = new PgBouncerServer(TemporaryFolder.Create("pgbouncer"), server);
        try
        {
            await pooler.MakeAsync(mode, settings, cancellationToken);
            await pooler.StartAsync(cancellationToken);
            return pooler;
        }
        catch
        {
            await pooler.DisposeAsync();
            throw;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await KillAsync(CancellationToken.None);
        await base.DisposeAsync();
        folder.Dispose();
    }

    protected override async Task<string?> FindDelayAsync(CancellationToken cancellationToken)
    {
        var asked = await new ToolRun(PostgresServer.Program("pg_isready"), ["-q", "-h", "127.0.0.1", "-p", string.Create(CultureInfo.InvariantCulture, $"{Port}"), "-d", PostgresServer.Database, "-U", PostgresServer.Administrator])
            .RunAsync(cancellationToken);
        return asked.ExitCode == 0 ? null : $"pg_isready says {asked.ExitCode}";
    }

    private async Task MakeAsync(string mode, IReadOnlyList<string> settings, CancellationToken cancellationToken)
    {
        var users = folder.PathOf("users");
        await File.WriteAllLinesAsync(users, [$"\"{PostgresServer.Administrator}\" \"{PostgresServer.AdministratorPassword}\""], cancellationToken);
        await File.WriteAllLinesAsync(
            folder.PathOf("pgbouncer.ini"),
            [
                "[databases]",
                string.Create(CultureInfo.InvariantCulture, $"* = host=127.0.0.1 port={server.Port}"),
                "[pgbouncer]",
                "listen_addr = 127.0.0.1",
                string.Create(CultureInfo.InvariantCulture, $"listen_port = {Port}"),
                "unix_socket_dir =",
                "auth_type = scram-sha-256",
                $"auth_file = {users}",
                $"pool_mode = {mode}",
                string.Create(CultureInfo.InvariantCulture, $"default_pool_size = {PoolSize}"),
                .. settings,
            ],
            cancellationToken);
        (await new ToolRun(LabMachine.PathOf(LabTool.ChangeOwner), ["-R", "postgres:postgres", folder.FullPath]).RunAsync(cancellationToken)).RequireSuccess();
    }
}
