using System.Data.Common;
using System.Globalization;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Matching;

namespace PasswordSync.Providers.Sql;

/// <summary>What is asked of the user table.</summary>
internal sealed class SqlUserTable(SqlOptions options, ISqlEngine engine)
{
    private readonly SqlStatements statements = SqlStatements.Of(options);

    /// <summary>A row that was found.</summary>
    public sealed record Row(string Key, string Login, long Version);

    public async Task<IReadOnlyList<Row>> FindAsync(DbConnection connection, MatchRule rule, string value, CancellationToken cancellationToken)
    {
        if (value.Contains('\0', StringComparison.Ordinal)) return [];
        await using var command = connection.CreateCommand();
        command.CommandText = statements.Find[rule];
        engine.AddText(command, "value", value);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<Row>();
        while (rows.Count < AccountSearch.HitsMax && await reader.ReadAsync(cancellationToken)) rows.Add(new Row(Text(reader.GetValue(0)), Text(reader.GetValue(1)), VersionOf(reader, 2)));
        return rows;
    }

    /// <returns>The version and the password; null if the row is gone.</returns>
    public async Task<(long Version, StoredHash? Password)?> ReadAsync(DbConnection connection, DbTransaction? transaction, string key, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = statements.Read;
        engine.AddText(command, "key", key);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? (VersionOf(reader, 0), StoredHash.Read(options.Hash, reader, 1)) : null;
    }

    /// <returns>How many rows the statement changed; less than zero if it does not say.</returns>
    public async Task<int> WriteAsync(DbConnection connection, DbTransaction transaction, string key, StoredHash password, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = statements.Set;
        engine.AddText(command, "key", key);
        AddHash(command, password);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Lets the database plan every statement, which needs every table, column and right that they use, and changes nothing.</summary>
    public async Task CheckAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        using var nothing = Secret.FromCharacters("");
        var hash = StoredHash.Compute(options.Hash, nothing, SqlOptions.IterationsMin);
        foreach (var statement in statements.All)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = $"EXPLAIN {statement}";
            foreach (var name in (string[])["value", "key"])
            {
                if (statement.Contains($"@{name}", StringComparison.Ordinal)) AddNull(command, name);
            }

            if (statement.Contains("@hash", StringComparison.Ordinal)) AddHash(command, hash);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private void AddNull(DbCommand command, string name)
    {
        engine.AddText(command, name, "");
        command.Parameters[command.Parameters.Count - 1].Value = DBNull.Value;
    }

    private static void AddHash(DbCommand command, StoredHash password)
    {
        foreach (var (name, value) in password.Values)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = ($"@{name}", value);
            command.Parameters.Add(parameter);
        }
    }

    private static long VersionOf(DbDataReader reader, int column) => reader.IsDBNull(column) ? 0 : Convert.ToInt64(reader.GetValue(column), CultureInfo.InvariantCulture);

    private static string Text(object value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}
