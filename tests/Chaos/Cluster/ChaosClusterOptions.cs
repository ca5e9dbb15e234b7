namespace PasswordSync.Chaos.Cluster;

/// <summary>What a cluster is made of.</summary>
internal sealed record ChaosClusterOptions
{
    /// <summary>What each node is made of.</summary>
    public Func<ChaosNodeOptions, ChaosNodeOptions> Describe { get; init; } = options => options;

    /// <summary>Whether each node runs on a machine of its own on a network whose cables can be cut; else all share this machine's loopback.</summary>
    public bool OnNetwork { get; init; }

    /// <summary>Roles at the database beside the administrator, with its rights and its password.</summary>
    public IReadOnlyList<string> DatabaseRoles { get; init; } = [];

    /// <summary>Whether nodes reach the target by a <see cref="TargetRelay"/>.</summary>
    public bool HasTargetRelay { get; init; }

    /// <summary>Starts the database. One PostgreSQL server, if nothing else is said.</summary>
    public Func<CancellationToken, Task<IChaosDatabase>> StartDatabaseAsync { get; init; } = token => PostgresPair.StartAsync(withStandby: false, token);
}

/// <summary>The switches of a cluster's network. Each node has a cable to each: what is cut is cut from that alone.</summary>
internal static class Switches
{
    public const string Database = "database";
    public const string Edges = "edges";
    public const string Peers = "peers";
    public const string Target = "target";

    public static readonly string[] All = [Database, Edges, Peers, Target];
}
