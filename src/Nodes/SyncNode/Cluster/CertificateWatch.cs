using System.Security.Cryptography;
using PasswordSync.Actors;
using PasswordSync.Core.Ports;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Settings;

namespace PasswordSync.SyncNode.Cluster;

/// <summary>
/// Looks at the node's certificates every day, and sooner after what failed: renews its own, lets another node sign the next one or takes one that was put there, and warns of those that end.
/// </summary>
/// <param name="credentials">The certificates.</param>
/// <param name="renew">Lets another node sign the next certificate.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">For what is done, and what is in the way.</param>
internal sealed partial class CertificateWatch(NodeCredentials credentials, Func<CancellationToken, Task> renew, TimeProvider clock, ILogger<CertificateWatch> logger)
{
    private int failures;

    /// <summary>Runs until cancelled; never fails.</summary>
    public Task RunAsync(CancellationToken cancellationToken)
    {
        if (credentials.RenewedFault is { } fault) LogRenewedUnusable(fault);
        return Repeating.RunAsync(
            async token =>
            {
                await LookAsync(token).ConfigureAwait(false);
                await Task.Delay(CertificateTerm.NextLook(failures), clock, token).ConfigureAwait(false);
            },
            failure => LogNotRenewed(CertificateTerm.CheckInterval, failure.Message),
            CertificateTerm.CheckInterval,
            clock,
            cancellationToken);
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var pause = CertificateTerm.NextLook(failures + 1);
        var own = await TryAsync(() => Task.FromResult(credentials.Renew(now)), pause).ConfigureAwait(false);
        var signed = await TryAsync(async () =>
        {
            var isDue = credentials.IsRenewalDue(now);
            if (isDue) await renew(cancellationToken).ConfigureAwait(false);
            return isDue;
        }, pause).ConfigureAwait(false);
        failures = own && signed ? 0 : failures + 1;
        foreach (var ending in credentials.FindEnding(now)) LogEnds(ending.Sentence(now));
    }

    // What is in the way of one must not keep the other from being tried.
    private async Task<bool> TryAsync(Func<Task<bool>> renewed, TimeSpan pause)
    {
        try
        {
            if (await renewed().ConfigureAwait(false)) LogRenewed(CertificateTerm.EndOf(credentials.Certificate));
            return true;
        }
        catch (Exception failure) when (failure is SettingsException or HttpRequestException or StorageUnavailableException or CryptographicException or IOException or UnauthorizedAccessException)
        {
            LogNotRenewed(pause, failure.Message);
            return false;
        }
    }

    [LoggerMessage(4321, LogLevel.Information, "The node has a new certificate, valid until {End}; new connections use it from now on.")]
    private partial void LogRenewed(DateTimeOffset end);

    [LoggerMessage(4322, LogLevel.Error, "The node's certificate could not be renewed, and the former one goes on; the next try is in {Pause}: {Reason}")]
    private partial void LogNotRenewed(TimeSpan pause, string reason);

    [LoggerMessage(4323, LogLevel.Warning, "{Sentence}")]
    private partial void LogEnds(string sentence);

    [LoggerMessage(4326, LogLevel.Warning, "The certificate that the node had renewed is passed over, and the configured one goes on. {Fault}")]
    private partial void LogRenewedUnusable(string fault);
}
