using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Ldap;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Directories;

namespace PasswordSync.Providers.ActiveDirectory;

/// <summary>Where accounts are found and written: one domain, one instance of AD LDS, or the domains of a forest. Thread-safe.</summary>
internal interface IAccountDirectory : IAsyncDisposable
{
    /// <summary>Finds the account by the rules, and reads it where it lives.</summary>
    /// <exception cref="LdapException">A request that only reads failed.</exception>
    Task<(AccountHome? Home, LdapEntry? Account, DeliveryOutcome? Obstacle)> FindAsync(TargetQuery query, CancellationToken cancellationToken);

    /// <summary>Where the account with this objectGUID lives, which need not exist any more.</summary>
    /// <exception cref="LdapException">A request that only reads failed.</exception>
    Task<(AccountHome? Home, DeliveryOutcome? Obstacle)> OpenAsync(string key, CancellationToken cancellationToken);

    /// <summary>Checks the settings. Changes nothing.</summary>
    Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken);
}

/// <summary>A domain, by a connection to one of its controllers.</summary>
/// <param name="Session">Whose connection it is.</param>
/// <param name="Connection">Belongs to the session.</param>
/// <param name="Source">The name of the source that the domain is as well; null if it is none.</param>
internal sealed record AccountHome(DirectorySession Session, LdapConnection Connection, SourceId? Source);
