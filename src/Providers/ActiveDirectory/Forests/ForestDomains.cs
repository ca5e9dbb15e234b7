using System.Collections.Immutable;
using System.Globalization;
using PasswordSync.Core.Deliveries;
using PasswordSync.Ldap;

namespace PasswordSync.Providers.ActiveDirectory.Forests;

/// <summary>A domain of a forest, as its crossRef object has it (MS-ADTS 6.1.1.2.1.1).</summary>
/// <param name="Dn">Its naming context (nCName).</param>
/// <param name="DnsName">Its DNS name (dnsRoot).</param>
internal sealed record ForestDomain(string Dn, string DnsName);

/// <summary>The domains of a forest, and which of them an object is in. Immutable.</summary>
internal sealed class ForestDomains
{
    /// <summary>FLAG_CR_NTDS_NC and FLAG_CR_NTDS_DOMAIN: a domain of this forest, neither another partition nor a directory elsewhere.</summary>
    private const string DomainFlags = "3";

    private readonly ImmutableArray<ForestDomain> domains;

    public ForestDomains(IEnumerable<ForestDomain> domains) => this.domains = [.. domains.OrderBy(domain => domain.DnsName, StringComparer.OrdinalIgnoreCase)];

    /// <summary>All of them, by name.</summary>
    public ImmutableArray<ForestDomain> All => domains;

    /// <summary>Reads them; every controller of a forest holds them all.</summary>
    /// <returns>The domains, or why they cannot be used.</returns>
    public static async Task<(ForestDomains? Domains, DeliveryOutcome? Obstacle)> ReadAsync(LdapConnection connection, CancellationToken cancellationToken)
    {
        var root = (await connection.SearchAsync(
            new LdapSearchRequest("", LdapSearchScope.Base, LdapFilter.Present("objectClass"), "configurationNamingContext"), cancellationToken)).Entries.SingleOrDefault();
        if (root?.GetString("configurationNamingContext") is not { } configuration) return (null, new DeliveryOutcome.TargetMisconfigured($"{connection.Server} is not a domain controller."));
        var filter = LdapFilter.And(LdapFilter.Equal("objectClass", "crossRef"), LdapFilter.Extensible("systemFlags", AccountLookup.BitwiseAnd, DomainFlags, dnAttributes: false));
        var request = new LdapSearchRequest($"CN=Partitions,{configuration}", LdapSearchScope.OneLevel, filter, "nCName", "dnsRoot", "Enabled") { SizeLimit = ForestOptions.DomainsMax };
        var found = await connection.SearchAsync(request, cancellationToken);
        if (!found.IsComplete)
        {
            return (null, new DeliveryOutcome.TargetMisconfigured(string.Create(CultureInfo.InvariantCulture, $"The forest has more than {ForestOptions.DomainsMax} domains: make one sync point for each domain instead (forest).")));
        }

        var domains = new ForestDomains(found.Entries.Select(OfCrossReference).OfType<ForestDomain>());
        return domains.All.IsEmpty
            ? (null, new DeliveryOutcome.TargetMisconfigured($"{connection.Server} names no domain of the forest: let the bind account read CN=Partitions,{configuration}."))
            : (domains, null);
    }

    /// <summary>The domain that an object is in: the one whose name is the longest end of the object's. Null if it is in none.</summary>
    public ForestDomain? Of(string dn)
    {
        ArgumentNullException.ThrowIfNull(dn);
        return domains.Where(domain => IsWithin(dn, domain.Dn)).MaxBy(domain => domain.Dn.Length);
    }

    public override string ToString() => string.Join(", ", domains.Select(domain => domain.DnsName));

    /// <summary>Null for a domain that is only being made, and for what has no DNS name.</summary>
    private static ForestDomain? OfCrossReference(LdapEntry entry) =>
        entry.GetString("nCName") is { } dn && entry.GetString("dnsRoot") is { } name && Uri.CheckHostName(name) == UriHostNameType.Dns && entry.GetString("Enabled") != "FALSE"
            ? new ForestDomain(dn, name)
            : null;

    private static bool IsWithin(string dn, string ancestor)
    {
        if (dn.Equals(ancestor, StringComparison.OrdinalIgnoreCase)) return true;
        var comma = dn.Length - ancestor.Length - 1;
        return comma > 0 && dn[comma] == ',' && dn.EndsWith(ancestor, StringComparison.OrdinalIgnoreCase) && !IsEscaped(dn, comma);
    }

    /// <summary>Whether a character belongs to a value (RFC 4514, 2.4): an odd number of backslashes is before it.</summary>
    private static bool IsEscaped(string dn, int at)
    {
        var backslashes = 0;
        while (backslashes < at && dn[at - 1 - backslashes] == '\\') backslashes++;
        return backslashes % 2 == 1;
    }
}
