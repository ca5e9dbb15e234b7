using System.Globalization;
using PasswordSync.Ldap;
using PasswordSync.Ldap.ActiveDirectory;
using PasswordSync.Providers.Matching;

namespace PasswordSync.Providers.ActiveDirectory;

/// <summary>Searches for accounts of people, never for those of machines, trusts, managed services and the KDC.</summary>
internal static class AccountLookup
{
    public const string ObjectGuid = "objectGUID";

    /// <summary>The RID of krbtgt (MS-SAMR 2.2.1.14, DOMAIN_USER_RID_KRBTGT).</summary>
    private const string KrbtgtRid = "-502";

    /// <summary>UF_NORMAL_ACCOUNT (MS-ADTS 2.2.16): set for people, not for machines, trusts and managed service accounts.</summary>
    private const string NormalAccount = "512";

    /// <summary>LDAP_MATCHING_RULE_BIT_AND (MS-ADTS 3.1.1.3.4.4.1).</summary>
    private const string BitwiseAnd = "1.2.840.113556.1.4.803";

    private static readonly string[] Attributes = [ObjectGuid, "objectSid", ReplicationMetadata.AttributeName];

    /// <summary>What marks an account of a person in a domain.</summary>
    private static readonly LdapFilter OfPeople = LdapFilter.And(
        LdapFilter.Equal("objectCategory", "person"),
        LdapFilter.Equal("objectClass", "user"),
        LdapFilter.Not(LdapFilter.Equal("objectClass", "computer")),
        LdapFilter.Extensible("userAccountControl", BitwiseAnd, NormalAccount, dnAttributes: false),
        LdapFilter.Not(LdapFilter.Present("msDS-SecondaryKrbTgtNumber")));

    /// <summary>AD LDS has neither machines nor account control.</summary>
    private static readonly LdapFilter OfPeopleInLds = LdapFilter.Or(LdapFilter.Equal("objectClass", "user"), LdapFilter.Equal("objectClass", "inetOrgPerson"));

    /// <summary>At most <see cref="AccountSearch.HitsMax"/> accounts.</summary>
    public static async Task<IReadOnlyList<LdapEntry>> FindAsync(
        LdapConnection connection, DirectoryKind kind, string baseDn, MatchRule rule, string value, CancellationToken cancellationToken)
    {
        var filter = LdapFilter.And(
            kind == DirectoryKind.AdLds ? OfPeopleInLds : OfPeople,
            IsBinary(rule) ? LdapFilter.Equal(rule.Target, Guid.ParseExact(value, "D")) : LdapFilter.Equal(rule.Target, value));
        var request = new LdapSearchRequest(baseDn, LdapSearchScope.Subtree, filter, Attributes) { SizeLimit = AccountSearch.HitsMax };
        var found = await connection.SearchAsync(request, cancellationToken);
        return [.. found.Entries.Where(entry => entry.GetSid("objectSid")?.EndsWith(KrbtgtRid, StringComparison.Ordinal) != true)];
    }

    /// <summary>One account by its objectGUID, wherever it was moved to; null if it is gone.</summary>
    public static async Task<LdapEntry?> ReadAsync(LdapConnection connection, string key, IReadOnlyList<string> attributes, CancellationToken cancellationToken)
    {
        try
        {
            var request = new LdapSearchRequest(DnOf(key), LdapSearchScope.Base, LdapFilter.Present("objectClass"), attributes);
            return (await connection.SearchAsync(request, cancellationToken)).Entries.SingleOrDefault();
        }
        catch (LdapException e) when (e is { Kind: LdapErrorKind.Result, Result.Code: LdapResultCode.NoSuchObject })
        {
            return null;
        }
    }

    /// <summary>The account's name by its objectGUID (MS-ADTS 3.1.1.3.1.2.4), which no move or rename changes.</summary>
    public static string DnOf(string key) => string.Create(CultureInfo.InvariantCulture, $"<GUID={key}>");

    private static bool IsBinary(MatchRule rule) =>
        rule.Source == SourceAttribute.ObjectGuid
        && (rule.Target.Equals(ObjectGuid, StringComparison.OrdinalIgnoreCase) || rule.Target.Equals("mS-DS-ConsistencyGuid", StringComparison.OrdinalIgnoreCase));
}
