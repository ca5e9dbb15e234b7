using System.Collections.Immutable;
using System.Net.Http.Json;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;

namespace PasswordSync.Capture.Uplink;

/// <summary>
/// Brings items to any node and does not give up: batches what waits, sends at once when idle, goes to the next node when one does not answer, pauses when none does,
/// and sends the same ids again until each capture has its own final answer.
/// </summary>
/// <param name="http">Speaks to nodes with the edge's certificate. The caller owns it; it has no time-out of its own.</param>
/// <param name="edge">Who the edge is.</param>
/// <param name="nodes">Where to send.</param>
/// <param name="options">Bounds and times.</param>
/// <param name="clock">The clock of time-outs and pauses.</param>
/// <param name="jitter">A number from 0 to 1, so that edges that failed together do not return together.</param>
/// <param name="logger">For trouble.</param>
public sealed partial class Uplink(HttpClient http, EdgeName edge, NodeList nodes, UplinkOptions options, TimeProvider clock, Func<double> jitter, ILogger<Uplink> logger)
{
    private readonly Channel<Waiting> queue = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(options.ItemsMax) { SingleReader = true });
    private readonly List<Waiting> again = [];
    private int failures;

    /// <summary>The version of the configuration that nodes gave last; 0 before the first answer.</summary>
    public long ConfigurationVersion { get; private set; }

    /// <summary>How many items wait for their answers.</summary>
    public int WaitingItems => queue.Reader.Count + Volatile.Read(ref underway);

    private int underway;

    /// <summary>Sends one item. Waits for room, then until a node has answered finally for all its captures.</summary>
    /// <returns>One final answer a capture: accepted, already have, or refused; never "try again".</returns>
    public async Task<ImmutableArray<CaptureAnswer>> SendAsync(IntakeItem item, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(item);
        var waiting = new Waiting(item);
        await queue.Writer.WriteAsync(waiting, cancellationToken).ConfigureAwait(false);
        return await waiting.Answered.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs until cancelled. Items without an answer then stay with whoever gave them.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var batch = await TakeAsync(cancellationToken).ConfigureAwait(false);
                Volatile.Write(ref underway, batch.Count);
                if (await SendToAnyAsync(batch, cancellationToken).ConfigureAwait(false) is { } answer) Settle(batch, answer);
                else again.AddRange(batch);
                if (again.Count > 0) await PauseAsync(cancellationToken).ConfigureAwait(false);
                else failures = 0;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way this ends.
        }
    }

    private async ValueTask<List<Waiting>> TakeAsync(CancellationToken cancellationToken)
    {
        if (again.Count == 0) await queue.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false);
        var batch = new List<Waiting>(again.Take(IntakeBatch.ItemsMax));
        again.RemoveRange(0, batch.Count);
        var bytes = batch.Sum(waiting => waiting.BytesAtMost);
        while (batch.Count < IntakeBatch.ItemsMax && queue.Reader.TryPeek(out var next))
        {
            if (batch.Count > 0 && bytes + next.BytesAtMost > IntakeBatch.BytesMax) break;
            queue.Reader.TryRead(out _);
            batch.Add(next);
            bytes += next.BytesAtMost;
        }

        return batch;
    }

    private async Task<IntakeAnswer?> SendToAnyAsync(List<Waiting> batch, CancellationToken cancellationToken)
    {
        var content = new IntakeBatch(edge.Source, edge.DomainController, edge.Version, [.. batch.Select(waiting => waiting.Item)]);
        foreach (var node in nodes.InOrder())
        {
            try
            {
                using var timeout = new CancellationTokenSource(options.RequestTimeout, clock);
                using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
                using var response = await http.PostAsJsonAsync(new Uri(node, IntakeBatch.Path), content, IntakeJson.Default.IntakeBatch, ending.Token).ConfigureAwait(false);
                if (!response.IsSuccessStatusCode)
                {
                    LogRefused(node, (int)response.StatusCode);
                    continue;
                }

                var answer = await response.Content.ReadFromJsonAsync(IntakeJson.Default.IntakeAnswer, ending.Token).ConfigureAwait(false);
                if (answer is null) continue;
                nodes.Prefer(node);
                nodes.Learn(answer.Nodes);
                ConfigurationVersion = answer.ConfigurationVersion;
                return answer;
            }
            catch (Exception failure) when (failure is HttpRequestException or JsonException or IOException || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                LogNoAnswer(node, failure is OperationCanceledException ? $"no answer within {options.RequestTimeout}" : failure.Message);
            }
        }

        return null;
    }

    private void Settle(List<Waiting> batch, IntakeAnswer answer)
    {
        var finals = answer.Captures.Where(one => one.Kind != AnswerKind.TryAgain).GroupBy(one => one.CaptureId).ToDictionary(group => group.Key, group => group.First());
        foreach (var waiting in batch)
        {
            var ids = waiting.Item.CaptureIds;
            if (ids.All(finals.ContainsKey)) waiting.Answered.TrySetResult([.. ids.Select(id => finals[id])]);
            else again.Add(waiting);
        }
    }

    private async Task PauseAsync(CancellationToken cancellationToken)
    {
        var doubled = options.BackoffMin.TotalMilliseconds * Math.Pow(2, Math.Min(failures++, 20));
        var pause = TimeSpan.FromMilliseconds(Math.Min(doubled, options.BackoffMax.TotalMilliseconds) * (1 - (0.5 * jitter())));
        LogPausing(again.Count, pause);
        await Task.Delay(pause, clock, cancellationToken).ConfigureAwait(false);
    }

    private sealed class Waiting(IntakeItem item)
    {
        // Names, scopes and the JSON around them; an envelope grows by a third in base64.
        private const int BytesWithoutEnvelopes = 8_192;

        public IntakeItem Item { get; } = item;

        public TaskCompletionSource<ImmutableArray<CaptureAnswer>> Answered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int BytesAtMost { get; } = BytesWithoutEnvelopes + item switch
        {
            ConfirmedCapture confirmed => Base64Length(confirmed.Envelope.Length),
            AmbiguousCaptures ambiguous => ambiguous.Candidates.Sum(candidate => Base64Length(candidate.Envelope.Length) + 256),
            _ => 0,
        };

        private static int Base64Length(int bytes) => (bytes + 2) / 3 * 4;
    }

    [LoggerMessage(2601, LogLevel.Warning, "{Node} did not take the batch: {Reason}")]
    private partial void LogNoAnswer(Uri node, string reason);

    [LoggerMessage(2602, LogLevel.Error, "{Node} refused the batch with status {Status}.")]
    private partial void LogRefused(Uri node, int status);

    [LoggerMessage(2603, LogLevel.Warning, "{Items} items wait for a node; the next try is in {Pause}.")]
    private partial void LogPausing(int items, TimeSpan pause);
}

/// <summary>Who an edge is.</summary>
/// <param name="Source">The source that it serves.</param>
/// <param name="DomainController">The DNS host name of its DC, in lower case.</param>
/// <param name="Version">The version that it runs.</param>
public sealed record EdgeName(SourceId Source, string DomainController, string Version);
