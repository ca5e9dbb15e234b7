using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;

namespace PasswordSync.Journal.Bench;

/// <summary>The workload that the field's journals are measured with: commands of two small events each, so many at a time, over identities that are live already.</summary>
/// <param name="store">Where they are appended.</param>
/// <param name="epochOf">The epoch under which a shard is owned, which each append is fenced by; null if it is not.</param>
internal sealed class CommandLoad(IStore store, Func<int, long?> epochOf)
{
    /// <summary>How many commands are outstanding, on all nodes together.</summary>
    public const int Outstanding = 64;

    private const int Identities = 1_000;
    private const int Seed = 1;

    private readonly ConcurrentDictionary<IdentityId, IdentityState> states = new();

    /// <summary>The identities, the same in every process.</summary>
    public static ImmutableArray<IdentityId> All { get; } = Make();

    /// <summary>Commands in a second on a store of its own, without other nodes.</summary>
    public static async Task<double> RateAsync(StorePlace place, TimeSpan length)
    {
        await using var store = await place.OpenAsync();
        var lease = await store.Leases.KeepAsync(new NodeId("bench", Guid.NewGuid()), isLeaving: false, CancellationToken.None);
        var began = Stopwatch.GetTimestamp();
        var done = await new CommandLoad(store, shard => lease.Shards[shard]).RunAsync(All, Outstanding, length);
        return done / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>Appends for a while, and ends with the last command; how many there were.</summary>
    public async Task<long> RunAsync(ImmutableArray<IdentityId> identities, int outstanding, TimeSpan length)
    {
        var (done, began) = (0L, Stopwatch.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, Math.Min(outstanding, identities.Length)).Select(first => Task.Run(async () =>
        {
            for (var i = first; Stopwatch.GetElapsedTime(began) < length; i = i + outstanding < identities.Length ? i + outstanding : first)
            {
                await AppendTwoAsync(identities[i]);
                Interlocked.Increment(ref done);
            }
        })));
        return done;
    }

    private async Task AppendTwoAsync(IdentityId identity)
    {
        var now = DateTimeOffset.UtcNow;
        ImmutableArray<IdentityEvent> events =
        [
            new IdentityEvent.CaptureReported(now, new CaptureId(Guid.NewGuid()), StoreLoad.NewAccount(), CaptureVerdict.Overtaken, now),
            new IdentityEvent.CaptureReported(now, new CaptureId(Guid.NewGuid()), StoreLoad.NewAccount(), CaptureVerdict.Overtaken, now),
        ];
        var before = states.GetValueOrDefault(identity, IdentityState.Initial);
        var after = events.Aggregate(before, (state, happened) => state.Apply(happened));
        var shard = identity.Shard(store.Leases.ShardCount);
        var epoch = epochOf(shard) ?? throw new InvalidOperationException($"Shard {shard} was lost while the load ran.");
        var result = await store.Journal.AppendAsync(new JournalAppend(identity, shard, epoch, before, events, after, [], null, []), CancellationToken.None);
        states[identity] = result == AppendResult.Appended ? after : throw new InvalidOperationException($"An append ended as {result}.");
    }

    private static ImmutableArray<IdentityId> Make()
    {
        var random = new Random(Seed);
        var bytes = new byte[16];
        return [.. Enumerable.Range(0, Identities).Select(_ =>
        {
            random.NextBytes(bytes);
            return new IdentityId(new Guid(bytes));
        })];
    }
}
