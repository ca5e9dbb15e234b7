using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres.Leases;
using PasswordSync.Simulation.World;

namespace PasswordSync.Simulation.Store;

/// <summary>
/// The database as one process reaches it: over a network that takes time, and in bad times loses questions and answers. A lost one ends as the
/// real store ends it: the database cannot be used, and whether it was written is unknown.
/// </summary>
internal sealed class NodeStore(EventLine line, NodeClock clock, Database database, Weather weather, NodeId node) : IIdentityJournal, IInbox, IPendingWork, IShardLeases
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    private readonly LeaseRule rule = new(Database.Expiry, clock);
    private readonly Dictionary<IdentityId, Task> appends = [];
    private bool isIntroduced;

    public int ShardCount => Database.ShardCount;

    public ValueTask<IdentityState> LoadAsync(IdentityId identity, CancellationToken cancellationToken) => AskAsync(() => database.Load(identity));

    public ValueTask<AppendResult> AppendAsync(JournalAppend append, CancellationToken cancellationToken)
    {
        var before = appends.GetValueOrDefault(append.Identity, Task.CompletedTask);
        var ended = new TaskCompletionSource();
        appends[append.Identity] = ended.Task;
        return WriteAsync(append, before, ended);
    }

    public IAsyncEnumerable<JournalledEvent> ReadEventsAsync(IdentityId identity, long fromSequence, CancellationToken cancellationToken) => throw new NotSupportedException("Nobody reads here.");

    public ValueTask<ImmutableArray<AcceptResult>> AcceptAsync(IReadOnlyList<Arrival> arrivals, CancellationToken cancellationToken) => AskAsync(() => database.Accept(arrivals));

    public ValueTask<ImmutableHashSet<CaptureId>> FindKnownAsync(IReadOnlyCollection<CaptureId> captureIds, CancellationToken cancellationToken) => throw new NotSupportedException("No edge is simulated.");

    public ValueTask<ImmutableArray<InboxRow>> ReadAsync(IReadOnlyCollection<int> shards, IReadOnlySet<long> except, int limit, CancellationToken cancellationToken)
    {
        // The pump's set is good only until its next call.
        var excepted = except.ToHashSet();
        return AskAsync(() => database.ReadInbox(shards, excepted, limit));
    }

    public ValueTask<ImmutableArray<PendingIdentity>> ReadDueAsync(IReadOnlyCollection<int> shards, DateTimeOffset dueBy, int limit, CancellationToken cancellationToken) =>
        AskAsync(() => database.ReadPending(shards, dueBy, limit));

    // As the product asks on PostgreSQL, each statement a transaction of its own; what follows from the answers is the product's own rule.
    public async ValueTask<LeaseView> KeepAsync(NodeId keeper, bool isLeaving, CancellationToken cancellationToken)
    {
        var askedAt = clock.GetTimestamp();
        if (!await AskAsync(() => Beat(keeper, isLeaving)).ConfigureAwait(false)) return new LeaseView(ImmutableSortedDictionary<int, long>.Empty, TimeSpan.Zero);
        isIntroduced = true;
        var seen = await AskAsync(database.Look).ConfigureAwait(false);
        var plan = rule.Look(keeper.Incarnation, isLeaving, seen);
        var taken = plan.Take.IsEmpty ? [] : await AskAsync(() => database.Take(keeper, plan.Take, rule.StoodStill(seen))).ConfigureAwait(false);
        return rule.View(keeper.Incarnation, seen, plan, taken, lastBeat: askedAt, askedAt);
    }

    public ValueTask ReleaseAsync(NodeId leaver, CancellationToken cancellationToken)
    {
        isIntroduced = false;
        return new(AskAsync(() =>
        {
            database.Release(leaver);
            return true;
        }).AsTask());
    }

    public ValueTask ReleaseAsync(NodeId owner, IReadOnlyCollection<int> shards, CancellationToken cancellationToken) => new(AskAsync(() =>
    {
        database.Release(owner, shards);
        return true;
    }).AsTask());

    // The keeper's rounds are the simulation's own.
    public Task WaitForReleasesAsync(TimeSpan atMost, CancellationToken cancellationToken) => throw new NotSupportedException("Nobody waits for releases.");

    public async Task WaitForArrivalsAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        var arrived = new TaskCompletionSource();
        void Tell() => clock.Run(line.Soon(), () => arrived.TrySetResult());
        if (!weather.LosesNotifications) database.Arrived += Tell;
        clock.Run(atMost, () => arrived.TrySetResult());
        await using var ended = cancellationToken.Register(() => arrived.TrySetCanceled(cancellationToken)).ConfigureAwait(false);
        await arrived.Task.ConfigureAwait(false);
        database.Arrived -= Tell;
    }

    private bool Beat(NodeId keeper, bool isLeaving)
    {
        if (isIntroduced) return database.Beat(keeper, isLeaving);
        database.Introduce(keeper);
        return true;
    }

    // As the real stores do it: those of one identity one after the other, and what rests on one that is not known to be written is not written.
    private async ValueTask<AppendResult> WriteAsync(JournalAppend append, Task before, TaskCompletionSource ended)
    {
        await before.ConfigureAwait(false);
        try
        {
            if (append.Follows is { IsWritten: false }) return AppendResult.Conflict;
            var result = await AskAsync(() => database.Append(node, append)).ConfigureAwait(false);
            if (result == AppendResult.Appended) append.Mark.Set();
            return result;
        }
        finally
        {
            ended.SetResult();
        }
    }

    private ValueTask<T> AskAsync<T>(Func<T> transaction)
    {
        var answer = new TaskCompletionSource<T>();
        clock.Run(line.Soon(), () =>
        {
            if (line.Happens(weather.Loss)) Fail(answer, "the question was lost");
            else line.Add(line.Soon(), () => Transact(transaction, answer));
        });
        return new ValueTask<T>(answer.Task);
    }

    private void Transact<T>(Func<T> transaction, TaskCompletionSource<T> answer)
    {
        if (database.IsAway)
        {
            Fail(answer, "the database is away");
            return;
        }

        var result = transaction();
        if (line.Happens(weather.Loss)) Fail(answer, "the answer was lost");
        else clock.Run(line.Soon(), () => answer.TrySetResult(result));
    }

    private void Fail<T>(TaskCompletionSource<T> answer, string why) => clock.Run(line.Within(Timeout), () => answer.TrySetException(new StorageUnavailableException(why, null)));
}
