using System.Globalization;
using System.Runtime.CompilerServices;
using PasswordSync.Ldap;

namespace PasswordSync.Providers.ActiveDirectory;

/// <summary>What a domain controller says of itself. Read once per connection.</summary>
/// <param name="DefaultNamingContext">The domain's DN.</param>
/// <param name="InvocationId">The id in the stamps of this DC's own writes; null if the service may not read it.</param>
/// <param name="DnsHostName">The DC's name.</param>
/// <param name="ServiceDn">The DN of its nTDSDSA object.</param>
internal sealed record DomainFacts(string DefaultNamingContext, Guid? InvocationId, string DnsHostName, string ServiceDn)
{
    private static readonly ConditionalWeakTable<LdapConnection, DomainFacts> Known = [];

    /// <returns>Null if the server is not a domain controller.</returns>
    public static async Task<DomainFacts?> ReadAsync(LdapConnection connection, CancellationToken cancellationToken)
    {
        if (Known.TryGetValue(connection, out var known)) return known;
        var root = (await connection.SearchAsync(
            new LdapSearchRequest("", LdapSearchScope.Base, LdapFilter.Present("objectClass"), "defaultNamingContext", "dsServiceName", "dnsHostName"), cancellationToken)).Entries.SingleOrDefault();
        if (root?.GetString("defaultNamingContext") is not { } domain || root.GetString("dsServiceName") is not { } service) return null;
        var facts = new DomainFacts(domain, await ReadInvocationIdAsync(connection, service, cancellationToken), root.GetString("dnsHostName") ?? connection.Server.Host, service);
        Known.AddOrUpdate(connection, facts);
        return facts;
    }

    /// <summary>The domain's attribute as a number; null if it cannot be read.</summary>
    public async Task<long?> ReadPolicyAsync(LdapConnection connection, string attribute, CancellationToken cancellationToken) =>
        (await ReadDomainAsync(connection, attribute, cancellationToken))?.GetInt64(attribute);

    /// <summary>Who the PDC emulator is: the owner of the domain's own role (MS-ADTS 3.1.1.1.11).</summary>
    /// <returns>Whether it is this DC, and its name; null if that cannot be read.</returns>
    public async Task<(bool IsThis, string Name)?> FindPdcAsync(LdapConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            if ((await ReadDomainAsync(connection, "fSMORoleOwner", cancellationToken))?.GetString("fSMORoleOwner") is not { } owner) return null;
            if (owner.Equals(ServiceDn, StringComparison.OrdinalIgnoreCase)) return (true, DnsHostName);

            // The nTDSDSA object, "CN=NTDS Settings", is the child of the server's.
            var server = new LdapSearchRequest(owner[(owner.IndexOf(',', StringComparison.Ordinal) + 1)..], LdapSearchScope.Base, LdapFilter.Present("objectClass"), "dNSHostName");
            return (await connection.SearchAsync(server, cancellationToken)).Entries.SingleOrDefault()?.GetString("dNSHostName") is { } name ? (false, name) : null;
        }
        catch (LdapException e) when (e.Kind == LdapErrorKind.Result)
        {
            return null;
        }
    }

    private async Task<LdapEntry?> ReadDomainAsync(LdapConnection connection, string attribute, CancellationToken cancellationToken) =>
        (await connection.SearchAsync(
            new LdapSearchRequest(DefaultNamingContext, LdapSearchScope.Base, LdapFilter.Present("objectClass"), attribute), cancellationToken)).Entries.SingleOrDefault();

    private static async Task<Guid?> ReadInvocationIdAsync(LdapConnection connection, string service, CancellationToken cancellationToken)
    {
        try
        {
            return (await connection.SearchAsync(
                new LdapSearchRequest(service, LdapSearchScope.Base, LdapFilter.Present("objectClass"), "invocationId"), cancellationToken)).Entries.SingleOrDefault()?.GetGuid("invocationId");
        }
        catch (LdapException e) when (e.Kind == LdapErrorKind.Result)
        {
            return null;
        }
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{DnsHostName} ({DefaultNamingContext})");
}
