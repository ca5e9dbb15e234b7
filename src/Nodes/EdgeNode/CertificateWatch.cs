using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using PasswordSync.Capture.Health;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Settings;

namespace PasswordSync.EdgeNode;

/// <summary>Looks at the edge's certificates every day: takes one that was signed anew, and raises an alarm for those that end.</summary>
internal sealed partial class CertificateWatch(EdgeCertificates certificates, IAlarmSink alarms, TimeProvider clock, ILogger<CertificateWatch> logger)
{
    /// <summary>Runs until cancelled; never fails.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            Look();
            await Task.Delay(CertificateTerm.CheckInterval, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Look()
    {
        var now = clock.GetUtcNow();
        try
        {
            if (certificates.Renew(now)) LogRenewed(CertificateTerm.EndOf(certificates.Certificate));
        }
        catch (Exception failure) when (failure is SettingsException or CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            LogNotTaken(failure.Message);
        }

        var ending = certificates.FindEnding(now).Select(one => one.Sentence(now)).ToList();
        if (ending.Count > 0) alarms.Raise(new EdgeAlarm.CertificateEnds(string.Join(' ', ending)));
        else alarms.Clear<EdgeAlarm.CertificateEnds>();
    }

    [LoggerMessage(2741, LogLevel.Information, "The edge has a new certificate, valid until {End}; new connections use it from now on.")]
    private partial void LogRenewed(DateTimeOffset end);

    [LoggerMessage(2742, LogLevel.Error, "The certificate in the edge's file cannot be used, and the former one goes on: {Reason}")]
    private partial void LogNotTaken(string reason);
}
