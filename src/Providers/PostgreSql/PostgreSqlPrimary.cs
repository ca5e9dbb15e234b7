using Npgsql;
using PasswordSync.Providers.Contract;

namespace PasswordSync.Providers.PostgreSql;

/// <summary>Whether a server takes changes from the service: what no right and no plan of a statement shows.</summary>
internal static class PostgreSqlPrimary
{
    private const string Check = "primary";

    /// <summary>
    /// Asks with a connection of the service. On a standby every transaction is read-only (https://www.postgresql.org/docs/current/hot-standby.html); elsewhere it is where
    /// <c>default_transaction_read_only</c> says so, for the server, the database or the role.
    /// </summary>
    public static async Task<VerificationCheck> CheckAsync(PostgreSqlConnector connector, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var (isStandby, isReadOnly, source) = await AskAsync(connection, cancellationToken);
        if (isReadOnly)
        {
            // What a role or a database is set to holds for a connection from its beginning to its end: one that was kept does not know of the remedy.
            connector.Renew();
            await using var begun = await connector.OpenAsync(cancellationToken);
            (isStandby, isReadOnly, source) = await AskAsync(begun, cancellationToken);
        }

        if (isStandby) return VerificationCheck.Failed(Check, "This server is a standby and takes no changes.", "Name the primary in host.");
        return isReadOnly
            ? VerificationCheck.Failed(
                Check, $"The service's transactions may only read: default_transaction_read_only is on (set by: {source}).", "Let bindName's transactions write: ALTER ROLE … SET default_transaction_read_only = off, or name the primary in host.")
            : VerificationCheck.Passed(Check, "The server takes changes.");
    }

    private static async Task<(bool IsStandby, bool IsReadOnly, string Source)> AskAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "SELECT pg_is_in_recovery(), current_setting('transaction_read_only')::boolean, source FROM pg_catalog.pg_settings WHERE name = 'default_transaction_read_only'", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetBoolean(0), reader.GetBoolean(1), reader.GetString(2));
    }
}
