using System.Collections.Immutable;
using System.Text.RegularExpressions;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Ldap;

/// <summary>The settings of an <c>ldap</c> sync point.</summary>
public sealed partial record LdapTargetOptions
{
    /// <summary>The connection; see <see cref="DirectoryOptions"/>.</summary>
    public required DirectoryOptions Directory { get; init; }

    /// <summary><c>base</c>: the DN below which accounts are looked for. Required.</summary>
    public required string Base { get; init; }

    /// <summary><c>filter</c>: how accounts are found, up to 8, first that finds any wins; with the placeholders of <see cref="FilterTemplate"/>. Default <c>(uid={sAMAccountName})</c>.</summary>
    public ImmutableArray<FilterTemplate> Filters { get; init; } = [FilterTemplate.Default];

    /// <summary><c>keyAttribute</c>: an operational attribute that never changes and is unique. Default <c>entryUUID</c> (RFC 4530).</summary>
    public string KeyAttribute { get; init; } = "entryUUID";

    /// <returns>Null if something is wrong, which is noted at <paramref name="settings"/>.</returns>
    public static LdapTargetOptions? Read(SettingsReader settings, NodeAllowList allowList)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var defaults = new LdapTargetOptions
        {
            Directory = DirectoryOptions.Read(settings, allowList),
            Base = settings.Text("base", "Give the DN below which accounts are looked for."),
        };
        var key = settings.OptionalText("keyAttribute") ?? defaults.KeyAttribute;
        if (!AttributeName().IsMatch(key)) settings.Reject("keyAttribute", $"Give the name of an attribute (default {defaults.KeyAttribute}).");
        var filters = FilterTemplate.Read(settings);
        return settings.IsGood ? defaults with { KeyAttribute = key, Filters = filters } : null;
    }

    /// <summary>A short name of RFC 4512, 1.4 (descr).</summary>
    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9-]{0,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex AttributeName();
}
