using System.Diagnostics;

namespace PasswordSync.Lab;

/// <summary>
/// A PostgreSQL server with data of its own, on a loopback port of its own, run as the user "postgres" since it refuses root. Its administrator is <see cref="Administrator"/>,
/// who needs no password over the socket; over TCP everybody needs one.
/// </summary>
public sealed partial class PostgresServer : LabServer
{
    /// <summary>The superuser, also the owner of <see cref="Database"/>.</summary>
    public const string Administrator = "postgres";

    /// <summary>The database that is made at the start.</summary>
    public const string Database = "passwordsync";

    /// <summary>The administrator's password.</summary>
    public const string AdministratorPassword = "lab-postgres-administrator";

    private readonly TemporaryFolder folder;

    private PostgresServer(TemporaryFolder folder, int port)
    {
        this.folder = folder;
        Port = port;
    }

    public int Port { get; }

    /// <summary>Everything of the server is below it.</summary>
    public string Folder => folder.FullPath;

    public string DataFolder => folder.PathOf("data");

    public string LogFile => folder.PathOf("postgres.log");

    /// <summary>Npgsql's connection string for the administrator, with the password.</summary>
    public string ConnectionString => $"{ConnectionStringWithoutPassword};Password={AdministratorPassword}";

    /// <summary>As above, without the password.</summary>
    public string ConnectionStringWithoutPassword => $"Host=127.0.0.1;Port={Port};Database={Database};Username={Administrator}";

    protected override string Title => $"PostgreSQL on port {Port}";

    protected override ServerCommand Command =>
        new(LabMachine.PathOf(LabTool.SetPrivileges), [.. Unprivileged, Program("postgres"), "-D", DataFolder], LogFile) { Mounts = smallDisk is { } disk ? [disk] : [] };

