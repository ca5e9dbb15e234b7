using System.Globalization;
using Npgsql;

namespace PasswordSync.Providers.PostgreSqlRoles;

/// <summary>A role.</summary>
/// <param name="Id">Its oid.</param>
/// <param name="Name">Its name.</param>
/// <param name="CanLogIn">Whether it may log in.</param>
/// <param name="IsSuperuser">Whether it is a superuser.</param>
/// <param name="ValidUntil">When its password ends; null if never.</param>
/// <param name="IsExpired">Whether that has passed, by the server's clock.</param>
/// <param name="IsMember">Whether it is a member of the role that the settings name; true if they name none.</param>
internal sealed record Role(uint Id, string Name, bool CanLogIn, bool IsSuperuser, string? ValidUntil, bool IsExpired, bool IsMember);

/// <summary>What the server keeps of a role's password, which only privileged services may read.</summary>
/// <param name="Version">Changes whenever the role's row does: with every set, and with other changes of the role.</param>
/// <param name="Verifier">The verifier; null if there is none.</param>
internal sealed record StoredPassword(string Version, string? Verifier);

/// <summary>The statements.</summary>
internal static class RoleCatalog
{
    private const string Columns =
        """
        SELECT r.oid, r.rolname::text, r.rolcanlogin, r.rolsuper, r.rolvaliduntil::text, coalesce(r.rolvaliduntil < now(), false),
            $2::text IS NULL OR EXISTS (
                WITH RECURSIVE above(oid) AS (SELECT roleid FROM pg_catalog.pg_auth_members WHERE member = r.oid
                    UNION SELECT m.roleid FROM pg_catalog.pg_auth_members m JOIN above ON m.member = above.oid)
                SELECT FROM above JOIN pg_catalog.pg_roles g ON g.oid = above.oid WHERE g.rolname = $2)
        FROM pg_catalog.pg_roles r
        """;

    public static Task<Role?> FindAsync(NpgsqlConnection connection, string name, string? memberOf, CancellationToken cancellationToken) =>
        ReadAsync(connection, $"{Columns} WHERE r.rolname = $1::text", name, memberOf, cancellationToken);

    public static Task<Role?> FindAsync(NpgsqlConnection connection, uint id, string? memberOf, CancellationToken cancellationToken) =>
        ReadAsync(connection, $"{Columns} WHERE r.oid = $1::text::oid", id.ToString(CultureInfo.InvariantCulture), memberOf, cancellationToken);

    /// <returns>Null if the service may not read it, or the role is gone.</returns>
    public static async Task<StoredPassword?> ReadPasswordAsync(NpgsqlConnection connection, uint id, CancellationToken cancellationToken)
    {
        await using var allowed = new NpgsqlCommand("SELECT has_table_privilege('pg_catalog.pg_authid', 'SELECT')", connection);
        if (await allowed.ExecuteScalarAsync(cancellationToken) is not true) return null;
        await using var command = new NpgsqlCommand("SELECT xmin::text, rolpassword FROM pg_catalog.pg_authid WHERE oid = $1::text::oid", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = id.ToString(CultureInfo.InvariantCulture) });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? new StoredPassword(reader.GetString(0), reader.IsDBNull(1) ? null : reader.GetString(1)) : null;
    }

    /// <summary>The statement takes no parameters: the name is quoted, and a verifier has only characters that need no quoting.</summary>
    public static async Task SetAsync(NpgsqlConnection connection, string name, string verifier, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"ALTER ROLE \"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\" PASSWORD '{verifier}'", connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Whether the service is a superuser, whether it may change roles, and whether it may read what is kept of passwords.</summary>
    public static async Task<(bool IsSuperuser, bool MayChangeRoles, bool MayReadPasswords, string Version)> DescribeAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "SELECT rolsuper, rolcreaterole, has_table_privilege('pg_catalog.pg_authid', 'SELECT'), current_setting('server_version') FROM pg_catalog.pg_roles WHERE rolname = current_user", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetBoolean(0), reader.GetBoolean(1), reader.GetBoolean(2), reader.GetString(3));
    }

    private static async Task<Role?> ReadAsync(NpgsqlConnection connection, string statement, string wanted, string? memberOf, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(statement, connection);
        command.Parameters.Add(new NpgsqlParameter { Value = wanted });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)memberOf ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new Role(reader.GetFieldValue<uint>(0), reader.GetString(1), reader.GetBoolean(2), reader.GetBoolean(3), reader.IsDBNull(4) ? null : reader.GetString(4), reader.GetBoolean(5), reader.GetBoolean(6))
            : null;
    }
}
