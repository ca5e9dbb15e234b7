using System.Net;
using PasswordSync.Ldap;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Directories;

/// <summary>
/// The settings by which domain controllers are found by DNS: <c>domain</c> in place of <c>servers</c>; <c>prefer</c> (<c>pdc</c>, the default,
/// or <c>site</c>); <c>site</c>, required for <c>prefer</c> = <c>site</c>; <c>dnsServers</c>, by default the system's. What DNS names must be in the
/// node's allow-list of end points, like what <c>servers</c> names.
/// </summary>
internal static class DomainSettings
{
    private const int DnsServersMax = 4;

    private const int DnsPort = 53;

    /// <returns>Null if the controllers are given one by one, or something is wrong, which is noted.</returns>
    public static DomainControllerQuery? Read(SettingsReader settings, NodeAllowList allowList)
    {
        var (domain, site) = (settings.OptionalText("domain"), settings.OptionalText("site"));
        var prefer = settings.Choice("prefer", DomainControllerPreference.Pdc);
        var dnsServers = settings.List("dnsServers", DnsServersMax);
        if (domain is null)
        {
            foreach (var key in (string[])["site", "prefer", "dnsServers"])
            {
                if (settings.OptionalText(key) is not null) settings.Reject(key, "Only with domain: servers are tried as they are listed.");
            }

            return null;
        }

        if (!settings.List("servers", LdapClientOptions.ServersMax).IsEmpty) settings.Reject("domain", "Give either domain, whose controllers DNS names, or servers.");
        if (Uri.CheckHostName(domain) != UriHostNameType.Dns || !domain.Contains('.', StringComparison.Ordinal)) settings.Reject("domain", "Give the domain's DNS name, like beta.test.");
        if (site is not null && Uri.CheckHostName(site) != UriHostNameType.Dns) settings.Reject("site", "Give the name of one site of the domain: letters, digits and hyphens.");
        if (prefer == DomainControllerPreference.Site && site is null) settings.Reject("site", "Give the site that prefer = site speaks of.");
        var endPoints = new List<IPEndPoint>();
        foreach (var text in dnsServers)
        {
            if (!IPEndPoint.TryParse(text, out var endPoint)) settings.Reject("dnsServers", $"'{text}' is no IP address, or address and port.");
            else endPoints.Add(endPoint.Port == 0 ? new IPEndPoint(endPoint.Address, DnsPort) : endPoint);
        }

        return new DomainControllerQuery { Domain = domain, Site = site, Preference = prefer, DnsServers = endPoints, IsAllowed = server => allowList.AllowsEndpoint(server.Host, server.Port) };
    }
}
