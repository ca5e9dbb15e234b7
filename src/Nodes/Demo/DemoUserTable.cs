using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;

namespace PasswordSync.Demo;

/// <summary>The first target: an application's user table in SQLite, with salted PBKDF2.</summary>
internal sealed class DemoUserTable(string file)
{
    /// <summary>Fewer than in production, so that a first look takes no time.</summary>
    public const int Iterations = 10_000;

    public void Create(IEnumerable<string> people)
    {
        using var connection = Open();
        Execute(connection, "CREATE TABLE users (id INTEGER PRIMARY KEY, login TEXT NOT NULL UNIQUE, password_hash BLOB, password_salt BLOB, password_iterations INTEGER, password_version INTEGER NOT NULL DEFAULT 0) STRICT", null);
        foreach (var person in people) Execute(connection, "INSERT INTO users (login) VALUES ($login)", person);
    }

    /// <summary>Signs in as the application would: hashes again and compares.</summary>
    public bool SignIn(string login, string password)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT password_hash, password_salt, password_iterations FROM users WHERE login = $login AND password_hash IS NOT NULL";
        command.Parameters.AddWithValue("$login", login);
        using var reader = command.ExecuteReader();
        if (!reader.Read()) return false;
        var hash = reader.GetFieldValue<byte[]>(0);
        var computed = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), reader.GetFieldValue<byte[]>(1), reader.GetInt32(2), HashAlgorithmName.SHA256, hash.Length);
        return CryptographicOperations.FixedTimeEquals(hash, computed);
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql, string? login)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // the texts are constants of this file
        command.CommandText = sql;
#pragma warning restore CA2100
        if (login is not null) command.Parameters.AddWithValue("$login", login);
        command.ExecuteNonQuery();
    }
}
