using System.Collections.Immutable;

namespace PasswordSync.Lab.Product;

/// <summary>What a <see cref="ProductLandscape"/> is made of.</summary>
/// <param name="Sources">Source names and their domains. Each DC gets an edge and the helper.</param>
/// <param name="Points">The sync points.</param>
public sealed record ProductLandscapeOptions(ImmutableDictionary<string, SambaDomain> Sources, ImmutableArray<LandscapePoint> Points)
{
    /// <summary>How long edges wait for a change to be committed. Short, so that refused changes are told soon.</summary>
    public TimeSpan ProofBound { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>False: the processes end with this one. True: they run until they are stopped, by whichever process.</summary>
    public bool Lasting { get; init; }
}

/// <summary>One sync point of a landscape.</summary>
/// <param name="Name">The point's name.</param>
/// <param name="Sources">The sources whose accounts get it.</param>
/// <param name="Provider">The provider's kind.</param>
/// <param name="Settings">The provider's settings.</param>
public sealed record LandscapePoint(string Name, ImmutableArray<string> Sources, string Provider, object Settings)
{
    /// <summary>Which accounts get the point: an LDAP filter.</summary>
    public string Filter { get; init; } = "(objectClass=user)";

    /// <summary>
    /// How long an attempt may take. On a busy machine a write may take long, and one that ends too late is made once more, where tests count writes. No longer than this as a rule, because a server that is
    /// told to end waits for its attempts, and is killed after 15 s.
    /// </summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>How long what failed waits before it is tried again: at first, and at most. Short, so that targets that come back are heeded soon.</summary>
    public (TimeSpan First, TimeSpan Max) RetryDelay { get; init; } = (TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(2));

    /// <summary>A domain as a target.</summary>
    /// <param name="name">The point's name.</param>
    /// <param name="sources">The sources whose accounts get it.</param>
    /// <param name="domain">The domain.</param>
    /// <param name="secrets">The folder with the secrets' files.</param>
    /// <param name="asSource">The name of the source that the domain is, if it is one.</param>
    /// <param name="carryMustChange">Whether people who must change their password at the source must do so here.</param>
    public static LandscapePoint Domain(string name, ImmutableArray<string> sources, SambaDomain domain, string secrets, string? asSource, bool carryMustChange = false) => new(name, sources, "activeDirectory", new
    {
        servers = new[] { $"{domain.First.Address}:636" },
        security = "ldaps",
        trustedRoots = new[] { domain.AuthorityFile },
        bindName = domain.AdministratorName,
        bindPassword = $"file:{Path.Combine(secrets, "domain-administrator")}",
        source = asSource,
        carryMustChange,
    });

    /// <summary>An OpenLDAP directory as a target.</summary>
    public static LandscapePoint Directory(string name, ImmutableArray<string> sources, OpenLdapServer directory, string secrets) => new(name, sources, "ldap", new
    {
        servers = new[] { $"{directory.Address}:636" },
        security = "ldaps",
        trustedRoots = new[] { directory.AuthorityFile },
        bindName = directory.SynchronisationName,
        bindPassword = $"file:{Path.Combine(secrets, "directory-synchronisation")}",
        @base = directory.UserContainer,
        filter = new[] { "(uid={sAMAccountName})" },
    });
}
