using System.Collections.Immutable;
using PasswordSync.Lab;
using PasswordSync.Lab.Product;

namespace PasswordSync.Chaos.Cluster;

/// <summary>What a node is made of.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Root">The folder below which its own is made.</param>
/// <param name="DatabasePorts">The ports of the database servers.</param>
/// <param name="Target">The receiver.</param>
/// <param name="First">The node that made the cluster; null for that one.</param>
internal sealed record ChaosNodeOptions(string Name, string Root, ImmutableArray<int> DatabasePorts, Receiver Target, ChaosNode? First)
{
    /// <summary>What it runs on; null for the test's own machine, with a relay of its own to each database server.</summary>
    public VirtualMachine? Machine { get; init; }

    /// <summary>Where it reaches the target.</summary>
    public Uri TargetAddress { get; init; } = Target.Address;

    /// <summary>The sync server's program.</summary>
    public string Program { get; init; } = ProductBuild.SyncNode;

    /// <summary>Environment variables of its process.</summary>
    public Dictionary<string, string> Environment { get; init; } = [];

    /// <summary>The role it has at the database. Nodes with one role end the sessions of a node whose shards they take; of a role of its own the sessions live on, and only the epoch stops them.</summary>
    public string DatabaseUser { get; init; } = PostgresServer.Administrator;

    public int Shards { get; init; } = 16;

    /// <summary>After how long without a heartbeat its shards are taken.</summary>
    public TimeSpan Expiry { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long the target may take. Longer where nothing may come late that is sent again: on a busy machine the target itself may be.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long after a delivery that followed one of unknown outcome the target is looked at again.</summary>
    public TimeSpan RecheckDelay { get; init; } = TimeSpan.FromSeconds(2);

    public string KeyRotation { get; init; } = "1.00:00:00";

    /// <summary>Whether it listens to operators.</summary>
    public bool HasAdmin { get; init; }

    public string[] Labels { get; init; } = [];

    public string[] PointLabels { get; init; } = [];
}
