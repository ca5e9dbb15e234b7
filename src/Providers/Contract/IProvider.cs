using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;

namespace PasswordSync.Providers.Contract;

/// <summary>
/// One configured target: finds accounts in it, sets passwords and, where the target allows it, tells whether a password is there. Safe for
/// concurrent calls; the caller bounds them.
/// </summary>
/// <remarks>
/// Expected failures are values. An <see cref="OperationCanceledException"/> leaves a method only for the caller's own token; every other
/// exception is a fault of the provider, which <see cref="Execution.AttemptExecutor"/> turns into an outcome. No text that leaves a provider
/// holds a password in any encoding (<see cref="Redaction.Redactor"/>).
/// </remarks>
public interface IProvider : IAsyncDisposable
{
    /// <summary>What this provider can do with its settings. Needs no connection; the same for the provider's whole life.</summary>
    ProviderDescription Description { get; }

    /// <summary>Finds the account in the target and reads its mark. Changes nothing.</summary>
    Task<Preparation> PrepareAsync(TargetQuery query, CancellationToken cancellationToken);

    /// <summary>
    /// Sets the password. Calls <see cref="WritePermit.Use"/> as the last step before anything is written, and returns what it answers if that
    /// is a refusal.
    /// </summary>
    /// <returns>
    /// <see cref="DeliveryOutcome.Transient"/> only if the target certainly did not do it; <see cref="DeliveryOutcome.Unknown"/> whenever
    /// something may have been sent and no answer came.
    /// </returns>
    Task<DeliveryOutcome> SetPasswordAsync(SetRequest request, Secret password, CancellationToken cancellationToken);

    /// <summary>
    /// Tells whether the target has the password, by its mark and at most one sign-in with the password. Changes nothing but what the target
    /// itself counts for a failed sign-in, and makes none where that could lock the account.
    /// </summary>
    Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken);

    /// <summary>Checks the settings against the target: reachability, certificate, credentials, rights. Changes nothing.</summary>
    Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken);
}
