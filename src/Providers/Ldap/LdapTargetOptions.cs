using System.Collections.Immutable;
using System.Text.RegularExpressions;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Ldap;

/// <summary>The settings of an <c>ldap</c> sync point.</summary>
public sealed partial record LdapTargetOptions
{
    /// <summary>The longest password, in UTF-16 code units: what Active Directory itself takes at most.</summary>
    public const int PasswordLengthMax = 256;

    /// <summary>How many password policies count at most.</summary>
    internal const int PasswordPoliciesMax = 32;

    /// <summary>The connection; see <see cref="DirectoryOptions"/>.</summary>
    public required DirectoryOptions Directory { get; init; }

    /// <summary><c>base</c>: the DN below which accounts are looked for. Required.</summary>
    public required string Base { get; init; }

    /// <summary><c>filter</c>: how accounts are found, up to 8, first that finds any wins; with the placeholders of <see cref="FilterTemplate"/>. Default <c>(uid={sAMAccountName})</c>.</summary>
    public ImmutableArray<FilterTemplate> Filters { get; init; } = [FilterTemplate.Default];

    /// <summary><c>keyAttribute</c>: an operational attribute that never changes and is unique. Default <c>entryUUID</c> (RFC 4530).</summary>
    public string KeyAttribute { get; init; } = "entryUUID";

    /// <summary><c>passwordLengthMin</c>: shorter passwords are not sent. Default 1; 1 to 256.</summary>
    public int PasswordLengthMin { get; init; } = 1;

    /// <summary><c>passwordPolicies</c>: the DNs of the password policies that hold for the accounts. At most 32. Default: all that the directory shows beside the accounts.</summary>
    public ImmutableArray<string> PasswordPolicies { get; init; } = [];

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
        var options = defaults with
        {
            KeyAttribute = key,
            Filters = filters,
            PasswordLengthMin = settings.Number("passwordLengthMin", defaults.PasswordLengthMin, 1, PasswordLengthMax),
            PasswordPolicies = settings.List("passwordPolicies", PasswordPoliciesMax),
        };
        return settings.IsGood ? options : null;
    }

    /// <summary>A short name of RFC 4512, 1.4 (descr).</summary>
    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9-]{0,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex AttributeName();
}
