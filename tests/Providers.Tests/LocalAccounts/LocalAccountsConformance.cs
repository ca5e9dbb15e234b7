using PasswordSync.Lab;
using PasswordSync.Providers.Tests.Conformance;

namespace PasswordSync.Providers.Tests.LocalAccounts;

public sealed class LocalAccountsConformance(LabServers servers) : LookupConformance
{
    private protected override async Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) => new LocalAccountsTarget(await servers.FileServerAsync(cancellationToken));
}

public sealed class LocalAccountsNetwork(LabServers servers) : NetworkConformance
{
    private protected override async Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) => new LocalAccountsTarget(await servers.FileServerAsync(cancellationToken));
}
