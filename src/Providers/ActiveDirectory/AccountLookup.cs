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
    public const string BitwiseAnd = "1.2.840.113556.1.4.803";

    private static readonly string[] Attributes = [ObjectGuid, "objectSid", ReplicationMetadata.AttributeName];

    /// <summary>What of <see cref="OfPeople"/> a Global Catalog can tell: its partial copy has no msDS-SecondaryKrbTgtNumber.</summary>
    private static readonly LdapFilter OfPeopleInCatalog = LdapFilter.And(
        LdapFilter.Equal("objectCategory", "person"),
        LdapFilter.Equal("objectClass", "user"),
        LdapFilter.Not(LdapFilter.Equal("objectClass", "computer")),
        LdapFilter.Extensible("userAccountControl", BitwiseAnd, NormalAccount, dnAttributes: false));

    /// <summary>What marks an account of a person in a domain.</summary>
    private static readonly LdapFilter OfPeople = LdapFilter.And(OfPeopleInCatalog, LdapFilter.Not(LdapFilter.Present("msDS-SecondaryKrbTgtNumber")));

    /// <summary>AD LDS has neither machines nor account control.</summary>
    private static readonly LdapFilter OfPeopleInLds = LdapFilter.Or(LdapFilter.Equal("objectClass", "user"), LdapFilter.Equal("objectClass", "inetOrgPerson"));

    /// <summary>At most <see cref="AccountSearch.HitsMax"/> accounts.</summary>
    public static Task<IReadOnlyList<LdapEntry>> FindAsync(
        LdapConnection connection, DirectoryKind kind, string baseDn, MatchRule rule, string value, CancellationToken cancellationToken) =>
        SearchAsync(connection, baseDn, LdapSearchScope.Subtree, LdapFilter.And(kind == DirectoryKind.AdLds ? OfPeopleInLds : OfPeople, Matching(rule, value)), cancellationToken);

    /// <summary>As above, in a Global Catalog; the empty base is the whole forest.</summary>
    public static Task<IReadOnlyList<LdapEntry>> FindInCatalogAsync(LdapConnection catalog, string baseDn, MatchRule rule, string value, CancellationToken cancellationToken) =>
        SearchAsync(catalog, baseDn, LdapSearchScope.Subtree, LdapFilter.And(OfPeopleInCatalog, Matching(rule, value)), cancellationToken);

    /// <summary>An account that a Global Catalog lists, on a controller of its domain; null if it is not there any more, or does not match there.</summary>
    public static async Task<LdapEntry?> FindAtHomeAsync(LdapConnection connection, string key, MatchRule rule, string value, CancellationToken cancellationToken)
    {
        try
        {
            return (await SearchAsync(connection, DnOf(key), LdapSearchScope.Base, LdapFilter.And(OfPeople, Matching(rule, value)), cancellationToken)).SingleOrDefault();
        }
        catch (LdapException e) when (e is { Kind: LdapErrorKind.Result, Result.Code: LdapResultCode.NoSuchObject })
        {
            return null;
        }
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

    private static async Task<IReadOnlyList<LdapEntry>> SearchAsync(LdapConnection connection, string baseDn, LdapSearchScope scope, LdapFilter filter, CancellationToken cancellationToken)
    {
        var found = await connection.SearchAsync(new LdapSearchRequest(baseDn, scope, filter, Attributes) { SizeLimit = AccountSearch.HitsMax }, cancellationToken);
        return [.. found.Entries.Where(entry => entry.GetSid("objectSid")?.EndsWith(KrbtgtRid, StringComparison.Ordinal) != true)];
    }

    private static LdapFilter Matching(MatchRule rule, string value) =>
        IsBinary(rule) ? LdapFilter.Equal(rule.Target, Guid.ParseExact(value, "D")) : LdapFilter.Equal(rule.Target, value);

    private static bool IsBinary(MatchRule rule) =>
        rule.Source == SourceAttribute.ObjectGuid
        && (rule.Target.Equals(ObjectGuid, StringComparison.OrdinalIgnoreCase) || rule.Target.Equals("mS-DS-ConsistencyGuid", StringComparison.OrdinalIgnoreCase));
}
