using System.Globalization;
using PasswordSync.Lab;

namespace PasswordSync.Chaos.Cluster;

internal sealed partial class ChaosNode
{
    /// <summary>Short enough for keys that turn once a minute: a key ring holds 250 of the keys of that time.</summary>
    private const string MaximumAge = "04:00:00";

    private object Settings(ChaosNodeOptions options) => new
    {
        cluster = ChaosCluster.Name,
        name = Name,
        data = "data",
        listen = Addresses.Select(address => address.Authority),
        advertise = Addresses.Reverse().Select(address => address.ToString()),
        passphrase = "file:passphrase",
        scopes = "scopes.json",
        points = "points.json",
        shards = options.Shards,
        join = options.First is { } first ? new[] { first.Addresses[^1].ToString() } : [],
        labels = options.Labels,
        keyRotation = options.KeyRotation,
        maximumAge = MaximumAge,
        database = new
        {
            kind = "postgres",
            connection = string.Create(CultureInfo.InvariantCulture, $"Host={string.Join(',', DatabaseHosts(options))};Database={PostgresServer.Database};Username={options.DatabaseUser}"),
            expiry = options.Expiry.ToString("c", CultureInfo.InvariantCulture),
            requireSynchronousStandby = options.DatabasePorts.Length > 1,
            password = "file:" + Path.Combine(Folder, "database-password"),
        },
        sources = new Dictionary<string, object> { ["alpha"] = new { servers = new[] { "127.0.0.1:1" }, security = "ldaps" } },
        allow = new { endpoints = new[] { "*" }, files = new[] { "*" }, secrets = new[] { "*" } },
        recheckDelay = options.RecheckDelay.ToString("c", CultureInfo.InvariantCulture),
        log = new { level = "information" },
        admin = new { listen = AdminAddress is { } admin ? new[] { $"{admin.Host}:{admin.Port}" } : [] },
    };

    private IEnumerable<string> DatabaseHosts(ChaosNodeOptions options) => Machine is null
        ? databases.Select(proxy => $"127.0.0.1:{proxy.Port}")
        : options.DatabasePorts.Select(port => $"{Machine.ServersOn(Switches.Database)}:{port}");

    private object Point(ChaosNodeOptions options) => new
    {
        name = "hook",
        provider = "webhook",
        nodes = options.PointLabels,
        settings = new { url = options.TargetAddress, trustedRoots = options.Target.RootsFile, signingKey = "file:" + Path.Combine(Folder, "signing-key") },
        attemptTimeout = options.AttemptTimeout.ToString("c", CultureInfo.InvariantCulture),
        retry = new { initialDelay = "00:00:00.2", delayMax = "00:00:01" },
    };
}
