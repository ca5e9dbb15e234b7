using System.Globalization;
using Microsoft.Data.Sqlite;
using PasswordSync.Providers.Matching;

namespace PasswordSync.Providers.Sql;

/// <summary>The statements on the user table. SQLite works synchronously: whoever calls these does so off the caller's thread.</summary>
internal sealed class SqlUserTable(SqlOptions options)
{
    /// <summary>A row that was found.</summary>
    public sealed record Row(string Key, string Login, long Version);

    public SqliteConnection Open(SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = options.Database,
            Mode = mode,
            DefaultTimeout = (int)Math.Ceiling(options.LockTimeout.TotalSeconds),
            Pooling = false,
        }.ToString());
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public IReadOnlyList<Row> Find(SqliteConnection connection, MatchRule rule, string value)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {options.KeyColumn}, {options.LoginColumn}, {options.VersionColumn} FROM {options.Table} WHERE {rule.Target} = $value LIMIT {AccountSearch.HitsMax}";
        command.Parameters.AddWithValue("$value", value);
        using var reader = command.ExecuteReader();
        var rows = new List<Row>();
        while (reader.Read()) rows.Add(new Row(Text(reader.GetValue(0)), Text(reader.GetValue(1)), reader.IsDBNull(2) ? 0 : reader.GetInt64(2)));
        return rows;
    }

    /// <returns>The version and the password; null if the row is gone.</returns>
    public (long Version, SqlPasswordHash? Password)? Read(SqliteConnection connection, string key)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {options.VersionColumn}, {options.HashColumn}, {options.SaltColumn}, {options.IterationsColumn} FROM {options.Table} WHERE {options.KeyColumn} = $key";
        command.Parameters.AddWithValue("$key", key);
        using var reader = command.ExecuteReader();
        if (!reader.Read()) return null;
        var hash = reader.IsDBNull(1) || reader.IsDBNull(2) || reader.IsDBNull(3)
            ? null
            : new SqlPasswordHash(reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<byte[]>(2), reader.GetInt32(3));
        return (reader.IsDBNull(0) ? 0 : reader.GetInt64(0), hash);
    }

    /// <returns>The new version; null if the row is gone.</returns>
    public long? Write(SqliteConnection connection, SqliteTransaction transaction, string key, SqlPasswordHash password)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"""
            UPDATE {options.Table}
            SET {options.HashColumn} = $hash, {options.SaltColumn} = $salt, {options.IterationsColumn} = $iterations,
                {options.VersionColumn} = coalesce({options.VersionColumn}, 0) + 1
            WHERE {options.KeyColumn} = $key
            """;
        command.Parameters.AddWithValue("$hash", password.Hash.ToArray());
        command.Parameters.AddWithValue("$salt", password.Salt.ToArray());
        command.Parameters.AddWithValue("$iterations", password.Iterations);
        command.Parameters.AddWithValue("$key", key);

        // Read afterwards and not by RETURNING, which does not see what a trigger of the table does to the version.
        return command.ExecuteNonQuery() == 0 ? null : Read(connection, key)?.Version;
    }

    /// <summary>Asks for every column that is used; throws if one is missing.</summary>
    public void Check(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        var columns = options.Match.Select(rule => rule.Target)
            .Concat([options.KeyColumn, options.LoginColumn, options.HashColumn, options.SaltColumn, options.IterationsColumn, options.VersionColumn]);
        command.CommandText = $"SELECT {string.Join(", ", columns.Select(column => $"{options.Table}.{column}"))} FROM {options.Table} LIMIT 1";
        command.ExecuteNonQuery();
    }

    private static string Text(object value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}
