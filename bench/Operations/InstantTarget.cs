using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Operations.Bench;

/// <summary>Targets that find everybody and take every password at once.</summary>
internal sealed class InstantTarget : IProvider, IProviderFactory
{
    public string Kind => "instant";

    public ProviderDescription Description { get; } = new("instant", new PasswordLimits(0, 256, false, null, 0), false, false, false);

    public IProvider Create(SettingsReader settings, ProviderContext context) => new InstantTarget();

    public Task<Preparation> PrepareAsync(TargetQuery query, CancellationToken cancellationToken) =>
        Task.FromResult<Preparation>(new Preparation.Found(new TargetAccount($"{query.Account.ObjectGuid}", query.Names.SamAccountName, null), Mark: null));

    public Task<DeliveryOutcome> SetPasswordAsync(SetRequest request, Secret password, CancellationToken cancellationToken) =>
        Task.FromResult(request.Permit.Use() ?? new DeliveryOutcome.Delivered(null, null));

    public Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken) => throw new NotSupportedException("Nothing goes wrong here.");

    public Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken) => Task.FromResult(new VerificationReport([]));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
