using System.Collections.Immutable;
using System.Text.Json;
using System.Threading.Channels;
using PasswordSync.Core.Intake;

namespace PasswordSync.Capture.Uplink;

/// <summary>What waits to be sent: new items, and those to be sent again at a time. Items are added from any thread; taken and added again by one.</summary>
internal sealed class UplinkQueue(TimeProvider clock)
{
    /// <summary>What a batch is beside its items: names of at most a few hundred bytes each, and JSON.</summary>
    private const int FrameBytesMax = 4_096;

    // Bounded by who adds: one ticket an item.
    private readonly Channel<WaitingItem> added = Channel.CreateUnbounded<WaitingItem>(new UnboundedChannelOptions { SingleReader = true });
    private readonly PriorityQueue<WaitingItem, DateTimeOffset> again = new();
    private Task<bool>? arrival;

    public void Add(WaitingItem item) => added.Writer.TryWrite(item);

    public void AddAgain(WaitingItem item, DateTimeOffset dueAt)
    {
        if (!item.IsOver) again.Enqueue(item, dueAt);
    }

    /// <summary>The next batch, as soon as there is one. Half of it at most is of those sent again while new ones wait.</summary>
    public async Task<List<WaitingItem>> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var batch = new Batch();
            TakeDue(batch, IntakeBatch.ItemsMax / 2);
            if (!batch.IsClosed) TakeAdded(batch);
            if (!batch.IsClosed) TakeDue(batch, IntakeBatch.ItemsMax);
            if (batch.Items.Count > 0) return batch.Items;
            await WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void TakeDue(Batch batch, int itemsMax)
    {
        var now = clock.GetUtcNow();
        while (batch.Items.Count < itemsMax && again.TryPeek(out var next, out var dueAt) && (dueAt <= now || next.IsOver))
        {
            if (!next.IsOver && !batch.TryAdd(next)) return;
            again.Dequeue();
        }
    }

    private void TakeAdded(Batch batch)
    {
        while (batch.Items.Count < IntakeBatch.ItemsMax && added.Reader.TryPeek(out var next))
        {
            if (!next.IsOver && !batch.TryAdd(next)) return;
            added.Reader.TryRead(out _);
        }
    }

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        // One wait for arrivals at a time, kept until it ends.
        arrival ??= added.Reader.WaitToReadAsync(cancellationToken).AsTask();
        if (again.TryPeek(out _, out var dueAt))
        {
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var wait = dueAt - clock.GetUtcNow();
            await Task.WhenAny(arrival, Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, clock, ending.Token)).ConfigureAwait(false);
            await ending.CancelAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
        else
        {
            await arrival.ConfigureAwait(false);
        }

        if (arrival.IsCompleted) arrival = null;
    }

    private sealed class Batch
    {
        private int bytes = FrameBytesMax;

        public List<WaitingItem> Items { get; } = [];

        public bool IsClosed { get; private set; }

        public bool TryAdd(WaitingItem item)
        {
            var fits = !IsClosed && (Items.Count == 0 || (!item.TravelsAlone && bytes + item.Bytes <= IntakeBatch.BytesMax));
            if (!fits) return false;
            IsClosed = item.TravelsAlone;
            bytes += item.Bytes;
            Items.Add(item);
            return true;
        }
    }
}

/// <summary>An item on its way.</summary>
internal sealed class WaitingItem
{
    private readonly TaskCompletionSource<ImmutableArray<CaptureAnswer>> answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public WaitingItem(IntakeItem item)
    {
        Item = item;
        Bytes = JsonSerializer.SerializeToUtf8Bytes(item, IntakeJson.Default.IntakeItem).Length + 1;
    }

    public IntakeItem Item { get; }

    /// <summary>Its part of a batch's JSON, the comma included.</summary>
    public int Bytes { get; }

    /// <summary>How often nodes answered, and not finally for it.</summary>
    public int Tries { get; set; }

    /// <summary>Whether it must not spoil a batch for others.</summary>
    public bool TravelsAlone { get; set; }

    /// <summary>The final answers.</summary>
    public Task<ImmutableArray<CaptureAnswer>> Answered => answered.Task;

    /// <summary>Whether nobody waits for answers any more, or they are there.</summary>
    public bool IsOver => answered.Task.IsCompleted;

    public void Settle(ImmutableArray<CaptureAnswer> answers) => answered.TrySetResult(answers);

    public void GiveUp() => answered.TrySetCanceled();
}
