using System.Net;
using System.Text.Json;
using Npgsql;
using PasswordSync.Core.Identities;
using PasswordSync.Lab;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.PostgreSql;
using PasswordSync.Providers.Settings;
using PasswordSync.Providers.Sql;
using PasswordSync.Providers.Tests.Conformance;
using PasswordSync.Providers.Tests.PostgreSqlRoles;
using PasswordSync.Providers.Tests.Support;
using Xunit;

namespace PasswordSync.Providers.Tests.Sql;

/// <summary>A table of its own on the shared server, whose keys are UUIDs.</summary>
internal sealed class PostgreSqlTableTarget : ConformanceTarget, ISearchableTarget, ITlsTarget
{
    // Written by people who know nothing of the provider.
    private const string Crypt = "import crypt, json, sys; p, h = json.load(open(sys.argv[1])); print(crypt.crypt(p, h) == h)";
    private const string Pbkdf2 = "import hashlib, json, sys; p, h, s, n = json.load(open(sys.argv[1])); print(hashlib.pbkdf2_hmac('sha256', p.encode(), bytes.fromhex(s), n).hex() == h)";

    private readonly ScratchFolder folder = new();
    private readonly PostgreSqlRolesServer server;
    private readonly string table = $"users_{Guid.NewGuid():N}";

    private PostgreSqlTableTarget(PostgreSqlRolesServer server, SqlHash hash, bool withStatements)
    {
        this.server = server;
        Options = new SqlOptions
        {
            Database = PostgresServer.Database,
            Server = new PostgreSqlServerOptions
            {
                Host = "127.0.0.1",
                Port = server.Server.Port,
                Database = PostgresServer.Database,
                BindName = "sync",
                BindPassword = "file:" + folder.Write("bind", "sync password"),
                TrustedRoots = server.AuthorityFile,
                ConnectTimeout = Any.LongTime,
            },
            Hash = hash,
            Iterations = 1_000,
            PasswordLengthMin = 8,
            LockTimeout = Any.LongTime,
        };
        Options = withStatements
            ? Options with
            {
                FindStatement = $"SELECT id, login, password_version FROM app.{table} WHERE login = @value",
                ReadStatement = $"SELECT password_version, password_hash, password_salt, password_iterations FROM app.{table} WHERE id = @key",
                SetStatement = $"UPDATE app.{table} SET (password_hash, password_salt, password_iterations) = (@hash, @salt, @iterations), password_version = password_version + 1 WHERE id = @key",
            }
            : Options with { Table = $"app.{table}" };
        Provider = Make(Options);
    }

    public SqlOptions Options { get; }

    public override IProvider Provider { get; }

    public override string RefusedPassword => "Sh0rt!";

    public IPEndPoint EndPoint => new(IPAddress.Loopback, server.Server.Port);

    public string Table => $"app.{table}";

    public static async Task<PostgreSqlTableTarget> OpenAsync(PostgreSqlRolesServer server, SqlHash hash, bool withStatements, CancellationToken cancellationToken)
    {
        var target = new PostgreSqlTableTarget(server, hash, withStatements);
        var type = hash == SqlHash.Pbkdf2 ? "bytea" : "text";
        await target.ExecuteAsync(
            $"""
            CREATE TABLE {target.Table} (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), login text NOT NULL, password_hash {type}, password_salt bytea, password_iterations int, password_version bigint NOT NULL DEFAULT 0);
            GRANT SELECT, UPDATE ON {target.Table} TO sync;
            GRANT SELECT ON {target.Table} TO powerless;
            """,
            cancellationToken);
        return target;
    }

    public static SqlProvider Make(SqlOptions options) => new(options, new SecretReferences(NodeAllowList.Everything));

    public override Task<AccountNames> AddAsync(string password, CancellationToken cancellationToken) => AddAsync($"u{Guid.NewGuid():N}"[..16], password, 1, cancellationToken);

    public Task<AccountNames> AddOddAsync(string password, CancellationToken cancellationToken) => AddAsync("o'n(e)--;*&/?#%_41 \"x\"\\@key$1", password, 1, cancellationToken);

