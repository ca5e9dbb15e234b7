using System.Text.RegularExpressions;
using Npgsql;
using PasswordSync.Core.Settings;

namespace PasswordSync.Journal.Postgres;

/// <summary>How a <see cref="PostgresStore"/> is opened.</summary>
public sealed partial record PostgresStoreOptions : StoreOptions
{
    /// <summary>The shortest expiry: a heartbeat, a pause of the runtime and a slow commit must fit into it.</summary>
    public static readonly TimeSpan ExpiryMin = TimeSpan.FromSeconds(1);

    /// <summary>The longest expiry.</summary>
    public static readonly TimeSpan ExpiryMax = TimeSpan.FromMinutes(5);

    /// <summary>The shortest time between heartbeats: each is a write to the database, and a commit of it must fit in between.</summary>
    public static readonly TimeSpan HeartbeatMin = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Npgsql's connection string, without a password: hosts (several with commas: the one that accepts writes is used), port, database, user, TLS. Time-outs, pooling and
    /// the like are set by the store, and win over what stands here.
    /// </summary>
    public required string ConnectionString { get; init; }

    /// <summary>Gives the password each time a connection is made, so that a changed one is used; null where none is needed (a client certificate, peer, Kerberos).</summary>
    public Func<CancellationToken, ValueTask<string>>? Password { get; init; }

    /// <summary>Is told the server's time at the opening and with each look at the leases; null: nobody asks for it. Default null.</summary>
    public DatabaseClock? Clock { get; init; }

    /// <summary>The schema of all tables, made if it is not there and the role may. Default "passwordsync"; a lower-case name of up to 48 characters.</summary>
    public string Schema { get; init; } = "passwordsync";

    /// <summary>How long a heartbeat counts: the shards of a node whose heartbeat stood still for so long are taken over. Default 4 s; 1 s to 5 minutes.</summary>
    public TimeSpan Expiry { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How often a node tells that it lives. Default 1 s; 100 ms to a third of <see cref="Expiry"/>.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>On how many connections decisions are appended, each shard on one of them. Default 2; 1 to 16.</summary>
    public int AppendersMax { get; init; } = 2;

    /// <summary>After how long a statement counts as failed, its outcome unknown. Default 10 s; 1 s to 5 minutes.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a node that is silent and owns no shard stays known, counted back from the newest heartbeat of any node; then its row goes, and it is listed no more. Should it come
    /// back, it is known again. Default 7 days; 1 hour to 365 days.
    /// </summary>
    public TimeSpan NodesKeptFor { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How long a connection may take; 3 s, and longer only in tests, where a busy machine is no trouble of the server.</summary>
    internal TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <inheritdoc/>
    public override string? FindFault()
    {
        if (string.IsNullOrWhiteSpace(ConnectionString)) return "ConnectionString is empty: name the server and the database.";
        if (FindConnectionFault() is { } fault) return fault;
        if (!SchemaName().IsMatch(Schema)) return $"Schema is '{Schema}': use a lower-case letter, then lower-case letters, digits and '_', up to 48 characters.";
        if (Expiry < ExpiryMin || Expiry > ExpiryMax) return $"Expiry is {DurationText.Format(Expiry)}: use {DurationText.Format(ExpiryMin)} to {DurationText.Format(ExpiryMax)}.";
        if (Heartbeat < HeartbeatMin || Heartbeat > Expiry / 3) return $"Heartbeat is {DurationText.Format(Heartbeat)}: use {DurationText.Format(HeartbeatMin)} to {DurationText.Format(Expiry / 3)}, a third of the expiry.";
        if (AppendersMax is < 1 or > 16) return $"AppendersMax is {AppendersMax}: use 1 to 16.";
        if (CommandTimeout < TimeSpan.FromSeconds(1) || CommandTimeout > TimeSpan.FromMinutes(5)) return $"CommandTimeout is {CommandTimeout}: use 1 s to 5 minutes.";
        if (NodesKeptFor < TimeSpan.FromHours(1) || NodesKeptFor > TimeSpan.FromDays(365)) return $"NodesKeptFor is {NodesKeptFor}: use 1 hour to 365 days.";
        return base.FindFault();
    }

    /// <summary>Not the connection string, in case somebody put a password into it.</summary>
    public override string ToString() => $"{nameof(PostgresStoreOptions)} {{ Schema = {Schema} }}";

    // What Npgsql says of a faulty string names a keyword, never a value.
    private string? FindConnectionFault()
    {
        try
        {
            var given = new NpgsqlConnectionStringBuilder(ConnectionString);
            if (given.Password is not null || given.Passfile is not null) return "ConnectionString has a password: leave it out, and name a reference to it.";
            if (string.IsNullOrWhiteSpace(given.Host)) return "ConnectionString has no Host: name the server, or several with commas.";
            return string.IsNullOrWhiteSpace(given.Database) ? "ConnectionString has no Database: name it." : null;
        }
        catch (Exception trouble) when (trouble is ArgumentException or FormatException or NotSupportedException)
        {
            return $"ConnectionString cannot be used: {trouble.Message}";
        }
    }

    [GeneratedRegex("^[a-z][a-z0-9_]{0,47}$")]
    private static partial Regex SchemaName();
}
