using System.Collections.Immutable;
using System.Text.Json;
using PasswordSync.Core.Intake;
using PasswordSync.Hosting.Logging;
using PasswordSync.Hosting.Metrics;

namespace PasswordSync.SyncNode.Settings;

/// <summary>The node's own file, <c>node.json</c>. Paths are relative to the file.</summary>
/// <param name="Cluster">The cluster's name: 1 to 64 bytes of UTF-8; the same on all nodes, for ever.</param>
/// <param name="Name">The node's name, unique in the cluster: letters, digits, dots, hyphens.</param>
/// <param name="Data">The folder for database, key ring and certificates; made if it is missing, for this account alone.</param>
/// <param name="Listen">Addresses to listen on for edges: <c>host:port</c>; a host is an IP address or <c>*</c>. Port 0 takes any free one.</param>
/// <param name="Advertise">Addresses that edges are told to use: <c>https://host:port</c>; empty for those listened on.</param>
/// <param name="Passphrase">A reference to the passphrase that wraps the keys at rest: <c>file:PATH</c> or <c>env:NAME</c>.</param>
/// <param name="Scopes">The file of scopes.</param>
/// <param name="Points">The file of sync points.</param>
/// <param name="Sources">The sources by name.</param>
/// <param name="Allow">What configuration files may refer to on this node.</param>
public sealed record NodeSettings(
    string Cluster,
    string Name,
    string Data,
    ImmutableArray<string> Listen,
    ImmutableArray<string> Advertise,
    string Passphrase,
    string Scopes,
    string Points,
    ImmutableDictionary<string, SourceSettings> Sources,
    AllowSettings Allow)
{
    /// <summary>How long after its capture a change may be delivered. Default 72 hours; 1 minute to 30 days.</summary>
    public TimeSpan MaximumAge { get; init; } = TimeSpan.FromHours(72);

    /// <summary>How long the journal, which is the password log, keeps what happened. Default 90 days; 1 to 3,650 days. How each person stands is kept for ever.</summary>
    public TimeSpan HistoryKeptFor { get; init; } = TimeSpan.FromDays(90);

    /// <summary>How often a new envelope key is made. Default 24 hours; 1 minute to 30 days.</summary>
    public TimeSpan KeyRotation { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long edges keep an unwanted capture sealed before they destroy it. Default 10 minutes.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(EdgeConfiguration.GraceSecondsDefault);

    /// <summary>How many shards a new database is made with. Default 256; 1 to 4096. An existing database refuses another number.</summary>
    public int Shards { get; init; } = 256;

    /// <summary>Where the node keeps what is durable. Default: a file in the data folder.</summary>
    public DatabaseSettings Database { get; init; } = new();

    /// <summary>How long after a newer change was delivered the target is checked for an older one that landed late. Default 30 s.</summary>
    public TimeSpan RecheckDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>After how long without a word an edge is called gone. Default 3 minutes; 10 s to 1 day. Edges speak at least every <c>configurationInterval</c> of theirs (default 30 s, at most 1 minute): use three times that, or more.</summary>
    public TimeSpan EdgeGoneAfter { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>By how many versions a stamp may be ahead of what is known of the account before the source is asked whether it is real. Default 32; 1 to 1,000,000.</summary>
    public int VersionJumpMax { get; init; } = 32;

    /// <summary>The same for an account of which nothing is known: how many passwords it may have had. Default 1,000; 1 to 1,000,000.</summary>
    public int FirstVersionMax { get; init; } = 1_000;

    /// <summary>
    /// Addresses of nodes of the cluster to get its keys from at the first start: <c>https://host:port</c>. Default none: this node makes the cluster's authority and keys, or is
    /// the only one.
    /// </summary>
    public ImmutableArray<string> Join { get; init; } = [];

    /// <summary>By which sync points are bound to nodes, such as <c>site=berlin</c>: 1 to 63 letters, digits, dots, hyphens, equals signs each; at most 32. Default none.</summary>
    public ImmutableArray<string> Labels { get; init; } = [];

    public LogSettings Log { get; init; } = new();

    public AdminSettings Admin { get; init; } = new();

    /// <summary>Where the node's figures are sent. Default nowhere.</summary>
    public MetricsSettings Metrics { get; init; } = new();
}

/// <summary>The listener for operators.</summary>
public sealed record AdminSettings
{
    /// <summary>Addresses to listen on, <c>host:port</c>; a host is an IP address or <c>*</c>. Default <c>127.0.0.1:9110</c>; none for no listener.</summary>
    public ImmutableArray<string> Listen { get; init; } = ["127.0.0.1:9110"];
}

/// <summary>A source, for what a node must ask it: which of two captures was committed, and whether a stamp that is far ahead is real.</summary>
/// <param name="Servers">Domain controllers, <c>host:port</c>, in the order in which they are asked.</param>
/// <param name="Security"><c>ldaps</c> or <c>startTls</c>.</param>
public sealed record SourceSettings(ImmutableArray<string> Servers, string Security)
{
    /// <summary>PEM files of the certificate authorities that are trusted for these servers; empty for the system's.</summary>
    public ImmutableArray<string> Roots { get; init; } = [];

    /// <summary>
    /// The account that reads the metadata of others at the source, as a DN or UPN; any account of the domain may. Without one, a stamp that is far ahead is confirmed by a
    /// sign-in as the person, which cannot tell while the account is disabled, locked or must change its password.
    /// </summary>
    public string? BindName { get; init; }

    /// <summary>A reference to its password: <c>file:PATH</c> or <c>env:NAME</c>.</summary>
    public string? BindPassword { get; init; }

    /// <summary>How long after a change the source takes the former password in sign-ins, too: its "old password allowed period". Default 60 minutes; 0 to 1 day.</summary>
    public TimeSpan OldPasswordPeriod { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>The source's generation: raised by one when its domain was restored or rebuilt and counts from lower versions. Default 0.</summary>
    public int Generation { get; init; }
}

/// <summary>What the files of scopes and points may refer to on this node, so that they alone cannot run code or carry secrets out. Patterns with <c>*</c>.</summary>
public sealed record AllowSettings(ImmutableArray<string> Endpoints, ImmutableArray<string> Files, ImmutableArray<string> Secrets)
{
    /// <summary>Absolute paths of programs, scripts and plug-ins.</summary>
    public ImmutableArray<string> Programs { get; init; } = [];
}

/// <summary>The file of scopes: which accounts take part and which sync points they get.</summary>
public sealed record ScopesFile(ImmutableArray<ScopeSettings> Scopes);

/// <summary>One sync scope. All conditions must hold; they are evaluated by the account's own DC.</summary>
/// <param name="Name">The scope's name, unique.</param>
/// <param name="Source">The source.</param>
/// <param name="BaseDn">Where in the directory.</param>
/// <param name="Points">The sync points that accounts of the scope get.</param>
public sealed record ScopeSettings(string Name, string Source, string BaseDn, ImmutableArray<string> Points)
{
    public ScopeLevel Level { get; init; } = ScopeLevel.Subtree;

    /// <summary>An LDAP filter; none for every account.</summary>
    public string? Filter { get; init; }

    public ImmutableArray<string> IncludeGroups { get; init; } = [];

    public ImmutableArray<string> ExcludeGroups { get; init; } = [];
}

/// <summary>The file of sync points.</summary>
public sealed record PointsFile(ImmutableArray<PointSettings> Points);

/// <summary>One sync point.</summary>
/// <param name="Name">The point's name, unique.</param>
/// <param name="Provider">The kind of provider: <c>activeDirectory</c>, <c>exec</c>, <c>ldap</c>, <c>plugin</c>, <c>postgreSqlRoles</c>, <c>sql</c>, <c>webhook</c>.</param>
/// <param name="Settings">The provider's own settings; see its page.</param>
public sealed record PointSettings(string Name, string Provider, JsonElement Settings)
{
    public RetrySettings Retry { get; init; } = new();

    /// <summary>How many deliveries are carried out at once on one node. Default 8; 1 to 256.</summary>
    public int Concurrency { get; init; } = 8;

    /// <summary>Labels that a node must all have to carry deliveries of the point out. Default none: every node may.</summary>
    public ImmutableArray<string> Nodes { get; init; } = [];

    /// <summary>How many deliveries all nodes together begin at most within any window of some time; null for as many as can be.</summary>
    public RateSettings? Rate { get; init; }

    /// <summary>How long one attempt may take. Default 10 s; 0.5 s to 5 minutes.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>When a failed delivery is tried again. See the retry policy's bounds.</summary>
public sealed record RetrySettings
{
    public TimeSpan InitialDelay { get; init; } = TimeSpan.FromSeconds(2);

    public double Factor { get; init; } = 2;

    public TimeSpan DelayMax { get; init; } = TimeSpan.FromMinutes(15);

    public int AttemptsMax { get; init; } = 1_000;
}

/// <summary>At most so many deliveries within any window of so much time.</summary>
/// <param name="Permits">1 to 1,000,000. A quarter of them may begin at once after a pause, the others come evenly.</param>
/// <param name="Per">1 s to 1 day.</param>
public sealed record RateSettings(int Permits, TimeSpan Per);