    /// <summary>Makes a database cluster and starts a server on it. Ends with this object.</summary>
    /// <param name="settings">Lines for postgresql.conf, after those of the lab.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="LabNotSupportedException">Not Linux: the calling test is skipped.</exception>
    /// <exception cref="LabEnvironmentException">PostgreSQL is not installed, or did not start; the message says more.</exception>
    public static async Task<PostgresServer> StartAsync(IReadOnlyList<string> settings, CancellationToken cancellationToken)
    {
        LabMachine.Require(LabTool.Shell, LabTool.SetSid, LabTool.Unshare, LabTool.SetPrivileges, LabTool.ChangeOwner);
        var server = new PostgresServer(TemporaryFolder.Create("pg"), FreePort.Find());
        try
        {
            await server.MakeAsync(settings, cancellationToken);
            await server.StartAsync(cancellationToken);
            await server.RunSqlAsync($"CREATE DATABASE {Database}", database: "postgres", cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends it as an administrator does: sessions end, a checkpoint is made.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        if (IsRunning && ProcessIds is [var server, ..])
        {
            // "Fast shutdown": to be told to end otherwise, it would wait until every client has gone.
            NativeSignals.Send(server, NativeSignals.Interrupt);
            await Eventually.HoldsAsync("the end of PostgreSQL", ServerProcess.StopBound, _ => Task.FromResult(!IsRunning), cancellationToken);
        }

        await base.StopAsync(cancellationToken);
    }

    /// <summary>Runs SQL as the administrator with psql; what it printed, unaligned and without headings.</summary>
    /// <exception cref="LabEnvironmentException">A statement failed.</exception>
    public Task<string> RunSqlAsync(string sql, CancellationToken cancellationToken) => RunSqlAsync(sql, Database, cancellationToken);

    /// <summary>As above, in another database.</summary>
    public async Task<string> RunSqlAsync(string sql, string database, CancellationToken cancellationToken)
    {
        var run = new ToolRun(Program("psql"), ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", folder.PathOf("socket"), "-p", $"{Port}", "-U", Administrator, "-d", database, "-f", "-"]) { Input = sql };
        return (await run.RunAsync(cancellationToken)).RequireSuccess().Output.Trim();
    }

    /// <summary>A psql that runs statements and then stops itself (SIGSTOP), with its connection open and whatever transaction it began. The caller starts and kills it.</summary>
    /// <param name="applicationName">The name under which the server knows it.</param>
    /// <param name="sql">What it runs before.</param>
    public ProcessStartInfo ClientThatStopsItself(string applicationName, string sql)
    {
        var script = folder.PathOf($"stopped-{Guid.NewGuid():N}.sql");
        File.WriteAllText(script, sql + "\n\\! kill -STOP $PPID\n");
        var start = new ProcessStartInfo(Program("psql")) { RedirectStandardOutput = true };
        foreach (var argument in new[] { "-X", "-q", "-h", folder.PathOf("socket"), "-p", $"{Port}", "-U", Administrator, "-d", Database, "-f", script }) start.ArgumentList.Add(argument);
        start.Environment["PGAPPNAME"] = applicationName;
        return start;
    }

    public override async ValueTask DisposeAsync()
    {
        await KillAsync(CancellationToken.None);
        await base.DisposeAsync();
        folder.Dispose();
    }

    // Debian keeps the programs of each version apart; the newest one there is.
    internal static string Program(string name)
    {
        const string home = "/usr/lib/postgresql";
        IEnumerable<string> versions = Directory.Exists(home) ? Directory.GetDirectories(home).OrderByDescending(path => int.TryParse(Path.GetFileName(path), out var version) ? version : 0) : [];
        return versions.Select(version => Path.Combine(version, "bin", name)).FirstOrDefault(File.Exists)
            ?? throw new LabEnvironmentException($"PostgreSQL's '{name}' is missing. It is in the Debian package 'postgresql': run ./test.sh, which installs what the tests need.");
    }

    internal static string[] Unprivileged => ["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"];

    private async Task MakeFoldersAsync(CancellationToken cancellationToken)
    {
        // The server's user must get to its folder, which others may pass but not list.
        File.SetUnixFileMode(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        Directory.CreateDirectory(DataFolder);
        File.SetUnixFileMode(DataFolder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.CreateDirectory(folder.PathOf("socket"));
        await File.WriteAllTextAsync(folder.PathOf("password"), AdministratorPassword, cancellationToken);
        await RunAsync(LabMachine.PathOf(LabTool.ChangeOwner), ["postgres:postgres", DataFolder, folder.PathOf("socket"), folder.PathOf("password")], cancellationToken);
    }

    private async Task MakeAsync(IReadOnlyList<string> settings, CancellationToken cancellationToken)
    {
        await MakeFoldersAsync(cancellationToken);
        await RunAsync(
            LabMachine.PathOf(LabTool.SetPrivileges),
            [.. Unprivileged, Program("initdb"), "-D", DataFolder, "-U", Administrator, "--pwfile", folder.PathOf("password"), "-A", "scram-sha-256", "--locale=C.UTF-8", "-E", "UTF8", "--no-instructions"],
            cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(DataFolder, "pg_hba.conf"), "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\nhost all all 10.213.0.0/16 scram-sha-256\nhost replication all 127.0.0.1/32 scram-sha-256\n", cancellationToken);
        await File.AppendAllLinesAsync(
            Path.Combine(DataFolder, "postgresql.conf"),
            ["listen_addresses = '127.0.0.1'", $"port = {Port}", $"unix_socket_directories = '{folder.PathOf("socket")}'", "max_connections = 200", "shared_buffers = 64MB", .. settings],
            cancellationToken);
    }

    protected override async Task<string?> FindDelayAsync(CancellationToken cancellationToken)
    {
        var asked = await new ToolRun(Program("pg_isready"), ["-q", "-h", "127.0.0.1", "-p", $"{Port}"]).RunAsync(cancellationToken);
        return asked.ExitCode == 0 ? null : $"pg_isready says {asked.ExitCode}";
    }

    private static async Task RunAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        (await new ToolRun(program, arguments).RunAsync(cancellationToken)).RequireSuccess();
}
