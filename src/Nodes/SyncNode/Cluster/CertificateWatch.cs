using System.Security.Cryptography;
using PasswordSync.Actors;
using PasswordSync.Core.Ports;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Settings;

namespace PasswordSync.SyncNode.Cluster;

/// <summary>Looks at the node's certificates every day: renews its own, lets another node sign the next one or takes one that was put there, and warns of those that end.</summary>
/// <param name="credentials">The certificates.</param>
/// <param name="renew">Lets another node sign the next certificate.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">For what is done, and what is in the way.</param>
internal sealed partial class CertificateWatch(NodeCredentials credentials, Func<CancellationToken, Task> renew, TimeProvider clock, ILogger<CertificateWatch> logger)
{
    /// <summary>Runs until cancelled; never fails.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Repeating.RunAsync(
        async token =>
        {
            await LookAsync(token).ConfigureAwait(false);
            await Task.Delay(CertificateTerm.CheckInterval, clock, token).ConfigureAwait(false);
        },
        failure => LogNotRenewed(failure.Message),
        CertificateTerm.CheckInterval,
        clock,
        cancellationToken);

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await TryAsync(() => Task.FromResult(credentials.Renew(now))).ConfigureAwait(false);
        await TryAsync(async () =>
        {
            var isDue = credentials.IsRenewalDue(now);
            if (isDue) await renew(cancellationToken).ConfigureAwait(false);
            return isDue;
        }).ConfigureAwait(false);
        foreach (var ending in credentials.FindEnding(now)) LogEnds(ending.Sentence(now));
    }

    // What is in the way of one must not keep the other from being tried.
    private async Task TryAsync(Func<Task<bool>> renewed)
    {
        try
        {
            if (await renewed().ConfigureAwait(false)) LogRenewed(CertificateTerm.EndOf(credentials.Certificate));
        }
        catch (Exception failure) when (failure is SettingsException or HttpRequestException or StorageUnavailableException or CryptographicException or IOException or UnauthorizedAccessException)
        {
            LogNotRenewed(failure.Message);
        }
    }

    [LoggerMessage(4321, LogLevel.Information, "The node has a new certificate, valid until {End}; new connections use it from now on.")]
    private partial void LogRenewed(DateTimeOffset end);

    [LoggerMessage(4322, LogLevel.Error, "The node's certificate could not be renewed, and the former one goes on: {Reason}")]
    private partial void LogNotRenewed(string reason);

    [LoggerMessage(4323, LogLevel.Warning, "{Sentence}")]
    private partial void LogEnds(string sentence);
}
