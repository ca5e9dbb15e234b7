using System.Collections.Immutable;
using System.Diagnostics;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Journal.Bench;

/// <summary>Load on single parts of a store.</summary>
internal static class StoreLoad
{
    private static readonly SourceId Source = new("corp.example");
    private static readonly ImmutableSortedSet<SyncPointId> Points = [new SyncPointId("mail"), new SyncPointId("files")];

    /// <summary>Captures of new accounts accepted in a second.</summary>
    public static Task<double> AcceptAsync(StorePlace place, TimeSpan length, int callers, int batch) => MeasureAsync(place, length, callers, async (store, _) =>
    {
        await store.Inbox.AcceptAsync([.. Enumerable.Range(0, batch).Select(_ => Arrive(NewAccount()))], CancellationToken.None);
        return batch;
    });

    /// <summary>First decisions of new identities (two events: two points join, one change is accepted and queued for both) in a second.</summary>
    public static Task<double> AppendAsync(StorePlace place, TimeSpan length, int callers) => MeasureAsync(place, length, callers, async (store, lease) =>
    {
        var change = Arrive(NewAccount()).Change;
        await AppendAsync(store, lease, new IdentityId(Guid.NewGuid()), change, OwnWrites.None, []);
        return 1;
    });

    /// <summary>Reads of an inbox in which all rows but the last are in hand, in a second.</summary>
    public static async Task<double> ReadBehindAsync(StorePlace place, TimeSpan length)
    {
        const int InHand = 4_000;
        await using var store = await place.OpenAsync();
        for (var i = 0; i < 5; i++) await store.Inbox.AcceptAsync([.. Enumerable.Range(0, (InHand / 5) + (i == 4 ? 1 : 0)).Select(_ => Arrive(NewAccount()))], CancellationToken.None);
        int[] shards = [.. Enumerable.Range(0, store.Leases.ShardCount)];
        var all = await store.Inbox.ReadAsync(shards, ImmutableHashSet<long>.Empty, InHand + 1, CancellationToken.None);
        var inHand = all.Take(InHand).Select(row => row.Sequence).ToHashSet();
        var (done, began) = (0L, Stopwatch.GetTimestamp());
        while (Stopwatch.GetElapsedTime(began) < length) done += (await store.Inbox.ReadAsync(shards, inHand, limit: 500, CancellationToken.None)).Length;
        return done / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>Loads the identity, decides on the change, appends.</summary>
    public static async Task AppendAsync(IStore store, LeaseView lease, IdentityId identity, Change change, OwnWrites ownWrites, ImmutableArray<long> inbox)
    {
        var before = await store.Journal.LoadAsync(identity, CancellationToken.None);
        var decision = before.Decide(new IdentityCommand.DecideCapture(change.Stages.AcceptedAt, change, Points, ownWrites), DecisionRules.Default);
        var after = decision.Events.Aggregate(before, (state, happened) => state.Apply(happened));
        var shard = identity.Shard(store.Leases.ShardCount);
        var append = new JournalAppend(identity, shard, lease.Shards[shard], before, decision.Events, after, inbox, after.NextWakeUp(DecisionRules.Default), []);
        var result = await store.Journal.AppendAsync(append, CancellationToken.None);
        if (result != AppendResult.Appended) throw new InvalidOperationException($"An append ended as {result}.");
    }

    private static async Task<double> MeasureAsync(StorePlace place, TimeSpan length, int callers, Func<IStore, LeaseView, Task<int>> workAsync)
    {
        await using var store = await place.OpenAsync();
        var lease = await store.Leases.KeepAsync(new NodeId("bench", Guid.NewGuid()), isLeaving: false, CancellationToken.None);
        await workAsync(store, lease);
        var (done, began) = (0L, Stopwatch.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(began) < length) Interlocked.Add(ref done, await workAsync(store, lease));
        })));
        return done / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>An account that nobody has seen.</summary>
    public static AccountId NewAccount() => new(Source, Guid.NewGuid());

    /// <summary>A capture of an account, as an edge brings it.</summary>
    public static Arrival.Confirmed Arrive(AccountId account)
    {
        var now = DateTimeOffset.UtcNow;
        var change = new Change(
            new CaptureId(Guid.NewGuid()),
            account,
            new Stamp(0, 1, Stamp.ToOriginatingSecond(now), Guid.NewGuid()),
            new AccountNames("CN=Ada Lovelace,OU=People,DC=corp,DC=example", "ada", "ada@corp.example", "ada@mail.example"),
            new StageTimes(now, now, now, now),
            now.AddDays(7));
        return new Arrival.Confirmed(change, ["people"], new byte[1_200]);
    }
}
