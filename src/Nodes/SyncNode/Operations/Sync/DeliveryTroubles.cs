using System.Collections.Immutable;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Ports;
using PasswordSync.Journal;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary>
/// Deliveries that are parked, fail or never arrived, as rows of <see cref="Troubles"/>: one of each for each sync point, with the reason that most of them have. The store counts them all;
/// the reasons are those of some.
/// </summary>
/// <param name="store">Where they are counted.</param>
/// <param name="isConfigured">Whether a sync point is configured: what one has that is not any more needs another remedy.</param>
internal sealed class DeliveryTroubles(IStore store, Func<SyncPointId, bool> isConfigured)
{
    /// <summary>Of how many deliveries of a point the reasons are compared, the oldest first.</summary>
    public const int ReasonsMax = 50;

    /// <summary>The rows, those of most people first.</summary>
    public async Task<IEnumerable<ImmutableArray<object?>>> FindAsync(CancellationToken cancellationToken)
    {
        var queries = store.Operations.Queries;
        var found = new List<Trouble>();
        foreach (var stuck in await queries.CountParkedAsync(cancellationToken).ConfigureAwait(false))
        {
            var some = await queries.ListParkedAsync(stuck.Point, ReasonsMax, cancellationToken).ConfigureAwait(false);
            found.Add(new Trouble($"{stuck.Point}: parked", stuck, ReasonOfMost(await ReasonsAsync(some, cancellationToken).ConfigureAwait(false)), $"pbm sync parked list -p {stuck.Point}"));
        }

        foreach (var stuck in await queries.CountFailingAsync(cancellationToken).ConfigureAwait(false))
        {
            var some = await queries.ListFailingAsync(stuck.Point, ReasonsMax, cancellationToken).ConfigureAwait(false);
            found.Add(new Trouble($"{stuck.Point}: failing", stuck, ReasonOfMost(await ReasonsAsync(some, cancellationToken).ConfigureAwait(false)), isConfigured(stuck.Point) ? $"pbm sync point verify {stuck.Point}" : $"'{stuck.Point}' is not configured any more: it expires by itself"));
        }

        // What a point missed that is not configured any more, nobody misses.
        foreach (var stuck in await queries.CountMissedAsync(cancellationToken).ConfigureAwait(false))
        {
            if (!isConfigured(stuck.Point)) continue;
            var some = await queries.ListMissedAsync(stuck.Point, ReasonsMax, cancellationToken).ConfigureAwait(false);
            var reasons = await ReasonsAsync(some, cancellationToken).ConfigureAwait(false);

            // Of an upgrade there may be rows of those who have changed since, at a node that did not know these rows: as far as they were looked at, they are not counted.
            var left = stuck.Deliveries - reasons.Count(reason => reason is null);
            if (left > 0) found.Add(new Trouble($"{stuck.Point}: missed", stuck with { Deliveries = left }, ReasonOfMost(reasons), $"pbm sync missed list -p {stuck.Point}"));
        }

        return found.OrderByDescending(trouble => trouble.Deliveries.Deliveries).Select(trouble => Column.Row(trouble.What, trouble.Deliveries.Deliveries, trouble.Deliveries.Since, trouble.Reason, trouble.Remedy));
    }

    // Two reasons that differ only in the person's name are one trouble with an example.
    private static string? ReasonOfMost(IEnumerable<string?> reasons) => reasons.OfType<string>().CountBy(reason => reason).DefaultIfEmpty().MaxBy(entry => entry.Value).Key;

    // One that is being tried just now has none.
    private async Task<List<string?>> ReasonsAsync(ImmutableArray<StuckDelivery> some, CancellationToken cancellationToken)
    {
        var states = await OperationServices.LoadAsync(store.Journal, some.Select(row => row.Identity), cancellationToken).ConfigureAwait(false);
        return [.. some.Zip(states, (row, loaded) => loaded.UnreadableBecause ?? loaded.State!.Points.GetValueOrDefault(row.Point) switch
        {
            PointState.Parked parked => parked.Explanation,
            PointState.Waiting waiting => waiting.LastFailure,
            PointState.Idle { IsMissed: true, Last: { } last } => last.Reason ?? Stories.WordOf(last.End),
            _ => null,
        })];
    }

    private sealed record Trouble(string What, StuckDeliveries Deliveries, string? Reason, string Remedy);
}
