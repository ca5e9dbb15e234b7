using PasswordSync.Lab;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Tests.Conformance;

namespace PasswordSync.Providers.Tests.ActiveDirectory;

public sealed class SambaConformance(LabServers servers) : SearchingConformance
{
    private protected override async Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) =>
        new SambaConformanceTarget(await servers.DomainAsync(new SambaDomainOptions(), cancellationToken), DirectorySecurity.Ldaps);
}

public sealed class SambaStartTlsConformance(LabServers servers) : SettingConformance
{
    private protected override async Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) =>
        new SambaConformanceTarget(await servers.DomainAsync(new SambaDomainOptions(), cancellationToken), DirectorySecurity.StartTls);
}

public sealed class SambaNetwork(LabServers servers) : TlsConformance
{
    private protected override async Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) =>
        new SambaConformanceTarget(await servers.DomainAsync(new SambaDomainOptions(), cancellationToken), DirectorySecurity.Ldaps);
}
