using System.Globalization;
using System.Net;
using PasswordSync.Lab.Product;

namespace PasswordSync.Lab;

/// <summary>One database machine: Patroni and the PostgreSQL server that it runs, with <c>cluster-config/patroni/patroni.yml</c> as it stands, but for names, ports, paths and passwords.</summary>
public sealed class PatroniMember : IAsyncDisposable
{
    private readonly TemporaryFolder folder = TemporaryFolder.Create("patroni");
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(2) };
    private readonly int restPort = FreePort.Find();
    private ServerProcess? process;

    internal PatroniMember(string name) => Name = name;

    public string Name { get; }

    /// <summary>Where its PostgreSQL server listens.</summary>
    public int Port { get; } = FreePort.Find();

    public string LogFile => folder.PathOf("patroni.log");

    private string ConfigurationFile => folder.PathOf("patroni.yml");

    /// <summary>Starts it, for the first time or again.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (process is not null) await process.DisposeAsync();
        process = ServerProcess.Start(new ServerCommand(
            LabMachine.PathOf(LabTool.SetPrivileges), [.. PostgresServer.Unprivileged, LabMachine.PathOf(LabTool.Patroni), ConfigurationFile], LogFile));
    }

    /// <summary>Ends Patroni and PostgreSQL at once, as a power cut would.</summary>
    public Task KillAsync(CancellationToken cancellationToken) => process!.KillAsync(cancellationToken);

    /// <summary>Suspends Patroni and PostgreSQL: the machine stands still, and its connections with it.</summary>
    public void Freeze() => process!.Freeze();

    public void Thaw() => process!.Thaw();

    /// <summary>Whether it says that it is the leader; no if it says nothing.</summary>
    public Task<bool> IsLeaderAsync(CancellationToken cancellationToken) => SaysAsync("leader", cancellationToken);

    /// <summary>Whether it says that it is the standby that each commit waits for.</summary>
    public Task<bool> IsSynchronousAsync(CancellationToken cancellationToken) => SaysAsync("synchronous", cancellationToken);

    /// <summary>Whether its server takes writes.</summary>
    public async Task<bool> TakesWritesAsync(CancellationToken cancellationToken)
    {
        var asked = await PsqlAsync("SELECT pg_is_in_recovery()", cancellationToken);
        return asked.ExitCode == 0 && asked.Output.Trim() == "f";
    }

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            process.Thaw();
            await process.KillAsync(CancellationToken.None);
            await process.DisposeAsync();
        }

        http.Dispose();
        folder.Dispose();
    }

    /// <summary>Writes its files.</summary>
    internal async Task PrepareAsync(string arbiter, CancellationToken cancellationToken)
    {
        File.SetUnixFileMode(folder.FullPath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        var (certificate, key, own) = (folder.PathOf("server.pem"), folder.PathOf("server.key"), folder.PathOf("own"));
        using (var authority = CertificateAuthority.Create("the database machines of the lab")) authority.Issue(certificate, key, [Name], [IPAddress.Loopback]);
        foreach (var path in new[] { own, folder.PathOf("own/socket") }) Directory.CreateDirectory(path);
        var documented = await File.ReadAllTextAsync(Path.Combine(ProductBuild.Root, "cluster-config", "patroni", "patroni.yml"), cancellationToken);
        (string Documented, string Here)[] changes =
        [
            ("name: db1", $"name: {Name}"),
            ("listen: 0.0.0.0:8008", $"listen: 127.0.0.1:{Text(restPort)}"),
            ("connect_address: db1.example.net:8008", $"connect_address: 127.0.0.1:{Text(restPort)}"),
            ("hosts: [db1.example.net:2379, db2.example.net:2379, witness.example.net:2379]", $"hosts: [{arbiter}]"),
            ("listen: 0.0.0.0:5432", $"listen: 127.0.0.1:{Text(Port)}"),
            ("connect_address: db1.example.net:5432", $"connect_address: 127.0.0.1:{Text(Port)}"),
            ("data_dir: /var/lib/postgresql/patroni", $"data_dir: {own}/data"),
            ("bin_dir: /usr/lib/postgresql/15/bin", $"bin_dir: {Path.GetDirectoryName(PostgresServer.Program("postgres"))}"),
            ("pgpass: /var/lib/postgresql/.pgpass_patroni", $"pgpass: {own}/pgpass"),
            ("\"CHANGE-ME\"", $"\"{PostgresServer.AdministratorPassword}\""),
            ("ssl_cert_file: /etc/postgresql/server.pem", $"ssl_cert_file: {certificate}"),
            ("ssl_key_file: /etc/postgresql/server.key", $"ssl_key_file: {key}\n    unix_socket_directories: {own}/socket"),
        ];
        foreach (var (text, here) in changes)
        {
            if (!documented.Contains(text, StringComparison.Ordinal)) throw new LabEnvironmentException($"patroni.yml no longer says '{text}': mend PatroniMember with it.");
            documented = documented.Replace(text, here, StringComparison.Ordinal);
        }

        await File.WriteAllTextAsync(ConfigurationFile, documented, cancellationToken);
        (await new ToolRun(LabMachine.PathOf(LabTool.ChangeOwner), ["-R", "postgres:postgres", own, ConfigurationFile, certificate, key]).RunAsync(cancellationToken)).RequireSuccess();
    }

    /// <summary>Runs SQL as the administrator with psql.</summary>
    internal Task<ToolResult> PsqlAsync(string sql, CancellationToken cancellationToken) => new ToolRun(
        PostgresServer.Program("psql"), ["-X", "-q", "-A", "-t", "-h", "127.0.0.1", "-p", Text(Port), "-U", PostgresServer.Administrator, "-d", "postgres", "-c", sql])
    {
        Environment = new Dictionary<string, string> { ["PGPASSWORD"] = PostgresServer.AdministratorPassword, ["PGCONNECT_TIMEOUT"] = "2" },
    }.RunAsync(cancellationToken);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private async Task<bool> SaysAsync(string question, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{Text(restPort)}/{question}"), cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception silent) when (silent is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
