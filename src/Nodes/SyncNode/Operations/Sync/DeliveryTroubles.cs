using System.Collections.Immutable;
using System.Globalization;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Journal;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary>
/// Deliveries that are parked or fail, as rows of <see cref="Troubles"/>: one for each sync point, with the reason that most of them have. The store counts all that is
/// parked. What fails is found by looking at people, up to a bound; if there are more, a row says so.
/// </summary>
internal sealed class DeliveryTroubles(IStore store)
{
    /// <summary>At how many people with something to do it is looked, the earliest due first.</summary>
    public const int PeopleMax = 1_000;

    /// <summary>Of how many parked deliveries of a point the reasons are compared, the longest parked first.</summary>
    public const int ReasonsMax = 50;

    /// <param name="pending">How many people have something to do.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IEnumerable<ImmutableArray<object?>>> FindAsync(long pending, CancellationToken cancellationToken)
    {
        var found = new List<Trouble>();
        found.AddRange(await FindParkedAsync(cancellationToken).ConfigureAwait(false));
        found.AddRange(await FindFailingAsync(cancellationToken).ConfigureAwait(false));
        var rows = found.OrderByDescending(trouble => trouble.People).Select(trouble => Column.Row(trouble.What, trouble.People, trouble.Since, trouble.Reason, trouble.Remedy));
        return pending <= PeopleMax ? rows : rows.Append(Column.Row(
            "not looked at", pending - PeopleMax, null,
            string.Create(CultureInfo.InvariantCulture, $"of {pending} people with something to do only the {PeopleMax} that are due first were looked at; what is parked is counted in full"),
            "pbm sync queue"));
    }

    private async Task<List<Trouble>> FindParkedAsync(CancellationToken cancellationToken)
    {
        var queries = store.Operations.Queries;
        var found = new List<Trouble>();
        foreach (var (point, deliveries, since) in await queries.CountParkedAsync(cancellationToken).ConfigureAwait(false))
        {
            var some = await queries.ListParkedAsync(point, ReasonsMax, cancellationToken).ConfigureAwait(false);
            var states = await OperationServices.LoadAsync(store.Journal, some.Select(row => row.Identity), cancellationToken).ConfigureAwait(false);
            var reasons = states.Select(state => state.Points.GetValueOrDefault(point)).OfType<PointState.Parked>().Select(parked => parked.Explanation);
            found.Add(new Trouble($"{point}: parked", deliveries, since, MostOf(reasons), $"pbm sync parked list -p {point}"));
        }

        return found;
    }

    private async Task<IEnumerable<Trouble>> FindFailingAsync(CancellationToken cancellationToken)
    {
        var failing = new List<(SyncPointId Point, string Reason, DateTimeOffset Since)>();
        var pending = await store.Operations.Queries.ListPendingAsync(after: null, PeopleMax, cancellationToken).ConfigureAwait(false);
        foreach (var state in await OperationServices.LoadAsync(store.Journal, pending.Select(one => one.Identity), cancellationToken).ConfigureAwait(false))
        {
            failing.AddRange(from entry in state.Points where entry.Value is PointState.Waiting { LastFailure: not null } let waiting = (PointState.Waiting)entry.Value select (entry.Key, waiting.LastFailure, waiting.Delivery.Change.Stages.CapturedAt));
        }

        return from one in failing
               group one by one.Point into trouble
               select new Trouble($"{trouble.Key}: failing", trouble.Count(), trouble.Min(one => one.Since), MostOf(trouble.Select(one => one.Reason)), $"pbm sync point verify {trouble.Key}");
    }

    // Two reasons that differ only in the person's name are one trouble with an example.
    private static string? MostOf(IEnumerable<string> reasons) => reasons.CountBy(reason => reason).DefaultIfEmpty().MaxBy(entry => entry.Value).Key;

    private sealed record Trouble(string What, long People, DateTimeOffset Since, string? Reason, string Remedy);
}
