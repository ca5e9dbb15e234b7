using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;

namespace PasswordSync.Actors.Sharding;

/// <summary>
/// Has the candidates of ambiguous rows settled, and stamps far ahead of what is known confirmed, a bounded number at once. A source that could not be asked rests, so that its rows do not keep those of
/// other sources waiting.
/// </summary>
internal sealed partial class SettlingDesk(ICandidateSettler settler, InboxPumpOptions options, TimeProvider clock, ILogger logger)
{
    private readonly Channel<ReadRow> waiting = Channel.CreateBounded<ReadRow>(options.InHandMax);
    private readonly ConcurrentDictionary<SourceId, DateTimeOffset> resting = new();

    /// <summary>Takes a row, unless too many wait.</summary>
    public bool TryTake(ReadRow row) => waiting.Writer.TryWrite(row);

    /// <summary>Runs until cancelled.</summary>
    /// <param name="settle">Takes what was found.</param>
    /// <param name="putOff">Takes a row that could not be settled now, and after how long to try again.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public Task RunAsync(Action<ReadRow, CandidateVerdict> settle, Action<ReadRow, TimeSpan> putOff, CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, options.SettlingMax).Select(_ => Task.Run(() => WorkAsync(settle, putOff, cancellationToken), CancellationToken.None)));

    private async Task WorkAsync(Action<ReadRow, CandidateVerdict> settle, Action<ReadRow, TimeSpan> putOff, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var row in waiting.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                var verdict = await AskAsync(row, cancellationToken).ConfigureAwait(false);
                if (verdict is CandidateVerdict.TryAgain again) putOff(row, again.After);
                else settle(row, verdict);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The rows stay in the inbox.
        }
    }

    private async Task<CandidateVerdict> AskAsync(ReadRow row, CancellationToken cancellationToken)
    {
        var source = row.Arrival.Account.Source;
        if (resting.TryGetValue(source, out var until) && until - clock.GetUtcNow() is var rest && rest > TimeSpan.Zero) return new CandidateVerdict.TryAgain(rest, "The source rests.");
        try
        {
            var verdict = await (row.Arrival switch
            {
                Arrival.Ambiguous ambiguous => settler.SettleAsync(ambiguous, cancellationToken),
                Arrival.Confirmed confirmed => settler.ConfirmAsync(confirmed.Change, cancellationToken),
                _ => throw new InvalidOperationException($"Internal error: nothing is to be settled about {row.Arrival.GetType().Name}."),
            }).ConfigureAwait(false);
            if (verdict is CandidateVerdict.TryAgain { IsOfSource: true } again) resting[source] = clock.GetUtcNow() + again.After;
            else resting.TryRemove(source, out _);
            return verdict;
        }
#pragma warning disable CA1031 // A settler that breaks must not lose the row: it comes again, slowly.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            // What breaks while the node ends, such as a connection that is cut just then, is no news, whatever it says.
            cancellationToken.ThrowIfCancellationRequested();
            LogSettlerFailed(row.Sequence, failure.GetType());
            return new CandidateVerdict.TryAgain(options.SettlerRetryInterval, "The settler broke.");
        }
    }

    [LoggerMessage(3202, LogLevel.Error, "Candidates of inbox row {Row} could not be settled ({ExceptionType}); they are tried again.")]
    private partial void LogSettlerFailed(long row, Type exceptionType);
}
