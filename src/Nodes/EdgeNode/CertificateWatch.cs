using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using PasswordSync.Capture.Health;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Settings;

namespace PasswordSync.EdgeNode;

/// <summary>
/// Looks at the edge's certificates every day, and sooner after a renewal that failed: takes one that was put there, lets a node sign the next one in time, and raises an alarm for those that end.
/// </summary>
/// <param name="certificates">The certificates.</param>
/// <param name="http">Speaks to nodes with the present certificate.</param>
/// <param name="nodes">Which nodes there are to ask now.</param>
/// <param name="alarms">Hears of certificates that end.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">For what is done, and what is in the way.</param>
internal sealed partial class CertificateWatch(EdgeCertificates certificates, HttpClient http, Func<IReadOnlyCollection<Uri>> nodes, IAlarmSink alarms, TimeProvider clock, ILogger<CertificateWatch> logger)
{
    private int failures;

    /// <summary>Runs until cancelled; never fails.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (certificates.RenewedFault is { } fault) LogRenewedUnusable(fault);
        while (!cancellationToken.IsCancellationRequested)
        {
            await LookAsync(cancellationToken).ConfigureAwait(false);
            await Task.Delay(CertificateTerm.NextLook(failures), clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        try
        {
            if (certificates.TakeInstalled(now)) LogRenewed(CertificateTerm.EndOf(certificates.Certificate));
        }
        catch (Exception failure) when (failure is SettingsException or CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            LogNotTaken(failure.Message);
        }

        if (certificates.IsRenewalDue(now)) await RenewAsync(cancellationToken).ConfigureAwait(false);
        else failures = 0;

        var ending = certificates.FindEnding(now).Select(one => one.Sentence(now)).ToList();
        if (ending.Count > 0) alarms.Raise(new EdgeAlarm.CertificateEnds(string.Join(' ', ending)));
        else alarms.Clear<EdgeAlarm.CertificateEnds>();
    }

    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        try
        {
            await certificates.RenewAsync(http, nodes(), clock, cancellationToken).ConfigureAwait(false);
            failures = 0;
            LogRenewed(CertificateTerm.EndOf(certificates.Certificate));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The edge ends; the next start looks again.
        }
        catch (Exception failure) when (failure is HttpRequestException or CryptographicException or IOException or UnauthorizedAccessException)
        {
            LogNotRenewed(CertificateTerm.EndOf(certificates.Certificate), CertificateTerm.NextLook(++failures), failure.Message);
        }
    }

    [LoggerMessage(2741, LogLevel.Information, "The edge has a new certificate, valid until {End}; new connections use it from now on.")]
    private partial void LogRenewed(DateTimeOffset end);

    [LoggerMessage(2742, LogLevel.Error, "The certificate in the edge's file cannot be used, and the former one goes on: {Reason}")]
    private partial void LogNotTaken(string reason);

    [LoggerMessage(2743, LogLevel.Warning, "The edge's certificate, which ends at {End:u}, could not be renewed and goes on; the next try is in {Pause}: {Reason}")]
    private partial void LogNotRenewed(DateTimeOffset end, TimeSpan pause, string reason);

    [LoggerMessage(2744, LogLevel.Warning, "The certificate that the edge had renewed is passed over, and the configured one goes on. {Fault}")]
    private partial void LogRenewedUnusable(string fault);
}
