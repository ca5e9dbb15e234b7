using System.Collections.Immutable;
using System.Text.RegularExpressions;
using PasswordSync.Core.Identities;
using PasswordSync.Providers.ActiveDirectory.Forests;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.ActiveDirectory;

/// <summary>Which kind of Active Directory it is.</summary>
public enum DirectoryKind
{
    /// <summary>A domain, on Windows or Samba.</summary>
    Domain,

    /// <summary>Active Directory Lightweight Directory Services: users without sAMAccountName and userAccountControl, and no domain around them.</summary>
    AdLds,
}

/// <summary>The settings of an <c>activeDirectory</c> sync point.</summary>
public sealed partial record ActiveDirectoryOptions
{
    /// <summary>The connection; see <see cref="DirectoryOptions"/>.</summary>
    public required DirectoryOptions Directory { get; init; }

    /// <summary><c>directoryKind</c>: default <c>domain</c>.</summary>
    public DirectoryKind DirectoryKind { get; init; }

    /// <summary><c>base</c>: the DN below which accounts are looked for. Default: the domain's own; AD LDS has none, so that it is required there.</summary>
    public string? Base { get; init; }

    /// <summary><c>match</c>: how accounts are found, first wins. Default <c>sAMAccountName=sAMAccountName</c>; a forest has no default and one rule, see <see cref="ForestOptions.CheckMatch"/>.</summary>
    public ImmutableArray<MatchRule> Match { get; init; } = [new MatchRule(SourceAttribute.SamAccountName, "sAMAccountName")];

    /// <summary><c>unlock</c>: whether setting a password also unlocks the account (lockoutTime = 0), in the same operation. Default true.</summary>
    public bool Unlock { get; init; } = true;

    /// <summary><c>carryMustChange</c>: whether the user must change the password here too where the source says so (pwdLastSet = 0). Default false.</summary>
    public bool CarryMustChange { get; init; }

    /// <summary><c>source</c>: the name of the source that this domain is at the same time, if it is one. Without it, what is written here and captured there again cannot be told from a change.</summary>
    public SourceId? Source { get; init; }

    /// <summary><c>forest</c>: what is peculiar to a whole forest; null (the default) for one domain. <see cref="DirectoryOptions.Domain"/> names the forest's root domain then.</summary>
    public ForestOptions? Forest { get; init; }

    /// <summary><c>verifyAccount</c>: the sAMAccountName of an account to check the rights on. Default: none, and rights are not checked.</summary>
    public string? VerifyAccount { get; init; }

    /// <returns>Null if something is wrong, which is noted at <paramref name="settings"/>.</returns>
    public static ActiveDirectoryOptions? Read(SettingsReader settings, NodeAllowList allowList)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var defaults = new ActiveDirectoryOptions { Directory = DirectoryOptions.Read(settings, allowList, DomainSettings.Read(settings, allowList)) };
        var source = settings.OptionalText("source");
        if (source is not null && !SourceId.IsValid(source)) settings.Reject("source", "Give the name of a source: 1 to 63 lower-case letters, digits, dots or hyphens.");
        var forest = ForestOptions.Read(settings);
        var kind = settings.Choice("directoryKind", DirectoryKind.Domain);
        if (kind == DirectoryKind.AdLds)
        {
            defaults = defaults with { Match = [new MatchRule(SourceAttribute.UserPrincipalName, "userPrincipalName")] };
            if (settings.OptionalText("base") is null) settings.Reject("base", "AD LDS has no domain to start from: give the DN below which accounts are looked for.");
            if (source is not null) settings.Reject("source", "Changes in AD LDS are not captured, so it is no source: remove it.");
            if (defaults.Directory.Domain is not null) settings.Reject("domain", "DNS names no instances of AD LDS: list its servers.");
            if (forest is not null) settings.Reject("forest", "Instances of AD LDS are no forest: remove it.");
        }

        // Only an example for a forest, which has no default.
        if (forest is not null) defaults = defaults with { Match = [new MatchRule(SourceAttribute.UserPrincipalName, "userPrincipalName")] };
        var match = MatchRule.Read(settings, defaults.Match, AttributeName().IsMatch);
        if (forest is not null) ForestOptions.CheckMatch(settings, match);
        var options = defaults with
        {
            DirectoryKind = kind,
            Base = settings.OptionalText("base"),
            Match = match,
            Unlock = settings.Flag("unlock", defaults.Unlock),
            CarryMustChange = settings.Flag("carryMustChange", defaults.CarryMustChange),
            Source = SourceId.IsValid(source) ? new SourceId(source!) : null,
            Forest = forest,
            VerifyAccount = settings.OptionalText("verifyAccount"),
        };
        return settings.IsGood ? options : null;
    }

    /// <summary>A short name of RFC 4512, 1.4 (descr).</summary>
    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9-]{0,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex AttributeName();
}
