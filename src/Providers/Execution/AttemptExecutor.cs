using Microsoft.Extensions.Logging;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;

namespace PasswordSync.Providers.Execution;

/// <summary>Carries out recorded attempts: probes first where that is asked for, then writes, and turns whatever happens into an outcome.</summary>
public sealed partial class AttemptExecutor(TimeProvider time, ILogger<AttemptExecutor> logger)
{
    /// <summary>
    /// Carries out an attempt. Ends soon after the attempt's deadline whatever the target does, provided that the provider honours its token.
    /// </summary>
    /// <param name="provider">The target.</param>
    /// <param name="attempt">As it was recorded.</param>
    /// <param name="captureId">The change.</param>
    /// <param name="mustChangeAtNextLogon">See <see cref="SetRequest.MustChangeAtNextLogon"/>.</param>
    /// <param name="password">The new password; the caller owns it and keeps it until the task ends.</param>
    /// <param name="cancellationToken">Ends the attempt early.</param>
    /// <returns>
    /// The outcome, also after a cancellation: <see cref="DeliveryOutcome.Unknown"/> if the write may have begun, else
    /// <see cref="DeliveryOutcome.Transient"/>. Throws nothing.
    /// </returns>
    public Task<DeliveryOutcome> ExecuteAsync(
        IProvider provider, Attempt attempt, CaptureId captureId, bool mustChangeAtNextLogon, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        return ExecuteAsync(provider, attempt, WriteWindow.Until(attempt.Deadline, time), captureId, mustChangeAtNextLogon, password, cancellationToken);
    }

    /// <summary>As above, for an attempt that was recorded a while ago.</summary>
    /// <param name="window">Within which it may write, whatever clocks say: measured since before it was recorded.</param>
    public async Task<DeliveryOutcome> ExecuteAsync(
        IProvider provider, Attempt attempt, WriteWindow window, CaptureId captureId, bool mustChangeAtNextLogon, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(provider);
        ArgumentNullException.ThrowIfNull(attempt);
        ArgumentNullException.ThrowIfNull(password);
        var permit = new WritePermit(attempt.Deadline, window, time);
        var outcome = await CarryOutAsync(provider, attempt, permit, captureId, mustChangeAtNextLogon, password, cancellationToken);
        return permit.Server is { } server ? outcome with { Server = server } : outcome;
    }

    private async Task<DeliveryOutcome> CarryOutAsync(
        IProvider provider, Attempt attempt, WritePermit permit, CaptureId captureId, bool mustChangeAtNextLogon, Secret password, CancellationToken cancellationToken)
    {
        try
        {
            if (permit.Remaining == TimeSpan.Zero) return new DeliveryOutcome.Transient("The attempt's deadline had passed before it began; nothing was written.");
            using var atDeadline = new CancellationTokenSource(permit.Remaining, time);
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, atDeadline.Token);
            if (attempt.ProbeFirst
                && await ProbeAsync(provider, new ProbeRequest(attempt.Target, attempt.Kind, attempt.ProbeAgainst) { CaptureId = captureId }, password, permit.Remaining / 2, ending.Token) is ProbeVerdict.Present present)
            {
                return new DeliveryOutcome.AlreadyThere(present.Mark, present.WrittenStamp);
            }

            ending.Token.ThrowIfCancellationRequested();
            return await provider.SetPasswordAsync(new SetRequest(attempt.Target, attempt.Baseline, captureId, mustChangeAtNextLogon, permit), password, ending.Token);
        }
        catch (OperationCanceledException)
        {
            var cause = cancellationToken.IsCancellationRequested ? "The attempt was cancelled" : "The attempt's deadline passed";
            return permit.IsUsed
                ? new DeliveryOutcome.Unknown($"{cause} after the password may have been sent and before the target answered.")
                : new DeliveryOutcome.Transient($"{cause} before the password was sent.");
        }
#pragma warning disable CA1031 // A provider may be anyone's code: its fault must end as the outcome of this one attempt and nowhere else.
        catch (Exception e)
#pragma warning restore CA1031
        {
            // The message is left out: it may hold what the target said, and nobody has redacted it.
            LogProviderFault(provider.Description.Kind, e.GetType().FullName, attempt.AttemptId, permit.IsUsed, e.StackTrace);
            return permit.IsUsed
                ? new DeliveryOutcome.Unknown($"The provider failed with {e.GetType().Name} after the password may have been sent.")
                : new DeliveryOutcome.Transient($"The provider failed with {e.GetType().Name} before the password was sent.");
        }
    }

    /// <summary>Half of the attempt's time at most, so that a target that answers slowly is still written to.</summary>
    private async Task<ProbeVerdict> ProbeAsync(
        IProvider provider, ProbeRequest request, Secret password, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var atTimeout = new CancellationTokenSource(timeout, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, atTimeout.Token);
        try
        {
            return await provider.ProbeAsync(request, password, ending.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ProbeVerdict.Inconclusive("The target did not answer the probe within half of the attempt's time.");
        }
#pragma warning disable CA1031 // As above; a probe that failed tells nothing, and writing again is then the safe thing to do.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            LogProbeFault(provider.Description.Kind, e.GetType().FullName, e.StackTrace);
            return new ProbeVerdict.Inconclusive($"The provider failed with {e.GetType().Name}.");
        }
    }
}
