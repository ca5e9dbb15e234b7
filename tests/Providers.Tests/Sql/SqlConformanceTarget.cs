using Microsoft.Data.Sqlite;
using PasswordSync.Core.Identities;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Settings;
using PasswordSync.Providers.Sql;
using PasswordSync.Providers.Tests.Conformance;
using PasswordSync.Providers.Tests.Support;

namespace PasswordSync.Providers.Tests.Sql;

internal sealed class SqlConformanceTarget : ConformanceTarget, ISearchableTarget
{
    private readonly ScratchFolder folder = new();
    private int count;

    public SqlConformanceTarget()
    {
        Options = new SqlOptions { Database = folder.PathOf("users.db"), Iterations = 1_000, PasswordLengthMin = 8, LockTimeout = Any.LongTime };
        Provider = Make(Options);
        Execute("CREATE TABLE users (id INTEGER PRIMARY KEY, login TEXT NOT NULL, password_hash BLOB, password_salt BLOB, password_iterations INTEGER, password_version INTEGER)");
    }

    public SqlOptions Options { get; }

    public override IProvider Provider { get; }

    public override string RefusedPassword => "Sh0rt!";

    public override Task<AccountNames> AddAsync(string password, CancellationToken cancellationToken) => Task.FromResult(Add(password, 1, $"user{++count}"));

    public Task<AccountNames> AddOddAsync(string password, CancellationToken cancellationToken) => Task.FromResult(Add(password, 1, "o'n(e)--;*&/?#%_41 \"x\"\\"));

    public Task<AccountNames> AddTwiceAsync(CancellationToken cancellationToken) => Task.FromResult(Add("F0rmer.Passw0rd!", 2, $"user{++count}"));

    public override Task<bool> HasAsync(AccountNames names, string password, CancellationToken cancellationToken)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT password_hash, password_salt, password_iterations FROM users WHERE login = $login";
        command.Parameters.AddWithValue("$login", names.SamAccountName);
        using var reader = command.ExecuteReader();
        if (!reader.Read()) return Task.FromResult(false);
        using var secret = Any.Secret(password);
        return Task.FromResult(new Pbkdf2Password(reader.GetFieldValue<byte[]>(0), reader.GetFieldValue<byte[]>(1), reader.GetInt32(2)).Matches(secret));
    }

    public Task RemoveAsync(AccountNames names, CancellationToken cancellationToken)
    {
        Execute("DELETE FROM users WHERE login = $login", ("$login", names.SamAccountName));
        return Task.CompletedTask;
    }

    public Task SetBehindTheBackAsync(AccountNames names, string password, CancellationToken cancellationToken)
    {
        using var secret = Any.Secret(password);
        var hash = Pbkdf2Password.Compute(secret, 1_000);
        Execute(
            "UPDATE users SET password_hash = $hash, password_salt = $salt, password_iterations = 1000, password_version = password_version + 1 WHERE login = $login",
            ("$login", names.SamAccountName), ("$hash", hash.Hash.ToArray()), ("$salt", hash.Salt.ToArray()));
        return Task.CompletedTask;
    }

    public override async ValueTask DisposeAsync()
    {
        await Provider.DisposeAsync();
        folder.Dispose();
    }

    public static SqlProvider Make(SqlOptions options) => new(options, new SecretReferences(NodeAllowList.Everything));

    public SqliteConnection Open()
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Options.Database, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    public void Execute(string text, params (string Name, object Value)[] parameters)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = text;
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value);
        command.ExecuteNonQuery();
    }

    private AccountNames Add(string password, int times, string login)
    {
        var names = Any.Names(login);
        for (var i = 0; i < times; i++) Execute("INSERT INTO users (login, password_version) VALUES ($login, 0)", ("$login", names.SamAccountName));
        SetBehindTheBackAsync(names, password, CancellationToken.None);
        return names;
    }
}
