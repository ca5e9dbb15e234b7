using System.Collections.Immutable;
using System.Text.RegularExpressions;
using PasswordSync.Providers.Http;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.EntraId;

/// <summary>How urgent Microsoft Graph is to take our requests when a tenant is near its quota (header <c>x-ms-throttle-priority</c>).</summary>
public enum ThrottlePriority
{
    Low,
    Normal,
    High,
}

/// <summary>The settings of an <c>entraId</c> sync point.</summary>
public sealed partial record EntraIdOptions
{
    /// <summary><c>tenant</c>: the tenant's id or one of its domains. Required.</summary>
    public required string Tenant { get; init; }

    /// <summary><c>clientId</c>: the application's id. Required.</summary>
    public required string ClientId { get; init; }

    /// <summary><c>clientSecret</c>: the reference to the application's secret. This or <see cref="ClientCertificate"/> is required, not both.</summary>
    public string? ClientSecret { get; init; }

    /// <summary><c>clientCertificate</c>: the reference to a PEM text with the application's certificate and its private key, unencrypted.</summary>
    public string? ClientCertificate { get; init; }

    /// <summary><c>authority</c>: where tokens come from. By default the one of <c>cloud</c>.</summary>
    public required HttpTargetOptions Authority { get; init; }

    /// <summary><c>graph</c>: where Microsoft Graph is. By default the one of <c>cloud</c>.</summary>
    public required HttpTargetOptions Graph { get; init; }

    /// <summary><c>match</c>: how users are found; first that finds any wins. Targets are <c>onPremisesImmutableId</c>, <c>userPrincipalName</c> and <c>mail</c>.</summary>
    public ImmutableArray<MatchRule> Match { get; init; } = DefaultMatch;

    /// <summary><c>carryMustChange</c>: where the source says that the user must change the password, say so here too. Default false.</summary>
    public bool CarryMustChange { get; init; }

    /// <summary><c>throttlePriority</c>: default high, since people wait for these writes.</summary>
    public ThrottlePriority Priority { get; init; } = ThrottlePriority.High;

    /// <summary><c>quotaWrites</c>: how many writes this node makes within <see cref="QuotaWindow"/> for this application and tenant. Default 3,000, what Graph lets an application write; 1 to 100,000.</summary>
    public int QuotaWrites { get; init; } = 3_000;

    /// <summary><c>quotaWindow</c>: default 150 s; 1 s to 1 h.</summary>
    public TimeSpan QuotaWindow { get; init; } = TimeSpan.FromSeconds(150);

    internal static readonly ImmutableArray<MatchRule> DefaultMatch =
    [
        new(SourceAttribute.ObjectGuid, ImmutableId),
        new(SourceAttribute.UserPrincipalName, "userPrincipalName"),
    ];

    internal const string ImmutableId = "onPremisesImmutableId";

    private static readonly ImmutableArray<string> MatchTargets = [ImmutableId, "userPrincipalName", "mail"];

    /// <returns>Null if something is wrong, which is noted at <paramref name="settings"/>.</returns>
    public static EntraIdOptions? Read(SettingsReader settings, NodeAllowList allowList)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(allowList);
        var tenant = settings.Text("tenant", "Give the tenant's id, or one of its domains.");
        if (tenant.Length > 0 && !Identifier().IsMatch(tenant)) settings.Reject("tenant", "Give the tenant's id, or one of its domains.");
        var clientId = settings.Text("clientId", "Give the application's (client) id.");
        if (clientId.Length > 0 && !Guid.TryParse(clientId, out _)) settings.Reject("clientId", "Give the application's (client) id, a GUID.");
        var secret = settings.SecretReference("clientSecret", allowList);
        var certificate = settings.SecretReference("clientCertificate", allowList);
        if (settings.OptionalText("clientSecret") is null == settings.OptionalText("clientCertificate") is null) settings.Reject("clientSecret", "Give either clientSecret or clientCertificate, as a reference.");
        var cloud = CloudEndpoints.Of(settings.Choice("cloud", Cloud.Global));
        var authority = HttpTargetOptions.ReadUrl(settings, "authority", cloud.Authority, allowList);
        var graph = HttpTargetOptions.ReadUrl(settings, "graph", cloud.Graph, allowList);
        if (authority is { Scheme: "http" }) settings.Reject("authority", "Give an https address.");
        if (graph is { Scheme: "http" }) settings.Reject("graph", "Give an https address.");
        var http = HttpTargetOptions.ReadCommon(settings, new Uri(cloud.Graph), allowList);
        var match = MatchRule.Read(settings, DefaultMatch, name => MatchTargets.Contains(name));
        var carry = settings.Flag("carryMustChange", byDefault: false);
        var priority = settings.Choice("throttlePriority", ThrottlePriority.High);
        var writes = settings.Number("quotaWrites", 3_000, 1, 100_000);
        var window = settings.Duration("quotaWindow", TimeSpan.FromSeconds(150), TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        return !settings.IsGood ? null : new EntraIdOptions
        {
            Tenant = tenant,
            ClientId = clientId,
            ClientSecret = secret,
            ClientCertificate = certificate,
            Authority = http with { Url = authority! },
            Graph = http with { Url = graph! },
            Match = match,
            CarryMustChange = carry,
            Priority = priority,
            QuotaWrites = writes,
            QuotaWindow = window,
        };
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9.-]{0,253}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Identifier();
}

/// <summary>Which of Microsoft's clouds a tenant is in (setting <c>cloud</c>).</summary>
public enum Cloud
{
    Global,
    UsGovernment,
    UsGovernmentDod,
    China,
}

/// <summary>Where a cloud's services are: the national clouds' page of Microsoft Graph's documentation.</summary>
internal sealed record CloudEndpoints(string Authority, string Graph)
{
    public static CloudEndpoints Of(Cloud cloud) => cloud switch
    {
        Cloud.Global => new("https://login.microsoftonline.com/", "https://graph.microsoft.com/"),
        Cloud.UsGovernment => new("https://login.microsoftonline.us/", "https://graph.microsoft.us/"),
        Cloud.UsGovernmentDod => new("https://login.microsoftonline.us/", "https://dod-graph.microsoft.us/"),
        Cloud.China => new("https://login.chinacloudapi.cn/", "https://microsoftgraph.chinacloudapi.cn/"),
        _ => throw new InvalidOperationException($"Internal error: unknown cloud {cloud}."),
    };
}
