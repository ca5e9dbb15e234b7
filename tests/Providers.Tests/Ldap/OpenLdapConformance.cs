using PasswordSync.Lab;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Tests.Conformance;

namespace PasswordSync.Providers.Tests.Ldap;

public sealed class OpenLdapConformance(LabServers servers) : SearchingConformance
{
    private protected override async Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) =>
        new OpenLdapConformanceTarget(await servers.DirectoryAsync(OpenLdapConformanceTarget.Kind, cancellationToken), DirectorySecurity.Ldaps);
}

public sealed class OpenLdapStartTlsConformance(LabServers servers) : SettingConformance
{
    private protected override async Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) =>
        new OpenLdapConformanceTarget(await servers.DirectoryAsync(OpenLdapConformanceTarget.Kind, cancellationToken), DirectorySecurity.StartTls);
}

public sealed class OpenLdapNetwork(LabServers servers) : TlsConformance
{
    private protected override async Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) =>
        new OpenLdapConformanceTarget(await servers.DirectoryAsync(OpenLdapConformanceTarget.Kind, cancellationToken), DirectorySecurity.Ldaps);
}
