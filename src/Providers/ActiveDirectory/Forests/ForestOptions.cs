using System.Collections.Immutable;
using PasswordSync.Core.Identities;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.ActiveDirectory.Forests;

/// <summary>The settings of a sync point that is a whole forest (<c>forest</c> = <c>true</c>).</summary>
public sealed record ForestOptions
{
    /// <summary>The most domains that a forest may have: 64. One with more is refused.</summary>
    public const int DomainsMax = 64;

    /// <summary>What is unique within one domain (MS-SAMR 3.1.1.8.4), or below one parent, and may be somebody else's in another domain.</summary>
    private static readonly ImmutableHashSet<string> UniqueInOneDomain = ImmutableHashSet.Create(StringComparer.OrdinalIgnoreCase, "sAMAccountName", "cn", "name");

    /// <summary><c>sources</c>: which domains are sources at the same time, <c>child.example.test=source</c>. Default: none. Without them, what is written there and captured there again cannot be told from a change.</summary>
    public ImmutableDictionary<string, SourceId> Sources { get; init; } = ImmutableDictionary.Create<string, SourceId>(StringComparer.OrdinalIgnoreCase);

    /// <returns>Null if the point is one domain.</returns>
    public static ForestOptions? Read(SettingsReader settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var texts = settings.List("sources", DomainsMax);
        if (!settings.Flag("forest", byDefault: false))
        {
            if (!texts.IsEmpty) settings.Reject("sources", "Only with forest = true: name the one source that this domain is in source.");
            return null;
        }

        if (settings.OptionalText("domain") is null) settings.Reject("domain", "Give the DNS name of the forest's root domain: DNS names the forest's Global Catalogs and the controllers of its domains.");
        if (settings.OptionalText("source") is not null) settings.Reject("source", "A forest has several domains: name those that are sources in sources, like child.example.test=source.");
        var sources = ImmutableDictionary.CreateBuilder<string, SourceId>(StringComparer.OrdinalIgnoreCase);
        foreach (var text in texts)
        {
            var parts = text.Split('=', 2, StringSplitOptions.TrimEntries);
            if (parts.Length != 2 || Uri.CheckHostName(parts[0]) != UriHostNameType.Dns || !SourceId.IsValid(parts[1])) settings.Reject("sources", $"'{text}' is not a domain and its source: use child.example.test=source.");
            else if (!sources.TryAdd(parts[0], new SourceId(parts[1]))) settings.Reject("sources", $"The domain {parts[0]} is there twice.");
        }

        return new ForestOptions { Sources = sources.ToImmutable() };
    }

    /// <summary>
    /// Refuses rules that could find somebody else. The Global Catalog may not list the right account yet, or not have its attribute: then the account of another domain that a rule matches
    /// too, or a further rule, would be the only hit.
    /// </summary>
    /// <param name="settings">Takes the fault.</param>
    /// <param name="match">The rules that are in force.</param>
    public static void CheckMatch(SettingsReader settings, ImmutableArray<MatchRule> match)
    {
        ArgumentNullException.ThrowIfNull(settings);
        const string Remedy = "Give one rule by what only one account of the whole forest has, like userPrincipalName=userPrincipalName or mail=mail.";
        if (settings.List("match", int.MaxValue).IsEmpty)
        {
            settings.Reject("match", $"There is no default for a forest: {new MatchRule(SourceAttribute.SamAccountName, "sAMAccountName")} could give the password to another person's account of that name in another domain. {Remedy}");
        }
        else if (match.Length > 1)
        {
            settings.Reject("match", $"There are {match.Length} rules ({string.Join(", ", match)}): where the first one finds nothing because the Global Catalog is late, the next one could give the password to another person's account. {Remedy}");
        }
        else if (UniqueInOneDomain.Contains(match[0].Target))
        {
            settings.Reject("match", $"'{match[0]}' could give the password to another person's account: {match[0].Target} is unique within one domain only. {Remedy}");
        }
    }
}
