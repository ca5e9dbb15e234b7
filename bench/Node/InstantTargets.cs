using PasswordSync.Actors;
using PasswordSync.Actors.Delivering;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;

namespace PasswordSync.Node.Bench;

/// <summary>Takes deliveries without opening their secrets: the attempt is recorded and ends at once, but not before a time has come.</summary>
internal sealed class SealedDeliverer(SyncPointId point, IIdentities identities, Func<Task> until) : IDeliverer
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    public async Task<PointRest?> DeliverAsync(IdentityId identity, Offer offer, CancellationToken cancellationToken)
    {
        await until().WaitAsync(cancellationToken);
        var (attemptId, target) = (Guid.NewGuid(), new TargetAccount(identity.ToString(), "ada", null));
        var decision = await identities.DecideAsync(
            identity, now => new IdentityCommand.BeginAttempt(now, point, offer.Change.CaptureId, attemptId, now + Timeout, target, null), cancellationToken);
        if (decision.Events.IsEmpty) return null;
        await identities.DecideAsync(identity, now => new IdentityCommand.FinishAttempt(now, point, attemptId, new DeliveryOutcome.Delivered(null, null), 0), cancellationToken);
        return null;
    }
}

/// <summary>A target that finds everybody and takes every password at once.</summary>
internal sealed class InstantProvider : IProvider
{
    public ProviderDescription Description { get; } = new("instant", new PasswordLimits(0, 256, false, null, 0), false, false, false);

    public Task<Preparation> PrepareAsync(TargetQuery query, CancellationToken cancellationToken) =>
        Task.FromResult<Preparation>(new Preparation.Found(new TargetAccount(query.Account.ObjectGuid.ToString(), "ada", null), Mark: null));

    public Task<DeliveryOutcome> SetPasswordAsync(SetRequest request, Secret password, CancellationToken cancellationToken) =>
        Task.FromResult(request.Permit.Use() ?? new DeliveryOutcome.Delivered(null, null));

    public Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken) => throw new NotSupportedException("Nothing goes wrong here.");

    public Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken) => throw new NotSupportedException("Nothing is to be verified here.");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
