using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;

namespace PasswordSync.Providers.Tests.Support;

/// <summary>A provider whose every answer the test gives.</summary>
internal sealed class StubProvider : IProvider
{
    public Func<TargetQuery, CancellationToken, Task<Preparation>> OnPrepare { get; set; } = (_, _) => throw new NotSupportedException("prepare");

    public Func<SetRequest, Secret, CancellationToken, Task<DeliveryOutcome>> OnSet { get; set; } = (_, _, _) => throw new NotSupportedException("set");

    public Func<ProbeRequest, Secret, CancellationToken, Task<ProbeVerdict>> OnProbe { get; set; } = (_, _, _) => throw new NotSupportedException("probe");

    public Func<CancellationToken, Task<VerificationReport>> OnVerify { get; set; } = _ => throw new NotSupportedException("verify");

    public bool IsDisposed { get; private set; }

    public ProviderDescription Description { get; } =
        new("stub", new PasswordLimits(0, 256, NeedsWellFormedText: false, AllowedCharacters: null, HistoryLength: null), false, false, false);

    public Task<Preparation> PrepareAsync(TargetQuery query, CancellationToken cancellationToken) => OnPrepare(query, cancellationToken);

    public Task<DeliveryOutcome> SetPasswordAsync(SetRequest request, Secret password, CancellationToken cancellationToken) => OnSet(request, password, cancellationToken);

    public Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken) => OnProbe(request, password, cancellationToken);

    public Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken) => OnVerify(cancellationToken);

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }
}
