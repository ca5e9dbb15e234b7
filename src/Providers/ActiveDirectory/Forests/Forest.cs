using PasswordSync.Core.Deliveries;
using PasswordSync.Ldap;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Matching;

namespace PasswordSync.Providers.ActiveDirectory.Forests;

/// <summary>
/// The domains of a forest: accounts are found in its Global Catalog, which has all of them but cannot be written and may be late, and are read and
/// written in their own domain. One connection to the catalog and at most one to each domain, made when it is first needed.
/// </summary>
internal sealed class Forest : IAccountDirectory
{
    /// <summary>The Global Catalog's port with TLS (MS-ADTS 5.1.2.2); without TLS the port is DNS's.</summary>
    private const int CatalogTlsPort = 3269;

    /// <summary>How long the domains that were read are used, as long as an answer of DNS.</summary>
    private static readonly TimeSpan KeptFor = DomainControllerLocator.KeptFor;

    private readonly ActiveDirectoryOptions options;
    private readonly ProviderContext context;
    private readonly Lock opening = new();
    private readonly Dictionary<string, DirectorySession> sessions = new(StringComparer.OrdinalIgnoreCase);
    private volatile Known? known;

    public Forest(ActiveDirectoryOptions options, ProviderContext context)
    {
        this.options = options;
        this.context = context;
        Account = new CredentialPause(context.Time);
        Catalog = Connect(query => query with { IsGlobalCatalog = true, Port = options.Directory.Security == DirectorySecurity.Ldaps ? CatalogTlsPort : null });
    }

    /// <summary>Of the service's account, which is one and the same in all domains: every domain controller counts its wrong passwords together.</summary>
    public CredentialPause Account { get; }

    /// <summary>The Global Catalog.</summary>
    public DirectorySession Catalog { get; }

    public async Task<(AccountHome? Home, LdapEntry? Account, DeliveryOutcome? Obstacle)> FindAsync(TargetQuery query, CancellationToken cancellationToken)
    {
        var (catalog, trouble) = await Catalog.ConnectAsync(evenIfRefused: false, cancellationToken);
        if (catalog is null) return (null, null, trouble);
        (MatchRule Rule, string Value)? last = null;
        var (listed, missing) = await AccountSearch.RunAsync(
            options.Match,
            query,
            (rule, value) =>
            {
                last = (rule, value);
                return AccountLookup.FindInCatalogAsync(catalog, options.Base ?? "", rule, value, cancellationToken);
            },
            entry => entry.Dn);
        if (listed is null) return (null, null, missing);
        if (listed.GetGuid(AccountLookup.ObjectGuid) is not { } id) return (null, null, new DeliveryOutcome.TargetMisconfigured($"The bind account may not read the objectGUID of {listed.Dn}."));
        var (home, obstacle) = await OpenDomainOfAsync(catalog, listed.Dn, cancellationToken);
        if (home is null) return (null, null, obstacle);

        var matched = last ?? throw new InvalidOperationException("Internal error: an account was found by no rule.");

        // The domain has the last word: who has the name now, and what kind of account it is.
        var account = await AccountLookup.FindAtHomeAsync(home.Connection, id.ToString("D"), matched.Rule, matched.Value, cancellationToken);
        return account is null
            ? (null, null, new DeliveryOutcome.Transient($"The Global Catalog {catalog.Server} lists {listed.Dn} for {matched.Rule}, and {home.Connection.Server} of its domain has no such account: it was moved, renamed or deleted just now, or is no account of a person."))
            : (home, account, null);
    }

    public async Task<(AccountHome? Home, DeliveryOutcome? Obstacle)> OpenAsync(string key, CancellationToken cancellationToken)
    {
        var (catalog, trouble) = await Catalog.ConnectAsync(evenIfRefused: false, cancellationToken);
        if (catalog is null) return (null, trouble);
        var listed = await AccountLookup.ReadAsync(catalog, key, [AccountLookup.ObjectGuid], cancellationToken);

        // It was there a moment ago; the next attempt looks for it anew and says if it is gone.
        return listed is null
            ? (null, new DeliveryOutcome.Transient($"The Global Catalog {catalog.Server} does not list the account with objectGUID {key}."))
            : await OpenDomainOfAsync(catalog, listed.Dn, cancellationToken);
    }

    public Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken) => new ForestVerification(this, options).RunAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Catalog.DisposeAsync();
        foreach (var session in sessions.Values) await session.DisposeAsync();
    }

    /// <summary>The forest's domains, or why they cannot be used.</summary>
    /// <exception cref="LdapException">They cannot be read.</exception>
    public async Task<(ForestDomains? Domains, DeliveryOutcome? Obstacle)> ReadDomainsAsync(LdapConnection catalog, CancellationToken cancellationToken)
    {
        if (known is { } fresh && context.Time.GetElapsedTime(fresh.At) < KeptFor) return (fresh.Domains, null);
        var (domains, obstacle) = await ForestDomains.ReadAsync(catalog, cancellationToken);
        if (domains is not null) known = new Known(domains, context.Time.GetTimestamp());
        return (domains, obstacle);
    }

    /// <summary>A domain by a connection, or why there is none.</summary>
    public async Task<(AccountHome? Home, DeliveryOutcome? Obstacle)> OpenDomainAsync(ForestDomain domain, bool evenIfRefused, CancellationToken cancellationToken)
    {
        var session = SessionOf(domain);
        var (connection, obstacle) = await session.ConnectAsync(evenIfRefused, cancellationToken);
        if (connection is null) return (null, obstacle);
        return (new AccountHome(session, connection, options.Forest!.Sources.TryGetValue(domain.DnsName, out var source) ? source : null), null);
    }

    /// <summary>The domain that an object of the catalog is in, by a connection.</summary>
    public async Task<(AccountHome? Home, DeliveryOutcome? Obstacle)> OpenDomainOfAsync(LdapConnection catalog, string dn, CancellationToken cancellationToken)
    {
        var (domains, obstacle) = await ReadDomainsAsync(catalog, cancellationToken);
        if (domains is null) return (null, obstacle);
        return domains.Of(dn) is { } domain
            ? await OpenDomainAsync(domain, evenIfRefused: false, cancellationToken)
            : (null, new DeliveryOutcome.TargetMisconfigured($"{dn} is in none of the domains that the forest names: {domains}."));
    }

    /// <summary>Whether a domain can be asked without a bind.</summary>
    public bool IsConnected(ForestDomain domain) => SessionOf(domain).IsConnected;

    private DirectorySession SessionOf(ForestDomain domain)
    {
        lock (opening)
        {
            if (!sessions.TryGetValue(domain.DnsName, out var session)) sessions[domain.DnsName] = session = Connect(query => query with { Domain = domain.DnsName });
            return session;
        }
    }

    private DirectorySession Connect(Func<DomainControllerQuery, DomainControllerQuery> change) =>
        new(options.Directory with { Domain = change(options.Directory.Domain!) }, context.Secrets, context.Time, Account);

    private sealed record Known(ForestDomains Domains, long At);
}
