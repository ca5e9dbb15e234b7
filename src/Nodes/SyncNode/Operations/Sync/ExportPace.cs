using PasswordSync.Core.Ports;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary>
/// Lets an export give way to people's changes: while any node journals something, the reading rests after each page and so takes a small part of the time; on a quiet cluster it goes as fast as it can.
/// </summary>
/// <param name="queries">Tells whether anything new was journalled, by whichever node.</param>
/// <param name="clock">Measures the pages and the rests.</param>
internal sealed class ExportPace(IOperationsQueries queries, TimeProvider clock)
{
    /// <summary>How many times as long as a page took the reading rests after it: with one part in twenty, an export costs the intake less than a tenth even where reading, writing out and intake share the processors.</summary>
    private const int RestsForWork = 19;

    /// <summary>The longest rest, also where a page took long because whoever reads the export is slow.</summary>
    private static readonly TimeSpan RestMax = TimeSpan.FromSeconds(1);

    private long began = clock.GetTimestamp();
    private long? lastEvent;

    /// <summary>To be called after each page; returns when the next one may be read.</summary>
    public async ValueTask AfterPageAsync(CancellationToken cancellationToken)
    {
        var newest = (await queries.CountAsync(max: 0, cancellationToken).ConfigureAwait(false)).LastEvent;
        var isBusy = newest > lastEvent;
        lastEvent = newest;
        if (isBusy)
        {
            var rest = clock.GetElapsedTime(began) * RestsForWork;
            await Task.Delay(rest < RestMax ? rest : RestMax, clock, cancellationToken).ConfigureAwait(false);
        }

        began = clock.GetTimestamp();
    }
}
