using PasswordSync.Core.Deliveries;
using PasswordSync.Ldap;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Matching;

namespace PasswordSync.Providers.ActiveDirectory;

/// <summary>One domain, or one instance of AD LDS: accounts are found on the controller that they are written to.</summary>
internal sealed class SingleDomain(ActiveDirectoryOptions options, ProviderContext context) : IAccountDirectory
{
    private readonly DirectorySession session = new(options.Directory, context.Secrets, context.Time, ofAccount: null);

    public async Task<(AccountHome? Home, LdapEntry? Account, DeliveryOutcome? Obstacle)> FindAsync(TargetQuery query, CancellationToken cancellationToken)
    {
        var (home, trouble) = await OpenAsync("", cancellationToken);
        if (home is null) return (null, null, trouble);
        var baseDn = options.Base ?? (await DomainFacts.ReadAsync(home.Connection, cancellationToken))?.DefaultNamingContext;
        if (baseDn is null) return (null, null, new DeliveryOutcome.TargetMisconfigured($"{home.Connection.Server} is not a domain controller."));
        var (account, obstacle) = await AccountSearch.RunAsync(
            options.Match, query, (rule, value) => AccountLookup.FindAsync(home.Connection, options.DirectoryKind, baseDn, rule, value, cancellationToken), entry => entry.Dn);
        return (home, account, obstacle);
    }

    public async Task<(AccountHome? Home, DeliveryOutcome? Obstacle)> OpenAsync(string key, CancellationToken cancellationToken)
    {
        var (connection, obstacle) = await session.ConnectAsync(evenIfRefused: false, cancellationToken);
        return connection is null ? (null, obstacle) : (new AccountHome(session, connection, options.Source), null);
    }

    public Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken) => ActiveDirectoryVerification.RunAsync(session, options, cancellationToken);

    public ValueTask DisposeAsync() => session.DisposeAsync();
}
