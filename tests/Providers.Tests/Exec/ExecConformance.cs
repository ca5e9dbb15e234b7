using PasswordSync.Providers.Tests.Conformance;

namespace PasswordSync.Providers.Tests.Exec;

public sealed class ExecConformance : SearchingConformance
{
    private protected override Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) => Task.FromResult<ConformanceTarget>(new ExecConformanceTarget());
}
