using System.Collections.Immutable;
using System.Security.Cryptography;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal;

namespace PasswordSync.Operations.Bench;

/// <summary>
/// Weeks of a node's work, written by the product itself: each capture goes through the intake, each decision is made by Core and appended to the journal as a node does it. Only the times are
/// given, so that they spread over the weeks.
/// </summary>
internal sealed class History(IStore store, Func<Guid, DateTimeOffset, string, byte[]> seal)
{
    /// <summary>How many people are under way at once; their events are mixed in the journal.</summary>
    private const int Block = 1_000;

    private static readonly TimeSpan Length = TimeSpan.FromDays(25);

    // After a quiet weekend, so that questions about the last day have to find where it begins.
    private static readonly TimeSpan Quiet = TimeSpan.FromDays(2);

    // Of the people of the last days one in twenty has a delivery parked, another one waits for a target.
    private static readonly TimeSpan OpenFor = TimeSpan.FromDays(5);
    private const int OpenEvery = 20;

    // Everybody has changed the password once, and but one in so many once before: six and five events make ten for each.
    private const int OnceEvery = 5;

    private static readonly ImmutableSortedSet<SyncPointId> Points = [new SyncPointId("files"), new SyncPointId("mail")];
    private static readonly byte[] Opaque = RandomNumberGenerator.GetBytes(1_200);
    private readonly DateTimeOffset now = DateTimeOffset.UtcNow;
    private readonly List<int> parked = [];
    private long events;

    /// <summary>How many events were written.</summary>
    public long Events => Interlocked.Read(ref events);

    /// <summary>People with a parked delivery.</summary>
    public IReadOnlyList<int> Parked => parked;

    public async Task WriteAsync(int people)
    {
        var node = new NodeId("bench", Guid.NewGuid());
        var lease = await store.Leases.KeepAsync(node, isLeaving: false, CancellationToken.None);
        if (lease.Shards.Count != store.Leases.ShardCount) throw new InvalidOperationException($"Only {lease.Shards.Count} shards are free.");
        foreach (var block in Enumerable.Range(0, people).Chunk(Block)) await WriteAsync(block, people, lease);
        await store.Leases.ReleaseAsync(node, CancellationToken.None);
    }

    private async Task WriteAsync(int[] block, int people, LeaseView lease)
    {
        var half = Length * ((double)block.Length / people) / 2;
        var began = now - Quiet - Length + (Length * ((double)block[0] / people));
        var states = new Dictionary<AccountId, IdentityState>();
        await WriteAsync([.. block.Where(person => person % OnceEvery != 0)], isLast: false, began, half, states, lease);
        await WriteAsync(block, isLast: true, began + half, half, states, lease);
    }

    // One change of each of these people, spread over a time.
    private async Task WriteAsync(int[] some, bool isLast, DateTimeOffset began, TimeSpan length, Dictionary<AccountId, IdentityState> states, LeaseView lease)
    {
        var fates = new Dictionary<AccountId, Fate>();
        var arrivals = new List<Arrival>();
        for (var place = 0; place < some.Length; place++)
        {
            var (person, at) = (some[place], began + (length * ((double)place / some.Length)));
            var fate = isLast ? FateOf(person, at) : Fate.Delivered;
            if (fate == Fate.Parked) parked.Add(person);
            fates.Add(People.Account(person), fate);
            var change = People.PastChange(person, isLast, at);

            // Only what is still held is ever opened; the rest was deleted when it was delivered.
            arrivals.Add(new Arrival.Confirmed(change, [People.Scope], fate == Fate.Delivered ? Opaque : seal(change.CaptureId.Value, at, People.Login(person))));
        }

        await store.Inbox.AcceptAsync(arrivals, CancellationToken.None);
        var rows = await store.Inbox.ReadAsync([.. lease.Shards.Keys], ImmutableHashSet<long>.Empty, Block, CancellationToken.None);
        if (rows.Length != some.Length) throw new InvalidOperationException($"The inbox holds {rows.Length} rows instead of {some.Length}.");
        var decided = await Task.WhenAll(rows.Select(row => DecideAsync(row, states.GetValueOrDefault(row.Arrival.Account, IdentityState.Initial), lease)));
        var delivered = await Task.WhenAll(rows.Zip(decided, (row, state) => DeliverAsync(row, state, fates[row.Arrival.Account], lease)));
        foreach (var (row, state) in rows.Zip(delivered)) states[row.Arrival.Account] = state;
    }

