using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace PasswordSync.Lab;

/// <summary>
/// A PostgreSQL server with data of its own, on a loopback port of its own, run as the user "postgres" since it refuses root. Its administrator is <see cref="Administrator"/>,
/// who needs no password over the socket; over TCP everybody needs one.
/// </summary>
public sealed partial class PostgresServer : IAsyncDisposable
{
    /// <summary>The superuser, also the owner of <see cref="Database"/>.</summary>
    public const string Administrator = "postgres";

    /// <summary>The database that is made at the start.</summary>
    public const string Database = "passwordsync";

    /// <summary>The administrator's password.</summary>
    public const string AdministratorPassword = "lab-postgres-administrator";

    /// <summary>How long a start may take until the server answers.</summary>
    private static readonly TimeSpan StartBound = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder folder;
    private ServerProcess? process;

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

    /// <summary>False once the server has ended, by itself or otherwise.</summary>
    public bool IsRunning => process?.IsRunning ?? false;

    /// <summary>Makes a database cluster and starts a server on it. Ends with this object.</summary>
    /// <param name="settings">Lines for postgresql.conf, after those of the lab.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="LabNotSupportedException">Not Linux: the calling test is skipped.</exception>
    /// <exception cref="LabEnvironmentException">PostgreSQL is not installed, or did not start; the message says more.</exception>
    public static async Task<PostgresServer> StartAsync(IReadOnlyList<string> settings, CancellationToken cancellationToken)
    {
        LabMachine.Require(LabTool.Shell, LabTool.SetSid, LabTool.Unshare, LabTool.SetPrivileges, LabTool.ChangeOwner);
        var server = new PostgresServer(TemporaryFolder.Create("pg"), FreePort());
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

    /// <summary>Starts the server again after <see cref="StopAsync"/> or <see cref="KillAsync"/>; returns when it answers.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (process is not null) await process.DisposeAsync();
        var command = AsPostgres(Program("postgres"), ["-D", DataFolder]);
        if (smallDiskSize is not null)
        {
            var user = (await new ToolRun("/usr/bin/id", ["-u", "postgres"]).RunAsync(cancellationToken)).RequireSuccess().Output.Trim();
            command = command with { Mounts = [($"tmpfs:size={smallDiskSize},mode=0700,uid={user}", folder.PathOf(SmallDisk))] };
        }

        process = ServerProcess.Start(command);
        await Eventually.HoldsAsync("the start of PostgreSQL; its log:\n" + LogFile, StartBound, AnswersAsync, cancellationToken);
    }

    /// <summary>Ends it as an administrator does: sessions end, a checkpoint is made.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (process is null || !process.IsRunning) return;

        // "Fast shutdown": to be told to end otherwise, it would wait until every client has gone.
        NativeSignals.Send(process.ProcessIds[0], NativeSignals.Interrupt);
        await Eventually.HoldsAsync("the end of PostgreSQL", ServerProcess.StopBound, _ => Task.FromResult(!process.IsRunning), cancellationToken);
    }

    /// <summary>Ends it at once, as a power cut would.</summary>
    public Task KillAsync(CancellationToken cancellationToken) => process!.KillAsync(cancellationToken);

    /// <summary>Suspends every process of the server: connections are still accepted, nothing is answered.</summary>
    public void Freeze() => process!.Freeze();

    /// <summary>Lets a frozen server go on.</summary>
    public void Thaw() => process!.Thaw();

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

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            process.Thaw();
            await process.KillAsync(CancellationToken.None);
            await process.DisposeAsync();
        }

        folder.Dispose();
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    // Debian keeps the programs of each version apart; the newest one there is.
    private static string Program(string name)
    {
        const string home = "/usr/lib/postgresql";
        IEnumerable<string> versions = Directory.Exists(home) ? Directory.GetDirectories(home).OrderByDescending(path => int.TryParse(Path.GetFileName(path), out var version) ? version : 0) : [];
        return versions.Select(version => Path.Combine(version, "bin", name)).FirstOrDefault(File.Exists)
            ?? throw new LabEnvironmentException($"PostgreSQL's '{name}' is missing. It is in the Debian package 'postgresql': run ./test.sh, which installs what the tests need.");
    }

    private static string[] Unprivileged => ["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"];

    private ServerCommand AsPostgres(string program, IReadOnlyList<string> arguments) =>
        new(LabMachine.PathOf(LabTool.SetPrivileges), [.. Unprivileged, program, .. arguments], LogFile);

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
        await File.WriteAllTextAsync(Path.Combine(DataFolder, "pg_hba.conf"), "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\nhost replication all 127.0.0.1/32 scram-sha-256\n", cancellationToken);
        await File.AppendAllLinesAsync(
            Path.Combine(DataFolder, "postgresql.conf"),
            ["listen_addresses = '127.0.0.1'", $"port = {Port}", $"unix_socket_directories = '{folder.PathOf("socket")}'", "max_connections = 200", "shared_buffers = 64MB", .. settings],
            cancellationToken);
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        if (!IsRunning) throw new LabEnvironmentException($"PostgreSQL ended at once:\n{LogTail.Of(LogFile)}");
        var asked = await new ToolRun(Program("pg_isready"), ["-q", "-h", "127.0.0.1", "-p", $"{Port}"]).RunAsync(cancellationToken);
        return asked.ExitCode == 0;
    }

    private static async Task RunAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        (await new ToolRun(program, arguments).RunAsync(cancellationToken)).RequireSuccess();
}