    public Task<AccountNames> AddTwiceAsync(CancellationToken cancellationToken) => AddAsync($"u{Guid.NewGuid():N}"[..16], "F0rmer.Passw0rd!", 2, cancellationToken);

    public override async Task<bool> HasAsync(AccountNames names, string password, CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken);
        await using var command = new NpgsqlCommand($"SELECT password_hash, password_salt, password_iterations FROM {Table} WHERE login = $1", connection) { Parameters = { new() { Value = names.SamAccountName } } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken)) return false;
        object[] asked = Options.Hash == SqlHash.Pbkdf2
            ? [password, Convert.ToHexStringLower(reader.GetFieldValue<byte[]>(0)), Convert.ToHexStringLower(reader.GetFieldValue<byte[]>(1)), reader.GetInt32(2)]
            : [password, reader.GetString(0)];
        var file = folder.Write($"asked-{Guid.NewGuid():N}", JsonSerializer.Serialize(asked));
        var (code, said) = await Programs.RunAsync("/usr/bin/python3", ["-I", "-W", "ignore", "-c", Options.Hash == SqlHash.Pbkdf2 ? Pbkdf2 : Crypt, file], cancellationToken);
        Assert.True(code == 0, said);
        return said.Trim() == "True";
    }

    public Task RemoveAsync(AccountNames names, CancellationToken cancellationToken) => ExecuteAsync($"DELETE FROM {Table} WHERE login = $1", cancellationToken, names.SamAccountName!);

    public async Task SetBehindTheBackAsync(AccountNames names, string password, CancellationToken cancellationToken)
    {
        using var secret = Any.Secret(password);
        var values = StoredHash.Compute(Options.Hash, secret, 1_000).Values.ToDictionary(value => value.Name, value => value.Value);
        await ExecuteAsync(
            $"UPDATE {Table} SET password_hash = $2, password_salt = $3, password_iterations = $4, password_version = password_version + 1 WHERE login = $1",
            cancellationToken, names.SamAccountName!, values["hash"], values.GetValueOrDefault("salt", Array.Empty<byte>()), values.GetValueOrDefault("iterations", 0));
    }

    public IProvider WithWrongCredentials() => Elsewhere(server => server with { BindPassword = "file:" + folder.Write("wrong", "not the password") });

    public Task<IProvider> WithoutRightsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IProvider>(Elsewhere(server => server with { BindName = "powerless", BindPassword = "file:" + folder.Write("powerless", "powerless password") }));

    public IProvider WithForeignRoots() => Elsewhere(options => options with { TrustedRoots = server.ForeignAuthorityFile });

    public IProvider At(IPEndPoint endPoint) => At(endPoint, PostgreSqlRolesTarget.ElsewhereTimeout);

    public IProvider At(IPEndPoint endPoint, TimeSpan connectTimeout) => Elsewhere(server => server with { Host = endPoint.Address.ToString(), Port = endPoint.Port, ConnectTimeout = connectTimeout });

    public async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(server.Server.ConnectionString + ";Pooling=false;SslMode=Disable");
        await connection.OpenAsync(cancellationToken);
        return connection;
    }

    public async Task ExecuteAsync(string statement, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var connection = await ConnectAsync(cancellationToken);
        await using var command = new NpgsqlCommand(statement, connection);
        foreach (var value in parameters) command.Parameters.Add(new NpgsqlParameter { Value = value });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public override async ValueTask DisposeAsync()
    {
        await Provider.DisposeAsync();
        folder.Dispose();
    }

    private SqlProvider Elsewhere(Func<PostgreSqlServerOptions, PostgreSqlServerOptions> change) => Make(Options with { Server = change(Options.Server!) });

    private async Task<AccountNames> AddAsync(string login, string password, int times, CancellationToken cancellationToken)
    {
        for (var i = 0; i < times; i++) await ExecuteAsync($"INSERT INTO {Table} (login) VALUES ($1)", cancellationToken, login);
        await SetBehindTheBackAsync(Any.Names(login), password, cancellationToken);
        return Any.Names(login);
    }
}
