using System.Collections.Immutable;
using System.Text.RegularExpressions;
using PasswordSync.Ldap;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Ldap;

/// <summary>
/// A search filter (RFC 4515) with placeholders for names of the source's account: <c>{sAMAccountName}</c>, <c>{userPrincipalName}</c>,
/// <c>{mail}</c>, <c>{objectGUID}</c>. Values are escaped, so that none can change the filter.
/// </summary>
public sealed partial class FilterTemplate
{
    /// <summary>The most filters that a sync point may have.</summary>
    public const int CountMax = 8;

    private readonly string text;
    private readonly ImmutableArray<SourceAttribute> placeholders;

    private FilterTemplate(string text, ImmutableArray<SourceAttribute> placeholders)
    {
        this.text = text;
        this.placeholders = placeholders;
    }

    /// <summary><c>(uid={sAMAccountName})</c>.</summary>
    public static FilterTemplate Default { get; } = new("(uid={sAMAccountName})", [SourceAttribute.SamAccountName]);

    /// <summary>Reads the templates under <c>filter</c>; what is wrong is noted there.</summary>
    public static ImmutableArray<FilterTemplate> Read(SettingsReader settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var texts = settings.List("filter", CountMax);
        if (texts.IsEmpty) return [Default];
        var templates = texts.Select(Parse).ToImmutableArray();
        if (templates.All(template => template is not null)) return [.. templates.Select(template => template!)];
        var names = string.Join(", ", Enum.GetValues<SourceAttribute>().Select(name => $"{{{MatchRule.NameOf(name)}}}"));
        settings.Reject("filter", $"'{texts[templates.IndexOf(null)]}' is not a filter with a placeholder: use one like {Default}, with at least one of {names}.");
        return [Default];
    }

    /// <returns>Null if the text is no filter, or has no placeholder, or has one that does not exist.</returns>
    public static FilterTemplate? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var found = Placeholder().Matches(text).Select(match => Find(match.Groups[1].Value)).ToImmutableArray();
        if (found.IsEmpty || found.Any(attribute => attribute is null)) return null;
        try
        {
            LdapFilter.Parse(Placeholder().Replace(text, "x"));
            return new FilterTemplate(text, [.. found.Select(attribute => attribute!.Value)]);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>The filter for an account; null if it lacks a name that the template needs.</summary>
    public LdapFilter? Fill(TargetQuery query)
    {
        if (placeholders.Any(attribute => new MatchRule(attribute, "").ValueOf(query) is null)) return null;
        return LdapFilter.Parse(Placeholder().Replace(text, match => LdapFilter.Escape(new MatchRule(Find(match.Groups[1].Value)!.Value, "").ValueOf(query)!)));
    }

    public override string ToString() => text;

    private static SourceAttribute? Find(string name)
    {
        foreach (var attribute in Enum.GetValues<SourceAttribute>())
        {
            if (MatchRule.NameOf(attribute).Equals(name, StringComparison.OrdinalIgnoreCase)) return attribute;
        }

        return null;
    }

    [GeneratedRegex(@"\{([^{}]*)\}", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
