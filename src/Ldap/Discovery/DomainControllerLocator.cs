using System.Globalization;
using System.Net;
using System.Security.Cryptography;

namespace PasswordSync.Ldap;

/// <summary>Which domain controllers are tried first.</summary>
public enum DomainControllerPreference
{
    /// <summary>The PDC emulator, which the others ask when a password seems wrong to them; then those of the site, then all.</summary>
    Pdc,

    /// <summary>Those of the site, then all.</summary>
    Site,
}

/// <summary>How the domain controllers of a domain are found by DNS. Immutable.</summary>
public sealed record DomainControllerQuery
{
    /// <summary>The domain's DNS name.</summary>
    public required string Domain { get; init; }

    /// <summary>The site whose controllers are near; null if it does not matter.</summary>
    public string? Site { get; init; }

    /// <summary>Who is first; the PDC emulator by default.</summary>
    public DomainControllerPreference Preference { get; init; }

    /// <summary>The DNS servers to ask, also for the controllers' addresses; by default (empty) those of the system, and the system for the addresses.</summary>
    public IReadOnlyList<IPEndPoint> DnsServers { get; init; } = [];

    /// <summary>
    /// Whether <see cref="Domain"/> is a forest, named as its root domain, and those of its controllers are looked for that hold its Global Catalog. There is no
    /// preference among them but for the site.
    /// </summary>
    public bool IsGlobalCatalog { get; init; }

    /// <summary>The port in place of the one that DNS gives, which is that of LDAP without TLS (of the Global Catalog without TLS); null to take DNS's.</summary>
    public int? Port { get; init; }

    /// <summary>Whether a controller may be used at all; all by default.</summary>
    public Func<LdapServer, bool> IsAllowed { get; init; } = _ => true;
}

/// <summary>
/// Finds the domain controllers of a domain by the DNS records that they register (MS-ADTS 6.3.2.3), in the order in which they are to be
/// tried. Thread-safe. What was found is kept for <see cref="KeptFor"/>, and longer while DNS does not answer.
/// </summary>
public sealed class DomainControllerLocator
{
    /// <summary>How long an answer is used.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(5);

    private readonly DomainControllerQuery query;
    private readonly TimeProvider clock;
    private readonly DnsResolver resolver;
    private volatile Found? known;

    public DomainControllerLocator(DomainControllerQuery query, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(clock);
        this.query = query;
        this.clock = clock;
        resolver = new DnsResolver(query.DnsServers, clock);
    }

    /// <summary>The controllers in their order, 1 to <see cref="LdapClientOptions.ServersMax"/>.</summary>
    /// <exception cref="LdapException">There are none, as <see cref="LdapErrorKind.NameNotResolved"/>.</exception>
    public async Task<IReadOnlyList<LdapServer>> FindAsync(CancellationToken cancellationToken)
    {
        if (known is { } fresh && clock.GetElapsedTime(fresh.At) < KeptFor) return fresh.Servers;

        // All at once, so that a silent DNS costs its time-out once.
        var answers = await Task.WhenAll(Names().Select(name => AskAsync(name, cancellationToken))).ConfigureAwait(false);
        var records = answers.SelectMany(answer => answer.Records).ToList();
        var failure = answers.Select(answer => answer.Failure).LastOrDefault(failure => failure is not null);
        if (records.Count == 0)
        {
            // Better those of a while ago than none, and for a while more: whoever connects is not to wait for a silent DNS each time.
            if (failure is not null && known is { } old)
            {
                known = old with { At = clock.GetTimestamp() };
                return old.Servers;
            }

            var why = failure?.Message ?? $"DNS knows no {string.Join(", ", Names())}.";
            throw new LdapException(LdapErrorKind.NameNotResolved, $"No {Wanted} of {query.Domain} can be found. {why}", failure);
        }

        var servers = await ChooseAsync(records, cancellationToken).ConfigureAwait(false);
        known = new Found(servers, clock.GetTimestamp());
        return servers;
    }

    private string Wanted => query.IsGlobalCatalog ? "Global Catalog" : "domain controller";

    private async Task<(IReadOnlyList<ServiceRecord> Records, DnsException? Failure)> AskAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return ([.. ServiceOrder.Of(await resolver.FindServicesAsync(name, cancellationToken).ConfigureAwait(false), RandomNumberGenerator.GetInt32)], null);
        }
        catch (DnsException e)
        {
            return ([], e);
        }
    }

    private IEnumerable<string> Names()
    {
        var role = query.IsGlobalCatalog ? "gc" : "dc";
        if (query is { Preference: DomainControllerPreference.Pdc, IsGlobalCatalog: false }) yield return $"_ldap._tcp.pdc._msdcs.{query.Domain}";
        if (query.Site is { } site) yield return $"_ldap._tcp.{site}._sites.{role}._msdcs.{query.Domain}";
        yield return $"_ldap._tcp.{role}._msdcs.{query.Domain}";
    }

    private async Task<IReadOnlyList<LdapServer>> ChooseAsync(List<ServiceRecord> records, CancellationToken cancellationToken)
    {
        var all = records.Where(record => IsHost(record.Host)).DistinctBy(record => record.Host, StringComparer.OrdinalIgnoreCase).Select(record => new LdapServer(record.Host, query.Port ?? record.Port)).ToList();
        var allowed = all.Where(server => IsInDomain(server.Host) && query.IsAllowed(server)).Take(LdapClientOptions.ServersMax).ToList();
        if (allowed.Count == 0)
        {
            throw new LdapException(
                LdapErrorKind.NameNotResolved,
                string.Create(CultureInfo.InvariantCulture, $"DNS names {all.Count} of {query.Domain} for a {Wanted}, none of which may be used here: {string.Join(", ", all.Take(LdapClientOptions.ServersMax))}."));
        }

        return query.DnsServers.Count == 0 ? allowed : await Task.WhenAll(allowed.Select(server => WithAddressAsync(server, cancellationToken))).ConfigureAwait(false);
    }

    /// <summary>A domain whose DNS this machine does not use: its controllers' addresses come from the same servers; of one in several networks all of them.</summary>
    private async Task<LdapServer> WithAddressAsync(LdapServer server, CancellationToken cancellationToken)
    {
        try
        {
            return server with { Addresses = await resolver.FindAddressesAsync(server.Host, cancellationToken).ConfigureAwait(false) };
        }
        catch (DnsException)
        {
            return server;
        }
    }

    // TLS proves a name, and this one comes from DNS, which proves nothing: no machine of another domain is to get passwords because DNS names it.
    private bool IsInDomain(string host) => host.EndsWith($".{query.Domain}", StringComparison.OrdinalIgnoreCase);

    private static bool IsHost(string host) => Uri.CheckHostName(host) == UriHostNameType.Dns;

    private sealed record Found(IReadOnlyList<LdapServer> Servers, long At);
}
