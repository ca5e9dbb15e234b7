using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;

namespace PasswordSync.Journal.Tests.Conformance;

/// <summary>Does what an identity actor does with a store, by hand: load, decide, append.</summary>
internal sealed class Worker(IStore store, DateTimeOffset now)
{
    public static readonly NodeId Node = new("node-1", new Guid("6f2d8b1c-0000-4000-8000-000000000001"));

    public static readonly ImmutableSortedSet<SyncPointId> Points = [Samples.Mail, Samples.Files];

    public LeaseView Lease { get; private set; } = new(ImmutableSortedDictionary<int, long>.Empty, TimeSpan.Zero);

    public static async Task<Worker> StartAsync(IStore store, DateTimeOffset now, NodeId? node = null)
    {
        var worker = new Worker(store, now);
        worker.Lease = await store.Leases.KeepAsync(node ?? Node, isLeaving: false, CancellationToken.None);
        return worker;
    }

    public async Task<ImmutableArray<InboxRow>> InboxAsync() =>
        await store.Inbox.ReadAsync([.. Lease.Shards.Keys], ImmutableHashSet<long>.Empty, limit: 1_000, CancellationToken.None);

    public ValueTask<IdentityState> LoadAsync(IdentityId identity) => store.Journal.LoadAsync(identity, CancellationToken.None);

    public JournalAppend Plan(IdentityId identity, IdentityState before, ImmutableArray<IdentityEvent> events, ImmutableArray<long> inbox, params CaptureId[] considered)
    {
        var after = events.Aggregate(before, (state, happened) => state.Apply(happened));
        ImmutableArray<CaptureId> released = [.. before.NeededSecrets.Concat(considered).Distinct().Where(capture => !after.NeedsSecret(capture))];
        var shard = identity.Shard(store.Leases.ShardCount);
        return new JournalAppend(identity, shard, Lease.Shards[shard], before, events, after, inbox, after.NextWakeUp(DecisionRules.Default), released);
    }

    public async Task<(AppendResult Result, Decision Decision)> DecideAsync(InboxRow row)
    {
        var before = await LoadAsync(row.Identity);
        var change = ((Arrival.Confirmed)row.Arrival).Change;
        var decision = before.Decide(new IdentityCommand.DecideCapture(now, change, Points, row.OwnWrites), DecisionRules.Default);
        var plan = Plan(row.Identity, before, decision.Events, [row.Sequence], change.CaptureId);
        return (await store.Journal.AppendAsync(plan, CancellationToken.None), decision);
    }

    public async Task<Decision> CommandAsync(IdentityId identity, IdentityCommand command)
    {
        var before = await LoadAsync(identity);
        var decision = before.Decide(command, DecisionRules.Default);
        if (decision.Refusal is { } refusal) throw new InvalidOperationException($"The command was refused: {refusal}.");
        var result = await store.Journal.AppendAsync(Plan(identity, before, decision.Events, []), CancellationToken.None);
        if (result != AppendResult.Appended) throw new InvalidOperationException($"The append ended as {result}.");
        return decision;
    }

    /// <summary>Begins and finishes a successful attempt at a point.</summary>
    public async Task DeliverAsync(IdentityId identity, SyncPointId point, CaptureId capture)
    {
        var attempt = Guid.NewGuid();
        var target = new TargetAccount("key-of-ada", "ada", null);
        await CommandAsync(identity, new IdentityCommand.BeginAttempt(now, point, capture, attempt, now.AddSeconds(20), target, Baseline: null));
        await CommandAsync(identity, new IdentityCommand.FinishAttempt(now, point, attempt, new DeliveryOutcome.Delivered(null, null), Jitter: 0));
    }
}
