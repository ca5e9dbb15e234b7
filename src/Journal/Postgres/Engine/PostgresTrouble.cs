using System.Net.Sockets;
using Npgsql;
using PasswordSync.Core.Ports;

namespace PasswordSync.Journal.Postgres.Engine;

/// <summary>Tells trouble of the database from bugs, and says it in words for people. Codes: postgresql.org/docs/current/errcodes-appendix.html.</summary>
internal static class PostgresTrouble
{
    /// <summary>The state of an error of PostgreSQL: two rows with one key.</summary>
    public const string UniqueViolation = "23505";

    /// <summary>Whether trying again later can help, after somebody did something or by itself.</summary>
    public static bool IsOfStorage(Exception trouble) => trouble switch
    {
        PostgresException postgres => Words(postgres.SqlState) is not null,
        NpgsqlException or SocketException or IOException or TimeoutException => true,

        // The pool of connections was exhausted or a connection broke between two statements.
        InvalidOperationException => trouble.InnerException is NpgsqlException or SocketException or IOException,
        _ => false,
    };

    /// <summary>The exception for the caller: what the port promises for trouble of storage, else the trouble itself.</summary>
    public static Exception Explain(Exception trouble, string database) =>
        IsOfStorage(trouble) ? new StorageUnavailableException(Describe(trouble, database), trouble) : trouble;

    /// <summary>Whether a server refuses what a store needs to be opened, and why: trying again does not help. Null for all other trouble.</summary>
    public static StoreRefusal? RefusalOf(Exception trouble) => trouble switch
    {
        OldServerException => StoreRefusal.OldServer,
        PostgresException { SqlState: "3D000" } => StoreRefusal.NotAStore,
        PostgresException { SqlState: "42501" or ['2', '8', ..] } => StoreRefusal.NoAccess,
        PostgresException { SqlState: "26000" or "42P05" } => StoreRefusal.SharedSessions,
        _ => null,
    };

    /// <summary>One sentence for people. The server's own words for an error, without the values that it found.</summary>
    public static string Describe(Exception trouble, string database) => $"The database {database} cannot be used: {Say(trouble)}.";

    /// <summary>The trouble of servers of which some refuse this node, and the others, which may let it in later, cannot be used now.</summary>
    /// <param name="refused">What one of them says that refuses it.</param>
    /// <param name="others">Why another one cannot be used.</param>
    public static NpgsqlException OfServers(Exception refused, Exception others) => new($"of one of its servers, {Say(refused)}; and of another, {Say(others)}");

    // Without the full stop that some messages end with and others do not: who goes on with the sentence, or ends it, sets it.
    private static string Say(Exception trouble) => trouble is PostgresException postgres
        ? $"{Words(postgres.SqlState) ?? "it answers with an error"} (PostgreSQL {postgres.SqlState}: {postgres.MessageText})"
        : Innermost(trouble).Message.TrimEnd('.');

    private static Exception Innermost(Exception trouble)
    {
        while (trouble.InnerException is { } inner) trouble = inner;
        return trouble;
    }

    private static string? Words(string state) => state switch
    {
        "25006" => "it does not accept writes, as a standby does; name all hosts of the cluster, or wait for the end of the fail-over",
        "26000" or "42P05" => "it does not know what was prepared on this connection, or knows it from another one; a connection pooler in front of it must be in session mode",
        "25P03" or "25P04" => "it ended a transaction that stood still; the node or the network was stopped for a while",
        "28P01" => "it refused the password; look at the reference of the password and the role",
        "3D000" => "there is no such database; make it, or name another one",
        "3F000" or "42P01" or "42703" or "42883" => "its tables are not there, or not as this version needs them; was it restored or changed by hand?",
        "40001" or "40P01" => "it gave up one of two transactions that waited for each other; it is tried again",
        "42501" => "the role lacks a right; see the grants in the documentation of PostgreSQL for operators",
        "53100" => "its disk is full; free some space there",
        "53200" => "it has not enough memory",
        "53300" => "it has no connection left; raise max_connections or close other programs",
        "55P03" => "a lock was not had in time; another session holds it",
        "57014" => "it cancelled the statement; it took too long",
        "57P01" or "57P02" => "it is shutting down or lost a process",
        "57P03" => "it is starting up or recovering",
        "58030" => "reading or writing its disk failed; look at its log",
        ['0', '8', ..] => "the connection broke",
        ['2', '8', ..] => "it does not let this node in; look at pg_hba.conf and the role",
        ['5', '3', ..] => "it lacks a resource",
        ['5', '7', ..] => "somebody intervened there",
        ['5', '8', ..] => "its system failed; look at its log",
        ['X', 'X', ..] => "its data are damaged or it has a defect; look at its log and restore a backup",
        _ => null,
    };
}
