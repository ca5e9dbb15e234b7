using System.Collections.Immutable;
using PasswordSync.Capture.Resolution;
using PasswordSync.Core.Intake;
using PasswordSync.Ldap;

namespace PasswordSync.Capture.Scope;

/// <summary>
/// Lets the DC evaluate scopes: for each, one search for the account at the scope's base, with its filter and its groups, nested ones included, so that
/// what the directory's own tools show is what counts.
/// </summary>
internal static class ScopeMatcher
{
    /// <summary>LDAP_MATCHING_RULE_TRANSITIVE_EVAL (MS-ADTS 3.1.1.3.4.4.3): follows memberships of groups in groups.</summary>
    private const string TransitiveRule = "1.2.840.113556.1.4.1941";

    public static async Task<ImmutableArray<string>> MatchAsync(LdapConnection connection, DirectoryAccount account, ImmutableArray<ScopeRule> scopes, CancellationToken cancellationToken)
    {
        var matched = ImmutableArray.CreateBuilder<string>();
        foreach (var scope in scopes)
        {
            // Found by GUID below the scope's base: where the account lies, and in which groups, is the DC's to say.
            var filter = LdapFilter.And(LdapFilter.Equal("objectGUID", account.ObjectGuid), FilterOf(scope));
            var request = new LdapSearchRequest(scope.BaseDn, LevelOf(scope.Level), filter, "1.1") { SizeLimit = 1 };
            try
            {
                var found = await connection.SearchAsync(request, cancellationToken).ConfigureAwait(false);
                if (found.Entries.Count > 0) matched.Add(scope.Name);
            }
            catch (LdapException failure) when (failure.Kind == LdapErrorKind.Result && failure.Result!.Code == LdapResultCode.NoSuchObject)
            {
                // The base is not there (any more): nobody is below it.
            }
        }

        return matched.ToImmutable();
    }

    /// <summary>All conditions of a scope but its place, as one filter.</summary>
    internal static LdapFilter FilterOf(ScopeRule scope)
    {
        var conditions = new List<LdapFilter> { scope.Filter is { } text ? LdapFilter.Parse(text) : LdapFilter.Present("objectClass") };
        if (!scope.IncludeGroups.IsEmpty) conditions.Add(LdapFilter.Or([.. scope.IncludeGroups.Select(MemberOf)]));
        conditions.AddRange(scope.ExcludeGroups.Select(group => LdapFilter.Not(MemberOf(group))));
        return conditions.Count == 1 ? conditions[0] : LdapFilter.And(conditions);
    }

    internal static LdapSearchScope LevelOf(ScopeLevel level) => level switch
    {
        ScopeLevel.BaseObject => LdapSearchScope.Base,
        ScopeLevel.OneLevel => LdapSearchScope.OneLevel,
        ScopeLevel.Subtree => LdapSearchScope.Subtree,
        _ => throw new InvalidOperationException($"Internal error: unknown level {level}."),
    };

    private static LdapFilter MemberOf(string group) => LdapFilter.Extensible("memberOf", TransitiveRule, group, dnAttributes: false);
}
