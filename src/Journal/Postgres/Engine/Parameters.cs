using Npgsql;
using NpgsqlTypes;

namespace PasswordSync.Journal.Postgres.Engine;

/// <summary>Short ways to say what a command needs. Every caller passes a constant as its text.</summary>
internal static class Parameters
{
    /// <summary>A command with the parameters $1, $2, …</summary>
    public static NpgsqlCommand Command(this NpgsqlConnection connection, string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
#pragma warning disable CA2100 // No caller puts anything that came from outside into a statement.
        var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        foreach (var parameter in parameters) command.Parameters.Add(parameter);
        return command;
    }

    /// <summary>A command that is waited for without end: the connection's time-out is not for it.</summary>
    public static NpgsqlCommand PatientCommand(this NpgsqlConnection connection, string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = connection.Command(sql, parameters);
        command.CommandTimeout = 0;
        return command;
    }

    /// <summary>A further statement of a batch.</summary>
    public static void Add(this NpgsqlBatch batch, string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
#pragma warning disable CA2100 // As above.
        var command = new NpgsqlBatchCommand(sql);
#pragma warning restore CA2100
        foreach (var parameter in parameters) command.Parameters.Add(parameter);
        batch.BatchCommands.Add(command);
    }

    public static NpgsqlParameter Of<T>(T value) => new NpgsqlParameter<T> { TypedValue = value };

    /// <summary>A text that may be missing.</summary>
    public static NpgsqlParameter OfText(string? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    /// <summary>Texts that may be missing.</summary>
    public static NpgsqlParameter OfTexts(string[]? values) => new() { Value = (object?)values ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };

    /// <summary>A number that may be missing.</summary>
    public static NpgsqlParameter OfNumber(long? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint };

    /// <summary>An id that may be missing.</summary>
    public static NpgsqlParameter OfId(Guid? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid };

    /// <summary>Runs a command and disposes it; how many rows it changed.</summary>
    public static async Task<int> ExecuteAsync(this NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using (command.ConfigureAwait(false)) return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs a command and disposes it; the first value of the first row, the default if there is none or it is null.</summary>
    public static async Task<T?> ScalarAsync<T>(this NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using (command.ConfigureAwait(false)) return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is T value ? value : default;
    }

    /// <summary>Runs a command and disposes it; all its rows.</summary>
    public static async Task<List<T>> RowsAsync<T>(this NpgsqlCommand command, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        var all = new List<T>();
        await using (command.ConfigureAwait(false))
        {
            var rows = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (rows.ConfigureAwait(false))
            {
                while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false)) all.Add(read(rows));
            }
        }

        return all;
    }

    /// <summary>A value that may be null.</summary>
    public static T? Optional<T>(this NpgsqlDataReader row, int column) where T : struct => row.IsDBNull(column) ? null : row.GetFieldValue<T>(column);

    /// <summary>A text that may be null.</summary>
    public static string? Text(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
