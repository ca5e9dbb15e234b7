using System.Collections.Immutable;
using PasswordSync.Ldap;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Policies;

namespace PasswordSync.Providers.Ldap;

/// <summary>
/// Reads the password policies that a directory shows as entries of the class <c>pwdPolicy</c> (draft-behera-ldap-password-policy-10, 5.1), as OpenLDAP's
/// ppolicy does. No directory says which of them is its default, so that all count, unless the settings name those that do.
/// </summary>
internal static class DirectoryPolicies
{
    private const string Check = "passwordPolicies";
    private const string CheckQuality = "pwdCheckQuality", LengthMin = "pwdMinLength", LengthMax = "pwdMaxLength", History = "pwdInHistory", AgeMax = "pwdMaxAge";

    private static readonly LdapFilter IsPolicy = LdapFilter.Equal("objectClass", "pwdPolicy");

    private static readonly string[] Attributes = [CheckQuality, LengthMin, LengthMax, History, AgeMax];

    /// <param name="connection">A connection to the directory.</param>
    /// <param name="options">The settings.</param>
    /// <param name="cancellationToken">The caller's token.</param>
    /// <returns>What was found, for people, and the rules; where no policy is shown, those of the settings.</returns>
    public static async Task<(VerificationCheck Check, ImmutableArray<PasswordPolicy> Policies)> ReadAsync(LdapConnection connection, LdapTargetOptions options, CancellationToken cancellationToken)
    {
        try
        {
            var entries = options.PasswordPolicies.IsEmpty
                ? await FindAsync(connection, options, cancellationToken)
                : await ReadNamedAsync(connection, options.PasswordPolicies, cancellationToken);
            if (options.PasswordPolicies.Except(entries.Select(entry => entry.Name), StringComparer.Ordinal).FirstOrDefault() is { } hidden)
            {
                return (VerificationCheck.Warned(Check, $"{hidden} is no password policy (pwdPolicy) that the bind account may read.", "Correct passwordPolicies, or let the bind account read it."), Declared(options));
            }

            if (entries.Count > 0)
            {
                ImmutableArray<PasswordPolicy> policies = [.. entries.Select(entry => Of(entry.Name, entry.Entry, options))];
                return (VerificationCheck.Passed(Check, string.Join("; ", policies.Select(policy => policy.Describe()))), policies);
            }
        }
        catch (LdapException e)
        {
            return (NotShown(e.Message, options), Declared(options));
        }

        return (NotShown("The directory shows the bind account no password policy (pwdPolicy).", options), Declared(options));
    }

    /// <summary>What is only of use must not use up the time that the rest of the verification has.</summary>
    private static readonly TimeSpan SearchTimeout = TimeSpan.FromSeconds(3);

    /// <summary>All in the part of the directory (its naming context) that has the accounts.</summary>
    private static async Task<IReadOnlyList<(string Name, LdapEntry Entry)>> FindAsync(LdapConnection connection, LdapTargetOptions options, CancellationToken cancellationToken)
    {
        var root = (await connection.SearchAsync(new LdapSearchRequest("", LdapSearchScope.Base, LdapFilter.Present("objectClass"), "namingContexts") { Timeout = SearchTimeout }, cancellationToken)).Entries.SingleOrDefault();
        var context = root?.GetStrings("namingContexts").Where(context => IsBelow(options.Base, context)).MaxBy(context => context.Length) ?? options.Base;
        var request = new LdapSearchRequest(context, LdapSearchScope.Subtree, IsPolicy, Attributes) { SizeLimit = LdapTargetOptions.PasswordPoliciesMax, Timeout = SearchTimeout };
        return [.. (await connection.SearchAsync(request, cancellationToken)).Entries.Select(entry => (entry.Dn, entry)).OrderBy(found => found.Dn, StringComparer.Ordinal)];
    }

    private static async Task<IReadOnlyList<(string Name, LdapEntry Entry)>> ReadNamedAsync(LdapConnection connection, ImmutableArray<string> names, CancellationToken cancellationToken)
    {
        var found = new List<(string, LdapEntry)>();
        foreach (var name in names)
        {
            try
            {
                var entries = (await connection.SearchAsync(new LdapSearchRequest(name, LdapSearchScope.Base, IsPolicy, Attributes), cancellationToken)).Entries;
                if (entries is [var entry]) found.Add((name, entry));
            }
            catch (LdapException e) when (e is { Kind: LdapErrorKind.Result, Result.Code: LdapResultCode.NoSuchObject or LdapResultCode.InvalidDnSyntax or LdapResultCode.InsufficientAccessRights })
            {
                // Told as one that cannot be read.
            }
        }

        return found;
    }

    /// <summary>Lengths are held against passwords only where their quality is checked (<c>pwdCheckQuality</c>). OpenLDAP counts bytes, of which ASCII has one for each character.</summary>
    private static PasswordPolicy Of(string name, LdapEntry entry, LdapTargetOptions options)
    {
        var isChecked = entry.GetInt64(CheckQuality) > 0;
        return new PasswordPolicy($"the policy {name}")
        {
            LengthMin = Math.Max(options.PasswordLengthMin, isChecked ? Number(entry, LengthMin) : 0),
            LengthMax = isChecked && Number(entry, LengthMax) is > 0 and var most ? Math.Min(most, LdapTargetOptions.PasswordLengthMax) : LdapTargetOptions.PasswordLengthMax,
            HistoryLength = Number(entry, History),
            AgeMax = Number(entry, AgeMax) is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : TimeSpan.MaxValue,
        };
    }

    /// <summary>Where the directory shows nothing, its own least length is not known unless somebody wrote it into the settings.</summary>
    private static ImmutableArray<PasswordPolicy> Declared(LdapTargetOptions options) =>
        [new PasswordPolicy("what the settings say of the directory") { LengthMin = options.PasswordLengthMin > 1 ? options.PasswordLengthMin : null, LengthMax = LdapTargetOptions.PasswordLengthMax }];

    private static VerificationCheck NotShown(string finding, LdapTargetOptions options) => VerificationCheck.NotRun(
        Check, finding, options.PasswordLengthMin > 1 ? null : "Let the bind account read it, or set passwordLengthMin to the shortest password that the directory takes: then what would be refused is known before.");

    /// <summary>Absent, hidden or nonsense is 0, which switches each of these rules off.</summary>
    private static int Number(LdapEntry entry, string attribute) => (int)Math.Clamp(entry.GetInt64(attribute) ?? 0, 0, int.MaxValue);

    private static bool IsBelow(string dn, string context) =>
        dn.Equals(context, StringComparison.OrdinalIgnoreCase) || dn.EndsWith("," + context, StringComparison.OrdinalIgnoreCase);
}
