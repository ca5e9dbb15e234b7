using System.Net;
using PasswordSync.Core.Identities;
using PasswordSync.Lab;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.PostgreSql;
using PasswordSync.Providers.PostgreSqlRoles;
using PasswordSync.Providers.Tests.Conformance;
using PasswordSync.Providers.Tests.Support;
using Xunit;

namespace PasswordSync.Providers.Tests.PostgreSqlRoles;

/// <summary>A real server with TLS, that logs every statement; shared by the tests of one class, each with roles of its own.</summary>
public sealed class PostgreSqlRolesServer : IAsyncLifetime
{
    private readonly ScratchFolder folder = new();
    private readonly CertificateAuthority authority = CertificateAuthority.Create("postgres tests");

    public PostgresServer Server { get; private set; } = null!;

    public string AuthorityFile { get; private set; } = null!;

    public string ForeignAuthorityFile { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var token = CancellationToken.None;
        authority.Issue(folder.PathOf("server.pem"), folder.PathOf("server.key"), ["localhost"], [IPAddress.Loopback]);
        AuthorityFile = folder.Write("ca.pem", authority.CertificatePem);
        using var foreign = CertificateAuthority.Create("somebody else");
        ForeignAuthorityFile = folder.Write("foreign.pem", foreign.CertificatePem);

        // The server takes only a key that is its own user's.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Path.GetDirectoryName(AuthorityFile)!, (UnixFileMode)0b111_001_001);
        foreach (var name in (string[])["server.pem", "server.key"])
        {
            var (code, said) = await Programs.RunAsync("/usr/bin/install", ["-o", "postgres", "-m", "600", folder.PathOf(name), folder.PathOf("own-" + name)], token);
            Assert.True(code == 0, said);
        }

        // A library that gives up a statement connects once more to say so, and where that is swallowed, too, it waits until the server has lost its patience: after a minute as a rule.
        Server = await PostgresServer.StartAsync(
            ["fsync = off", "authentication_timeout = 10s", "ssl = on", $"ssl_cert_file = '{folder.PathOf("own-server.pem")}'", $"ssl_key_file = '{folder.PathOf("own-server.key")}'", "log_statement = 'all'", "log_min_duration_statement = 0"], token);
        await Server.RunSqlAsync("CREATE ROLE sync LOGIN CREATEROLE PASSWORD 'sync password'; CREATE ROLE powerless LOGIN PASSWORD 'powerless password'", token);

        // Here and not by each test: two grants on one schema at the same time are "tuple concurrently updated" for one of them.
        await Server.RunSqlAsync("CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO sync, powerless", token);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        authority.Dispose();
        folder.Dispose();
    }
}

internal sealed class PostgreSqlRolesTarget : ConformanceTarget, IConfigurableTarget, ITlsTarget
{
    /// <summary>For servers that nobody runs, or that are silent: refused at once, or left when told to.</summary>
    internal static readonly TimeSpan ElsewhereTimeout = TimeSpan.FromMinutes(2);

    private readonly ScratchFolder folder = new();
    private readonly PostgreSqlRolesServer server;

    /// <param name="server">The server.</param>
    /// <param name="readsVerifiers">Whether the service is a superuser, which may read what is kept of passwords.</param>
    public PostgreSqlRolesTarget(PostgreSqlRolesServer server, bool readsVerifiers)
    {
        this.server = server;
        Options = new PostgreSqlRolesOptions
        {
            Server = new PostgreSqlServerOptions
            {
                Host = "127.0.0.1",
                Port = server.Server.Port,
                Database = PostgresServer.Database,
                BindName = readsVerifiers ? PostgresServer.Administrator : "sync",
                BindPassword = "file:" + folder.Write("bind", readsVerifiers ? PostgresServer.AdministratorPassword : "sync password"),
                TrustedRoots = server.AuthorityFile,
                ConnectTimeout = Any.LongTime,
            },
            PasswordLengthMin = 8,
        };
        Provider = Make(Options);
    }

