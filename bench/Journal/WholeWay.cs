using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using PasswordSync.Core.Ports;

namespace PasswordSync.Journal.Bench;

/// <summary>The way of captures through a store, as a node makes it: accepted in batches, read from the inbox, loaded, decided and appended, all at once.</summary>
internal sealed class WholeWay
{
    private const int Batch = 100;
    private const int AheadMax = 2_000;
    private const int Workers = 128;

    private readonly IStore store;
    private readonly LeaseView lease;
    private readonly Channel<InboxRow> work = Channel.CreateBounded<InboxRow>(512);
    private readonly ConcurrentDictionary<long, bool> inWork = new();
    private volatile bool ending;
    private long accepted;
    private long decided;

    private WholeWay(IStore store, LeaseView lease) => (this.store, this.lease) = (store, lease);

    /// <summary>Captures decided in a second.</summary>
    public static async Task<double> CapturesAsync(StorePlace place, TimeSpan length)
    {
        await using var store = await place.OpenAsync();
        var way = new WholeWay(store, await store.Leases.KeepAsync(new NodeId("bench", Guid.NewGuid()), isLeaving: false, CancellationToken.None));
        return await way.RunAsync(length);
    }

    private async Task<double> RunAsync(TimeSpan length)
    {
        var began = Stopwatch.GetTimestamp();
        Task[] all = [Task.Run(AcceptAsync), Task.Run(AcceptAsync), Task.Run(PumpAsync), .. Enumerable.Range(0, Workers).Select(_ => Task.Run(WorkAsync))];
        await Task.Delay(length);
        var rate = Interlocked.Read(ref decided) / Stopwatch.GetElapsedTime(began).TotalSeconds;
        ending = true;
        await Task.WhenAll(all);
        return rate;
    }

    private async Task AcceptAsync()
    {
        while (!ending)
        {
            if (Interlocked.Read(ref accepted) - Interlocked.Read(ref decided) > AheadMax)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1));
                continue;
            }

            await store.Inbox.AcceptAsync([.. Enumerable.Range(0, Batch).Select(_ => StoreLoad.Arrive(StoreLoad.NewAccount()))], CancellationToken.None);
            Interlocked.Add(ref accepted, Batch);
        }
    }

    private async Task PumpAsync()
    {
        while (!ending)
        {
            var rows = await store.Inbox.ReadAsync([.. lease.Shards.Keys], inWork.Keys.ToHashSet(), limit: 256, CancellationToken.None);
            if (rows.IsEmpty) await store.Inbox.WaitForArrivalsAsync(TimeSpan.FromMilliseconds(100), CancellationToken.None);
            foreach (var row in rows)
            {
                inWork[row.Sequence] = true;
                await work.Writer.WriteAsync(row);
            }
        }

        work.Writer.Complete();
    }

    private async Task WorkAsync()
    {
        await foreach (var row in work.Reader.ReadAllAsync())
        {
            await StoreLoad.AppendAsync(store, lease, row.Identity, ((Arrival.Confirmed)row.Arrival).Change, row.OwnWrites, [row.Sequence]);
            inWork.TryRemove(row.Sequence, out _);
            Interlocked.Increment(ref decided);
        }
    }
}
