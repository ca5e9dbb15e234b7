using System.Collections.Immutable;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using PasswordSync.Capture.Health;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;

namespace PasswordSync.Capture.Uplink;

/// <summary>
/// Brings items to any node and does not give up: batches what waits, sends at once when idle, goes to the next node when one does not answer, pauses when none does,
/// and sends the same ids again until each capture has its own final answer. An item that no node takes does not hold up the others.
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
    private readonly NodeExchange exchange = new(http, edge, nodes, options, clock, logger);
    private readonly UplinkQueue queue = new(clock);

    // One ticket for each item: a bounded channel serves as the count that senders wait for.
    private readonly Channel<bool> tickets = Channel.CreateBounded<bool>(options.ItemsMax);
    private int failures;

    /// <summary>Where items are told of that the nodes do not take, and a refusal of the edge itself; null for the log alone.</summary>
    public IAlarmSink? Alarms { get; init; }

    /// <summary>The version of the configuration that nodes gave last; 0 before the first answer.</summary>
    public long ConfigurationVersion => exchange.ConfigurationVersion;

    /// <summary>How many items wait for their answers.</summary>
    public int WaitingItems => tickets.Reader.Count;

    /// <summary>Sends one item. Waits for room, then until a node has answered finally for all its captures.</summary>
    /// <returns>One final answer a capture: accepted, already have, or refused; never "try again".</returns>
    public async Task<ImmutableArray<CaptureAnswer>> SendAsync(IntakeItem item, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(item);
        await tickets.Writer.WriteAsync(true, cancellationToken).ConfigureAwait(false);
        var waiting = new WaitingItem(item);
        try
        {
            queue.Add(waiting);
            return await waiting.Answered.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // Whoever gave up must not have it sent any more, nor hold a place.
            waiting.GiveUp();
            tickets.Reader.TryRead(out _);
        }
    }

    /// <summary>Runs until cancelled. Items without an answer then stay with whoever gave them.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var batch = await queue.TakeAsync(cancellationToken).ConfigureAwait(false);
                var round = new Round();
                await SendAsync(batch, round, cancellationToken).ConfigureAwait(false);
                if (await EndAsync(round, cancellationToken).ConfigureAwait(false)) failures = 0;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way this ends.
        }
    }

    // A batch that is refused as a whole is halved until it shows which item the nodes do not take.
    private async Task SendAsync(List<WaitingItem> batch, Round round, CancellationToken cancellationToken)
    {
        if (round.IsOver)
        {
            round.Left.AddRange(batch);
            return;
        }

        switch (await exchange.SendAsync(batch, cancellationToken).ConfigureAwait(false))
        {
            case Exchanged.Answered { Answer: var answer }:
                round.HasAnswer = true;
                Settle(batch, answer);
                break;
            case Exchanged.Refused when batch.Count > 1:
                var half = batch.Count / 2;
                await SendAsync(batch[..half], round, cancellationToken).ConfigureAwait(false);
                await SendAsync(batch[half..], round, cancellationToken).ConfigureAwait(false);
                break;
            case Exchanged.Refused { Reason: var reason }:
                round.Refused.Add((batch[0], reason));
                break;
            case Exchanged.NotAnswered { IsRefusalOfEdge: var isRefusal, Reason: var reason }:
                if (isRefusal) Alarms?.Raise(new EdgeAlarm.NoNodeAnswers(WaitingItems, reason));
                round.HasFailed = true;
                round.Left.AddRange(batch);
                break;
        }
    }

    /// <summary>Puts back what the round did not settle. False if no node did anything: then nothing is sent for a while.</summary>
    private async Task<bool> EndAsync(Round round, CancellationToken cancellationToken)
    {
        foreach (var (item, reason) in round.Refused)
        {
            // Where the nodes take other items, it is this one that they do not take: from now on it travels alone.
            if (round.HasAnswer) item.TravelsAlone = true;
            TryAgain(item, reason);
        }

        foreach (var item in round.Left) queue.AddAgain(item, clock.GetUtcNow());
        if (round.HasAnswer && !round.HasFailed) return true;
        if (!round.HasFailed && round.Refused.Count == 1) return true;
        var pause = Backoff(failures++);
        LogPausing(WaitingItems, pause);
        await Task.Delay(pause, clock, cancellationToken).ConfigureAwait(false);
        return false;
    }

    private void Settle(List<WaitingItem> batch, IntakeAnswer answer)
    {
        var finals = answer.Captures.Where(one => one.Kind != AnswerKind.TryAgain).GroupBy(one => one.CaptureId).ToDictionary(group => group.Key, group => group.First());
        foreach (var waiting in batch)
        {
            var ids = waiting.Item.CaptureIds;
            if (ids.All(finals.ContainsKey)) waiting.Settle([.. ids.Select(id => finals[id])]);
            else TryAgain(waiting, answer.Captures.FirstOrDefault(one => ids.Contains(one.CaptureId))?.Detail ?? "a node answered without a word about it.");
        }
    }

    private void TryAgain(WaitingItem item, string reason)
    {
        item.Tries++;
        var pause = Backoff(item.Tries - 1);
        queue.AddAgain(item, clock.GetUtcNow() + pause);
        LogTryAgain($"{item.Item.CaptureIds[0]}", pause, reason);
        if (item.Tries == options.TriesBeforeAlarm) Alarms?.Raise(new EdgeAlarm.CaptureNotTaken(item.Item.CaptureIds[0], reason));
    }

    private TimeSpan Backoff(int before)
    {
        var doubled = options.BackoffMin.TotalMilliseconds * Math.Pow(2, Math.Min(before, 20));
        return TimeSpan.FromMilliseconds(Math.Min(doubled, options.BackoffMax.TotalMilliseconds) * (1 - (0.5 * jitter())));
    }

    /// <summary>What came of one batch and its parts.</summary>
    private sealed class Round
    {
        /// <summary>So many refused items, and none taken, say that the nodes are in trouble rather than the items.</summary>
        private const int RefusedMax = 8;

        public bool HasAnswer { get; set; }

        public bool HasFailed { get; set; }

        public List<(WaitingItem Item, string Reason)> Refused { get; } = [];

        public List<WaitingItem> Left { get; } = [];

        public bool IsOver => HasFailed || (!HasAnswer && Refused.Count >= RefusedMax);
    }

    [LoggerMessage(2603, LogLevel.Warning, "{Items} items wait for a node; the next try is in {Pause}.")]
    private partial void LogPausing(int items, TimeSpan pause);

    [LoggerMessage(2604, LogLevel.Warning, "Capture {CaptureId} is not taken yet; it is sent again in {Pause}: {Reason}")]
    private partial void LogTryAgain(string captureId, TimeSpan pause, string reason);
}

/// <summary>Who an edge is.</summary>
/// <param name="Source">The source that it serves.</param>
/// <param name="DomainController">The DNS host name of its DC, in lower case.</param>
/// <param name="Version">The version that it runs.</param>
public sealed record EdgeName(SourceId Source, string DomainController, string Version);
