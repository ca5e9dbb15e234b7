using PasswordSync.Providers.Tests.Conformance;

namespace PasswordSync.Providers.Tests.EntraId;

public sealed class EntraConformance : SearchingConformance
{
    private protected override async Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) =>
        await EntraConformanceTarget.OpenAsync(withCertificate: false, options => options, budget: null, cancellationToken);
}

public sealed class EntraNetwork : ThrottlingConformance
{
    private protected override async Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) =>
        await EntraConformanceTarget.OpenAsync(withCertificate: true, options => options, budget: null, cancellationToken);
}
