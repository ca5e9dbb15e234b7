using PasswordSync.Actors;
using PasswordSync.Hosting.Certificates;

namespace PasswordSync.SyncNode.Cluster;

/// <summary>Looks at the node's certificates every day: renews its own, or takes one that was signed anew, and warns of those that end.</summary>
internal sealed partial class CertificateWatch(NodeCredentials credentials, TimeProvider clock, ILogger<CertificateWatch> logger)
{
    /// <summary>Runs until cancelled; never fails.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Repeating.RunAsync(
        async token =>
        {
            Look();
            await Task.Delay(CertificateTerm.CheckInterval, clock, token).ConfigureAwait(false);
        },
        failure => LogNotRenewed(failure.Message),
        CertificateTerm.CheckInterval,
        clock,
        cancellationToken);

    private void Look()
    {
        var now = clock.GetUtcNow();
        try
        {
            if (credentials.Renew(now)) LogRenewed(CertificateTerm.EndOf(credentials.Certificate));
        }
        finally
        {
            foreach (var ending in credentials.FindEnding(now)) LogEnds(ending.Sentence(now));
        }
    }

    [LoggerMessage(4321, LogLevel.Information, "The node has a new certificate, valid until {End}; new connections use it from now on.")]
    private partial void LogRenewed(DateTimeOffset end);

    [LoggerMessage(4322, LogLevel.Error, "The node's certificate could not be renewed, and the former one goes on: {Reason}")]
    private partial void LogNotRenewed(string reason);

    [LoggerMessage(4323, LogLevel.Warning, "{Sentence}")]
    private partial void LogEnds(string sentence);
}
