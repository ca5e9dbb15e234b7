using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using PasswordSync.Actors;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using PasswordSync.Hosting.Settings;

namespace PasswordSync.SyncNode.Settings;

/// <summary>The three files of a node, read and checked.</summary>
public sealed class NodeConfiguration : IScopeMap
{
    private readonly ImmutableDictionary<(SourceId Source, string Scope), ImmutableSortedSet<SyncPointId>> assignments;

    private NodeConfiguration(string file, NodeSettings node, ScopesFile scopes, PointsFile points)
    {
        File = file;
        Node = node;
        Scopes = scopes.Scopes;
        Points = points.Points;
        assignments = scopes.Scopes.ToImmutableDictionary(
            scope => (new SourceId(scope.Source), scope.Name), scope => scope.Points.Select(point => new SyncPointId(point)).ToImmutableSortedSet());
        Rules = DecisionRules.Default with
        {
            RecheckDelay = node.RecheckDelay,
            VersionJumpMax = (uint)node.VersionJumpMax,
            FirstVersionMax = (uint)node.FirstVersionMax,
            RetryPolicies = points.Points.ToImmutableDictionary(point => new SyncPointId(point.Name), point => PolicyOf(point.Retry)),
        };
    }

    /// <summary>The full path of <c>node.json</c>.</summary>
    public string File { get; }

    public NodeSettings Node { get; }

    public ImmutableArray<ScopeSettings> Scopes { get; }

    public ImmutableArray<PointSettings> Points { get; }

    /// <summary>What decisions depend on.</summary>
    public DecisionRules Rules { get; }

    /// <summary>How long an ask of an actor may take, and 2 s less than one of another node. In none of the files: only a machine that stalls for seconds needs more. Default: that of <see cref="SyncEngineOptions"/>, 10 s.</summary>
    public TimeSpan AskTimeout { get; internal set; } = SyncEngineOptions.DefaultAskTimeout;

    /// <summary>The data folder.</summary>
    public string DataFolder => PathOf(Node.Data);

    /// <summary>Reads and checks the files.</summary>
    /// <exception cref="SettingsException">Something is wrong; the message lists all of it.</exception>
    public static NodeConfiguration Read(string file)
    {
        var path = Path.GetFullPath(file);
        var node = SettingsFile.Read<NodeSettings>(path);
        var scopes = SettingsFile.Read<ScopesFile>(SettingsFile.Resolve(path, node.Scopes));
        var points = SettingsFile.Read<PointsFile>(SettingsFile.Resolve(path, node.Points));
        var faults = ConfigurationFaults.Find(node, scopes, points).ToList();
        if (faults.Count > 0) throw new SettingsException(path, faults);
        return new NodeConfiguration(path, node, scopes, points);
    }

    /// <summary>Whether this node may carry deliveries of a point out.</summary>
    public bool MayRun(PointSettings point)
    {
        ArgumentNullException.ThrowIfNull(point);
        return point.Nodes.All(Node.Labels.Contains);
    }

    /// <summary>A path of the configuration, made absolute.</summary>
    public string PathOf(string path) => SettingsFile.Resolve(File, path);

    public ImmutableSortedSet<SyncPointId> PointsOf(SourceId source, ImmutableArray<string> scopes) =>
        [.. scopes.SelectMany(scope => assignments.GetValueOrDefault((source, scope), []))];

    /// <summary>The scopes of a source, as edges are told.</summary>
    public ImmutableArray<ScopeRule> ScopeRulesOf(SourceId source) =>
    [
        .. from scope in Scopes
           where scope.Source == source.Value
           select new ScopeRule(scope.Name, scope.BaseDn, scope.Level, scope.Filter, scope.IncludeGroups, scope.ExcludeGroups),
    ];

    /// <summary>A provider's settings as flat keys: <c>server</c>, <c>match:0:from</c>.</summary> Upper and lower case of keys are the same.
    public static IReadOnlyDictionary<string, string> Flatten(JsonElement settings)
    {
        var flat = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        Collect(settings, "", (key, value) => flat[key] = value);
        return flat;
    }

    /// <summary>Keys of a provider's settings that are there more than once.</summary>
    public static IEnumerable<string> FindRepeated(JsonElement settings)
    {
        var keys = new List<string>();
        Collect(settings, "", (key, _) => keys.Add(key));
        return keys.GroupBy(key => key, StringComparer.OrdinalIgnoreCase).Where(same => same.Count() > 1).Select(same => same.Key);
    }

    private static void Collect(JsonElement element, string key, Action<string, string> take)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject()) Collect(member.Value, Join(key, member.Name), take);
                break;
            case JsonValueKind.Array:
                foreach (var (item, index) in element.EnumerateArray().Select((item, index) => (item, index))) Collect(item, Join(key, index.ToString(CultureInfo.InvariantCulture)), take);
                break;
            case JsonValueKind.Null or JsonValueKind.Undefined:
                break;
            default:
                take(key, element.ToString());
                break;
        }
    }

    private static string Join(string key, string part) => key.Length == 0 ? part : $"{key}:{part}";

    private static RetryPolicy PolicyOf(RetrySettings retry) => RetryPolicy.Default with
    {
        InitialDelay = retry.InitialDelay,
        Factor = retry.Factor,
        DelayMax = retry.DelayMax,
        AttemptsMax = retry.AttemptsMax,
    };

    internal static RetryPolicy PolicyFor(PointSettings point) => PolicyOf(point.Retry);
}