    public PostgreSqlRolesOptions Options { get; }

    public override IProvider Provider { get; }

    public object Settings => new
    {
        host = Options.Server.Host,
        port = Options.Server.Port,
        database = Options.Server.Database,
        bindName = Options.Server.BindName,
        bindPassword = Options.Server.BindPassword,
        trustedRoots = Options.Server.TrustedRoots,
        passwordLengthMin = Options.PasswordLengthMin,
        connectTimeout = "1m",
    };

    public override string RefusedPassword => "Sh0rt!";

    public IPEndPoint EndPoint => new(IPAddress.Loopback, server.Server.Port);

    public static PostgreSqlRolesProvider Make(PostgreSqlRolesOptions options) => new(options, Any.Context(TimeProvider.System));

    public override Task<AccountNames> AddAsync(string password, CancellationToken cancellationToken) => AddAsync($"u{Guid.NewGuid():N}"[..16], password, cancellationToken);

    public Task<AccountNames> AddOddAsync(string password, CancellationToken cancellationToken) => AddAsync($"o'n(e)--;*&/?\"#%\\{Guid.NewGuid():N}"[..24], password, cancellationToken);

    /// <summary>Signs in with psql, whose library prepares passwords as the server does; a passfile takes every character but line ends.</summary>
    public override async Task<bool> HasAsync(AccountNames names, string password, CancellationToken cancellationToken)
    {
        var file = folder.Write($"pass-{Guid.NewGuid():N}", $"*:*:*:*:{password.Replace("\\", "\\\\").Replace(":", "\\:")}\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var role = names.SamAccountName.Replace("\\", "\\\\").Replace("'", "\\'");
        var (code, said) = await Programs.RunAsync(
            "/usr/bin/psql", ["-X", "-w", "-c", "SELECT 1", $"host=127.0.0.1 port={server.Server.Port} dbname={PostgresServer.Database} passfile={file} user='{role}'"], cancellationToken);
        Assert.True(code == 0 || said.Contains("password authentication failed"), said);
        return code == 0;
    }

    public Task RemoveAsync(AccountNames names, CancellationToken cancellationToken) => server.Server.RunSqlAsync($"DROP ROLE {Quote(names.SamAccountName)}", cancellationToken);

    public Task SetBehindTheBackAsync(AccountNames names, string password, CancellationToken cancellationToken) =>
        server.Server.RunSqlAsync($"ALTER ROLE {Quote(names.SamAccountName)} PASSWORD '{password.Replace("'", "''")}'", cancellationToken);

    public IProvider WithWrongCredentials() => Make(Options with { Server = Options.Server with { BindPassword = "file:" + folder.Write("wrong", "not the password") } });

    public Task<IProvider> WithoutRightsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IProvider>(Make(Options with { Server = Options.Server with { BindName = "powerless", BindPassword = "file:" + folder.Write("powerless", "powerless password") } }));

    public IProvider WithForeignRoots() => Make(Options with { Server = Options.Server with { TrustedRoots = server.ForeignAuthorityFile } });

    public IProvider At(IPEndPoint endPoint) => Make(Options with { Server = Options.Server with { Host = endPoint.Address.ToString(), Port = endPoint.Port, ConnectTimeout = ElsewhereTimeout } });

    public override async ValueTask DisposeAsync()
    {
        await Provider.DisposeAsync();
        folder.Dispose();
    }

    private static string Quote(string role) => $"\"{role.Replace("\"", "\"\"")}\"";

    public async Task<AccountNames> AddAsync(string role, string password, CancellationToken cancellationToken)
    {
        var names = Any.Names(role);
        await server.Server.RunSqlAsync($"CREATE ROLE {Quote(role)} LOGIN", cancellationToken);
        await SetBehindTheBackAsync(names, password, cancellationToken);
        return names;
    }
}
