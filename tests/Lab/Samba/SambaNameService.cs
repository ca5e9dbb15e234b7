using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace PasswordSync.Lab;

/// <summary>
/// The records of a domain whose DC is its DNS server, as they are in the directory (MS-DNSP 2.3.2.2). A domain that was copied has those of
/// the address where it was made; a test writes what it wants to be found.
/// </summary>
public sealed class SambaNameService(SambaDomain domain)
{
    private const ushort AddressType = 1;
    private const ushort ServiceType = 33;
    private const byte FormatVersion = 5;
    private const byte ZoneRank = 0xF0;
    private const int TimeToLiveSeconds = 60;
    private const ushort LdapPort = 389;
    private const ushort CatalogPort = 3268;

    /// <summary>Where it answers, by UDP and TCP.</summary>
    public IPEndPoint EndPoint => new(domain.First.Address, 53);

    /// <summary>Gives a host of the domain one address.</summary>
    /// <param name="host">Without the domain's name.</param>
    /// <param name="address">Of version 4.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task SetAddressAsync(string host, IPAddress address, CancellationToken cancellationToken) =>
        SetAsync($"DC={host},DC={domain.Options.DnsName},CN=MicrosoftDNS,DC=DomainDnsZones,{domain.BaseName}", [Record(AddressType, address.GetAddressBytes())], cancellationToken);

    /// <summary>Says which hosts of the domain offer LDAP under a name such as <c>_ldap._tcp.dc</c>, below <c>_msdcs</c>.</summary>
    /// <param name="name">Without <c>._msdcs</c> and what follows.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="hosts">Each with its priority, without the domain's name.</param>
    public Task SetServiceAsync(string name, CancellationToken cancellationToken, params (int Priority, string Host)[] hosts) => SetAsync(
        $"DC={name},DC=_msdcs.{domain.Options.DnsName},CN=MicrosoftDNS,DC=ForestDnsZones,{domain.BaseName}", Services(LdapPort, hosts), cancellationToken);

    /// <summary>Says which hosts of the domain hold the forest's Global Catalog.</summary>
    public Task SetCatalogAsync(CancellationToken cancellationToken, params (int Priority, string Host)[] hosts) => SetAsync(
        $"DC=_ldap._tcp.gc,DC=_msdcs.{domain.Options.DnsName},CN=MicrosoftDNS,DC=ForestDnsZones,{domain.BaseName}", Services(CatalogPort, hosts), cancellationToken);

    /// <summary>As <see cref="SetServiceAsync"/>, of a domain below this one, for which this one's server answers too.</summary>
    /// <param name="child">Its name without this domain's.</param>
    /// <param name="name">Such as <c>_ldap._tcp.dc</c>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="hosts">Each with its priority, without this domain's name.</param>
    public Task SetServiceBelowAsync(string child, string name, CancellationToken cancellationToken, params (int Priority, string Host)[] hosts) => SetAsync(
        $"DC={name}._msdcs.{child},DC={domain.Options.DnsName},CN=MicrosoftDNS,DC=DomainDnsZones,{domain.BaseName}", Services(LdapPort, hosts), cancellationToken);

    private IReadOnlyList<byte[]> Services(ushort port, (int Priority, string Host)[] hosts) =>
        [.. hosts.Select(host => Record(ServiceType, [.. BigEndian((ushort)host.Priority), .. BigEndian(100), .. BigEndian(port), .. Name($"{host.Host}.{domain.Options.DnsName}")]))];

    private async Task SetAsync(string dn, IReadOnlyList<byte[]> records, CancellationToken cancellationToken)
    {
        var values = string.Concat(records.Select(record => $"dnsRecord:: {Convert.ToBase64String(record)}\n"));
        try
        {
            await domain.First.ApplyLdifAsync($"dn: {dn}\nchangetype: add\nobjectClass: dnsNode\n{values}", cancellationToken);
        }
        catch (LabEnvironmentException)
        {
            await domain.First.ApplyLdifAsync($"dn: {dn}\nchangetype: modify\nreplace: dnsRecord\n{values}", cancellationToken);
        }
    }

    private static byte[] Record(ushort type, byte[] data)
    {
        var record = new byte[24 + data.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(record, (ushort)data.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(2), type);
        (record[4], record[5]) = (FormatVersion, ZoneRank);
        BinaryPrimitives.WriteInt32BigEndian(record.AsSpan(12), TimeToLiveSeconds);
        data.CopyTo(record, 24);
        return record;
    }

    /// <summary>Length, number of labels, labels, a zero.</summary>
    private static byte[] Name(string name)
    {
        var labels = name.Split('.');
        return [(byte)(name.Length + 2), (byte)labels.Length, .. labels.SelectMany(label => (byte[])[(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]), 0];
    }

    private static byte[] BigEndian(ushort number) => [(byte)(number >> 8), (byte)number];
}
