using System.Collections.Immutable;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Matching;

/// <summary>What of the source's account is looked for in a target.</summary>
public enum SourceAttribute
{
    SamAccountName,
    UserPrincipalName,
    Mail,

    /// <summary>objectGUID. Finds an account only where source and target are the same forest, or where the target keeps the source's GUID.</summary>
    ObjectGuid,
}

/// <summary>One way to find an account: the target's attribute must equal the source's. Written <c>sAMAccountName=uid</c>.</summary>
/// <param name="Source">What is looked for.</param>
/// <param name="Target">The name of the target's attribute or column.</param>
public sealed record MatchRule(SourceAttribute Source, string Target)
{
    /// <summary>The most rules that a sync point may have.</summary>
    public const int CountMax = 8;

    /// <summary>The value to look for; null if the account has none, and then the rule finds nothing.</summary>
    public string? ValueOf(TargetQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        var value = Source switch
        {
            SourceAttribute.SamAccountName => query.Names.SamAccountName,
            SourceAttribute.UserPrincipalName => query.Names.UserPrincipalName,
            SourceAttribute.Mail => query.Names.Mail,
            SourceAttribute.ObjectGuid => query.Account.ObjectGuid.ToString("D"),
            _ => throw new InvalidOperationException($"Internal error: unknown source attribute {Source}."),
        };
        return string.IsNullOrEmpty(value) ? null : value;
    }

    public override string ToString() => $"{NameOf(Source)}={Target}";

    /// <summary>The name that a source attribute has in a configuration.</summary>
    public static string NameOf(SourceAttribute source) => source switch
    {
        SourceAttribute.SamAccountName => "sAMAccountName",
        SourceAttribute.UserPrincipalName => "userPrincipalName",
        SourceAttribute.Mail => "mail",
        SourceAttribute.ObjectGuid => "objectGUID",
        _ => throw new InvalidOperationException($"Internal error: unknown source attribute {source}."),
    };

    /// <summary>Reads the rules under <c>match</c>, first wins.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="byDefault">The rules if there are none.</param>
    /// <param name="isTarget">Whether a name can be an attribute or column of the target.</param>
    public static ImmutableArray<MatchRule> Read(SettingsReader settings, ImmutableArray<MatchRule> byDefault, Func<string, bool> isTarget)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var texts = settings.List("match", CountMax);
        if (texts.IsEmpty) return byDefault;
        var rules = texts.Select(text => Parse(text, isTarget)).ToImmutableArray();
        if (rules.All(rule => rule is not null)) return [.. rules.Select(rule => rule!)];
        var names = string.Join(", ", Enum.GetValues<SourceAttribute>().Select(NameOf));
        settings.Reject("match", $"'{texts[rules.IndexOf(null)]}' is not a rule: use source=target like {byDefault[0]}, with one of {names} on the left and a name of the target on the right.");
        return byDefault;
    }

    private static MatchRule? Parse(string text, Func<string, bool> isTarget)
    {
        var parts = text.Split('=', 2, StringSplitOptions.TrimEntries);
        if (parts.Length != 2 || !isTarget(parts[1])) return null;
        foreach (var source in Enum.GetValues<SourceAttribute>())
        {
            if (NameOf(source).Equals(parts[0], StringComparison.OrdinalIgnoreCase)) return new MatchRule(source, parts[1]);
        }

        return null;
    }
}
