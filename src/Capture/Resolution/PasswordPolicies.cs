using System.Collections.Immutable;
using PasswordSync.Ldap;

namespace PasswordSync.Capture.Resolution;

/// <summary>Reads the complexity rules of a domain's password policies.</summary>
internal static class PasswordPolicies
{
    /// <summary>DOMAIN_PASSWORD_COMPLEX (MS-SAMR 2.2.1.10).</summary>
    private const long Complex = 1;

    private const int PoliciesMax = 1_000;

    public static async Task<ImmutableArray<string>> FindWithoutComplexityAsync(LdapConnection connection, string domainDn, CancellationToken cancellationToken)
    {
        var without = ImmutableArray.CreateBuilder<string>();
        var domain = await connection.SearchAsync(
            new LdapSearchRequest(domainDn, LdapSearchScope.Base, LdapFilter.Present("objectClass"), "pwdProperties"), cancellationToken).ConfigureAwait(false);
        if (domain.Entries.Count == 1 && domain.Entries[0].GetInt64("pwdProperties") is { } properties && (properties & Complex) == 0) without.Add($"The password policy of domain '{domainDn}'");

        // MS-ADTS 6.1.1.4.11.1. Whoever may not read the policies is shown none.
        var fineGrained = new LdapSearchRequest(
            $"CN=Password Settings Container,CN=System,{domainDn}",
            LdapSearchScope.Subtree,
            LdapFilter.And(LdapFilter.Equal("objectClass", "msDS-PasswordSettings"), LdapFilter.Equal("msDS-PasswordComplexityEnabled", "FALSE")),
            "cn")
        { SizeLimit = PoliciesMax };
        try
        {
            var found = await connection.SearchAsync(fineGrained, cancellationToken).ConfigureAwait(false);
            without.AddRange(found.Entries.Select(entry => $"The fine-grained policy '{entry.Dn}'").Order(StringComparer.Ordinal));
        }
        catch (LdapException failure) when (failure.Kind == LdapErrorKind.Result && failure.Result!.Code == LdapResultCode.NoSuchObject)
        {
            // A domain of an older level has no such policies.
        }

        return without.ToImmutable();
    }
}
