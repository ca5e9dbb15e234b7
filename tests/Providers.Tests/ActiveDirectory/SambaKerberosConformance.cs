using PasswordSync.Lab;
using PasswordSync.Providers.Tests.Conformance;

namespace PasswordSync.Providers.Tests.ActiveDirectory;

/// <summary>Over a connection without TLS that Kerberos seals.</summary>
public sealed class SambaKerberosConformance(LabServers servers) : SettingConformance
{
    private protected override async Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken)
    {
        var domain = await servers.DomainAsync(KerberosDomain.Options, cancellationToken);
        return await SambaConformanceTarget.WithKerberosAsync(domain, cancellationToken);
    }
}