    private Fate FateOf(int person, DateTimeOffset at) => now - at > OpenFor ? Fate.Delivered : (person % OpenEvery) switch
    {
        0 => Fate.Parked,
        1 => Fate.Waiting,
        _ => Fate.Delivered,
    };

    private Task<IdentityState> DecideAsync(InboxRow row, IdentityState before, LeaseView lease)
    {
        var change = ((Arrival.Confirmed)row.Arrival).Change;
        return AppendAsync(row, before, [new IdentityCommand.DecideCapture(change.Stages.AcceptedAt.AddMilliseconds(3), change, Points, row.OwnWrites)], [row.Sequence], lease);
    }

    private Task<IdentityState> DeliverAsync(InboxRow row, IdentityState state, Fate fate, LeaseView lease)
    {
        var change = ((Arrival.Confirmed)row.Arrival).Change;
        var at = change.Stages.AcceptedAt.AddMilliseconds(10);
        var target = new TargetAccount($"{change.Account.ObjectGuid}", change.Names.SamAccountName, null);
        var commands = new List<IdentityCommand>();
        foreach (var point in Points)
        {
            var attempt = Guid.NewGuid();
            var outcome = point == Points[0] ? OutcomeOf(fate) : new DeliveryOutcome.Delivered(null, null);
            commands.Add(new IdentityCommand.BeginAttempt(at, point, change.CaptureId, attempt, at.AddSeconds(10), target, null));
            commands.Add(new IdentityCommand.FinishAttempt(at.AddMilliseconds(40), point, attempt, outcome, Jitter: 0));
        }

        return AppendAsync(row, state, commands, [], lease);
    }

    // What waits, waits for longer than the bench takes: nothing of it is sent meanwhile.
    private DeliveryOutcome OutcomeOf(Fate fate) => fate switch
    {
        Fate.Parked => new DeliveryOutcome.RefusedByPolicy("The target's rules refuse this password: use 14 characters or more."),
        Fate.Waiting => new DeliveryOutcome.Throttled(now.AddHours(12), "The target asked for a pause."),
        _ => new DeliveryOutcome.Delivered(null, null),
    };

    private async Task<IdentityState> AppendAsync(InboxRow row, IdentityState before, IEnumerable<IdentityCommand> commands, ImmutableArray<long> inbox, LeaseView lease)
    {
        var (after, happened) = (before, ImmutableArray.CreateBuilder<IdentityEvent>());
        foreach (var command in commands)
        {
            var decision = after.Decide(command, DecisionRules.Default);
            if (decision.Events.IsEmpty) throw new InvalidOperationException($"{command.GetType().Name} was refused.");
            happened.AddRange(decision.Events);
            after = decision.Events.Aggregate(after, (state, one) => state.Apply(one));
        }

        var capture = row.Arrival.Id;
        var append = new JournalAppend(
            row.Identity, row.Shard, lease.Shards[row.Shard], before, happened.ToImmutable(), after, inbox, after.NextWakeUp(DecisionRules.Default), after.NeedsSecret(capture) ? [] : [capture]);
        var result = await store.Journal.AppendAsync(append, CancellationToken.None);
        if (result != AppendResult.Appended) throw new InvalidOperationException($"An append ended as {result}.");
        Interlocked.Add(ref events, happened.Count);
        return after;
    }

    private enum Fate
    {
        Delivered,
        Parked,
        Waiting,
    }
}
