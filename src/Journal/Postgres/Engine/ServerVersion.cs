using System.Globalization;
using Npgsql;

namespace PasswordSync.Journal.Postgres.Engine;

/// <summary>Which servers will do, by the version that each tells with every new connection.</summary>
internal static class ServerVersion
{
    /// <summary>The oldest: PostgreSQL 14.</summary>
    public const int MajorMin = 14;

    /// <summary>What is wrong with a server that tells this as its server_version, such as "15.4 (Debian 15.4-1)" or "18beta1"; null for nothing.</summary>
    public static string? FindFault(string told)
    {
        var end = told.AsSpan().IndexOfAnyExceptInRange('0', '9');
        var isGood = int.TryParse(end < 0 ? told : told.AsSpan(0, end), NumberStyles.None, CultureInfo.InvariantCulture, out var major) && major >= MajorMin;
        return isGood ? null : $"it runs on PostgreSQL {told.Split(' ')[0]}: use {MajorMin} or newer.";
    }

    /// <summary>Refuses a server that is too old, before anything is asked of it that it might not know.</summary>
    /// <exception cref="OldServerException">It is.</exception>
    public static void Require(NpgsqlConnection connection)
    {
        // Not the driver's own property: it remembers what the first server of an address told.
        var told = connection.PostgresParameters.GetValueOrDefault("server_version") ?? throw new OldServerException("it, or what stands before it, does not tell server_version: connect without what stands between.");
        if (FindFault(told) is { } fault) throw new OldServerException(fault);
    }
}

/// <summary>The server is older than this version needs. A node that runs and comes upon it, after a fail-over, waits for another one.</summary>
internal sealed class OldServerException(string message) : NpgsqlException(message);
