using System.Collections.Immutable;
using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;
using PasswordSync.SyncNode.Deliveries;
using PasswordSync.SyncNode.Settings;
using PasswordSync.SyncNode.Sources;

namespace PasswordSync.SyncNode;

/// <summary>
/// Verifies every sync point once, beside everything else, when the node starts: what is wrong with a target's settings is told before the first
/// password meets it. Changes nothing at the target; what waits for a point that turns out to work is tried.
/// </summary>
internal sealed partial class PointVerification(ImmutableDictionary<PointSettings, IProvider> providers, PolicyChecks policies, PointMending mending, ILogger<PointVerification> logger)
{
    /// <summary>Ends when all points are verified, or when cancelled. Never fails: a target in trouble is only told of.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(providers.Select(entry => VerifyAsync(entry.Key.Name, entry.Value, cancellationToken)));

    private async Task VerifyAsync(string point, IProvider provider, CancellationToken cancellationToken)
    {
        await Task.Yield();
        try
        {
            var report = await provider.VerifyAsync(cancellationToken).ConfigureAwait(false);
            foreach (var check in report.Checks.Where(check => check.Result == VerificationResult.Failed)) LogFailed(point, check.Name, check.Finding, check.Remedy);
            LogWarnings(point, report.Checks);
            if (!report.IsGood) return;
            LogGood(point, string.Join(", ", report.Checks.Where(check => check.Result == VerificationResult.Passed).Select(check => check.Name)));
            mending.Verified(new SyncPointId(point), provider);
            LogWarnings(point, await policies.RunAsync(point, provider, report, cancellationToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The node stops.
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // A fault of the provider; deliveries will tell more.
            LogBroken(point, failure.GetType().Name);
        }
    }

    private void LogWarnings(string point, ImmutableArray<VerificationCheck> checks)
    {
        foreach (var check in checks.Where(check => check.Result == VerificationResult.Warned)) LogWarned(point, check.Name, check.Finding, check.Remedy);
    }

    [LoggerMessage(4701, LogLevel.Information, "{Point} is verified: {Checks}.")]
    private partial void LogGood(string point, string checks);

    [LoggerMessage(4702, LogLevel.Error, "{Point}: the check of {Check} failed: {Finding} {Remedy}")]
    private partial void LogFailed(string point, string check, string finding, string? remedy);

    [LoggerMessage(4703, LogLevel.Error, "{Point} could not be verified ({Failure}).")]
    private partial void LogBroken(string point, string failure);

    [LoggerMessage(4704, LogLevel.Warning, "{Point}: the check of {Check} warns: {Finding} {Remedy}")]
    private partial void LogWarned(string point, string check, string finding, string? remedy);
}
