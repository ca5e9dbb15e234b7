using System.Net.Http.Json;
using Microsoft.Extensions.Logging;
using PasswordSync.Core.Intake;

namespace PasswordSync.Capture.Uplink;

/// <summary>Keeps the edge's configuration that of the nodes: fetches it at once, from time to time, and soon after an answer told of another version.</summary>
/// <param name="http">Speaks to nodes with the edge's certificate.</param>
/// <param name="nodes">Where to ask.</param>
/// <param name="uplink">Tells of new versions.</param>
/// <param name="onConfiguration">Takes each configuration; when it throws, the same one comes again.</param>
/// <param name="options">Times.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">For trouble.</param>
public sealed partial class ConfigurationFetcher(
    HttpClient http, NodeList nodes, Uplink uplink, Func<EdgeConfiguration, CancellationToken, ValueTask> onConfiguration, UplinkOptions options, TimeProvider clock, ILogger<ConfigurationFetcher> logger)
{
    /// <summary>How the edge stands, told with each question; null for nothing.</summary>
    public Func<EdgeReport>? Report { get; init; }

    /// <summary>The names of the alarms that stand, told with the report; null for none.</summary>
    public Func<IEnumerable<string>>? Alarms { get; init; }

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private long version;
    private DateTimeOffset nextFetch;

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var now = clock.GetUtcNow();
                if (now >= nextFetch || (uplink.ConfigurationVersion != 0 && uplink.ConfigurationVersion != version))
                {
                    var fetched = await FetchAsync(cancellationToken).ConfigureAwait(false);
                    nextFetch = now + (fetched ? options.ConfigurationInterval : LookInterval);
                }

                await Task.Delay(LookInterval, clock, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way this ends.
        }
    }

    private async Task<bool> FetchAsync(CancellationToken cancellationToken)
    {
        foreach (var node in nodes.InOrder())
        {
            try
            {
                using var timeout = new CancellationTokenSource(options.RequestTimeout, clock);
                using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
                using var question = new HttpRequestMessage(HttpMethod.Get, new Uri(node, EdgeConfiguration.Path));
                if (Report is { } report) question.Headers.TryAddWithoutValidation(EdgeReport.Header, report().ToHeader());
                if (Alarms is { } alarms && EdgeAlarms.ToHeader(alarms()) is { Length: > 0 } standing) question.Headers.TryAddWithoutValidation(EdgeAlarms.Header, standing);
                using var answer = await http.SendAsync(question, ending.Token).ConfigureAwait(false);
                answer.EnsureSuccessStatusCode();
                var configuration = await answer.Content.ReadFromJsonAsync(IntakeJson.Default.EdgeConfiguration, ending.Token).ConfigureAwait(false);
                if (configuration is null) continue;
                nodes.Learn(configuration.Nodes);
                await onConfiguration(configuration, cancellationToken).ConfigureAwait(false);
                version = configuration.Version;
                return true;
            }
#pragma warning disable CA1031 // Whatever stands at that address, and whoever takes the configuration: the next try may do better, and the edge goes on with what it has.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                // What breaks while the edge ends is no news, whatever it says: a connection that is refused just then, too.
                cancellationToken.ThrowIfCancellationRequested();
                LogNoConfiguration(node, failure.Message);
            }
        }

        return false;
    }

    [LoggerMessage(2611, LogLevel.Warning, "{Node} gave no configuration: {Reason}")]
    private partial void LogNoConfiguration(Uri node, string reason);
}
