namespace PasswordSync.SyncNode.Settings;

/// <summary>Where the node keeps what is durable.</summary>
public sealed record DatabaseSettings
{
    /// <summary><c>sqlite</c>: a file in the data folder, for a single node. <c>postgres</c>: a PostgreSQL database that all nodes of the cluster share. Default <c>sqlite</c>.</summary>
    public string Kind { get; init; } = "sqlite";

    /// <summary>For PostgreSQL: Npgsql's connection string without a password: <c>Host=db1,db2;Database=passwordsync;Username=passwordsync;SSL Mode=VerifyFull</c>.</summary>
    public string? Connection { get; init; }

    /// <summary>For PostgreSQL: a reference to the role's password, <c>file:PATH</c> or <c>env:NAME</c>, read for each new connection; none where the server asks for none.</summary>
    public string? Password { get; init; }

    /// <summary>For PostgreSQL: the schema of all tables. Default <c>passwordsync</c>.</summary>
    public string Schema { get; init; } = "passwordsync";

    /// <summary>For PostgreSQL: how long a node's heartbeat counts; after it, other nodes take its shards. The same on all nodes. Default 4 s; 1 s to 5 minutes.</summary>
    public TimeSpan Expiry { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>For PostgreSQL: how often the node tells that it lives. Default 1 s; 100 ms to a third of <see cref="Expiry"/>.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>For PostgreSQL: whether the server must commit synchronously to a standby; an alarm is raised while it does not. Default false.</summary>
    public bool RequireSynchronousStandby { get; init; }
}
