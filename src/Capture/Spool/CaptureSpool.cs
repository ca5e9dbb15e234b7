using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using PasswordSync.Capture.Health;
using PasswordSync.Core.Captures;

namespace PasswordSync.Capture.Spool;

/// <summary>
/// Keeps what was acknowledged until a node has it: docs/spec/spool.md. Any thread may call it; one loop (<see cref="RunAsync"/>) writes, and
/// whatever was asked while a flush was under way shares the next one.
/// </summary>
public sealed partial class CaptureSpool : IDisposable
{
    /// <summary>How many requests wait for the writer at most; more wait to be let in.</summary>
    private const int RequestsMax = 4_096;

    private readonly Channel<Request> requests = Channel.CreateBounded<Request>(new BoundedChannelOptions(RequestsMax) { SingleReader = true });
    private readonly Queue<Request> unfinished = [];
    private readonly SpoolIndex index;
    private readonly SpoolLog log;
    private readonly SpoolHousekeeper housekeeper;
    private readonly SpoolOptions options;
    private readonly IAlarmSink alarms;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private long flushes;
    private volatile SpoolStatus status = new(0, 0, 0, 0, 0, IsFull: false);

    private CaptureSpool(ISpoolFiles files, SpoolOptions options, IAlarmSink alarms, TimeProvider time, ILogger logger)
    {
        this.options = options;
        this.alarms = alarms;
        this.time = time;
        this.logger = logger;
        index = new SpoolIndex(options.SettledIdsMax);
        log = new SpoolLog(files, index, options, time);
        housekeeper = new SpoolHousekeeper(log, index, options, Lost);
    }

    /// <summary>What was found at the start.</summary>
    public SpoolRecovery Recovery { get; private set; } = new(0, 0, []);

    /// <summary>The spool as of the last flush.</summary>
    public SpoolStatus Status => status;

    /// <summary>How many requests wait for the next flush, besides those that wait to be let in.</summary>
    internal int RequestsWaiting => requests.Reader.Count;

    /// <summary>Opens the spool and recovers what is in it. Writes nothing but damaged bytes set aside.</summary>
    /// <exception cref="SpoolFormatException">A newer version wrote here.</exception>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public static CaptureSpool Open(ISpoolFiles files, SpoolOptions options, IAlarmSink alarms, TimeProvider time, ILogger logger)
    {
        options.Validate();
        var spool = new CaptureSpool(files, options, alarms, time, logger);
        try
        {
            var damage = spool.log.Recover();
            spool.Recovery = new SpoolRecovery(spool.index.HeldCount, spool.index.AccountCount, damage);
            spool.Tell(damage);
            spool.UpdateStatus();
            return spool;
        }
        catch
        {
            spool.Dispose();
            throw;
        }
    }

    /// <summary>Brings a capture. When the task ends with <see cref="SpoolAppend.Flushed"/> or <see cref="SpoolAppend.AlreadyKnown"/>, it may be acknowledged.</summary>
    /// <param name="envelope">1 to 4,072 bytes; not changed by the caller until the task ends.</param>
    public async Task<SpoolAppend> AppendAsync(CaptureId captureId, ReadOnlyMemory<byte> envelope, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(envelope.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(envelope.Length, SpoolFormat.EnvelopeLengthMax);
        return await SendAsync(new SpoolRecord.Capture(captureId, time.GetUtcNow(), envelope), cancellationToken);
    }

    /// <summary>Lets a capture go. Ends when that is flushed; while the disk refuses, it is tried again and again.</summary>
    public Task SettleAsync(CaptureId captureId, Settlement how, CancellationToken cancellationToken) =>
        SendAsync(new SpoolRecord.Settled(captureId, time.GetUtcNow(), how), cancellationToken);

    /// <summary>Remembers an account's state in place of what was remembered before. Ends as <see cref="SettleAsync"/> does; requests are flushed in the order they were made.</summary>
    /// <param name="state">1 to 4,080 bytes.</param>
    public Task RememberAccountAsync(Guid objectGuid, ReadOnlyMemory<byte> state, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(state.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(state.Length, SpoolFormat.AccountStateLengthMax);
        return SendAsync(new SpoolRecord.Account(objectGuid, state), cancellationToken);
    }

    /// <summary>The account's state that was remembered last and is flushed.</summary>
    public bool TryGetAccount(Guid objectGuid, [NotNullWhen(true)] out ReadOnlyMemory<byte>? state) => index.TryGetAccount(objectGuid, out state);

    /// <summary>All accounts' states that were remembered last and are flushed, in no order.</summary>
    public IReadOnlyList<(Guid ObjectGuid, ReadOnlyMemory<byte> State)> ListAccounts() => index.ListAccounts();

    /// <summary>The envelope of a held capture; null if it is not held, or is lost (then an alarm was raised).</summary>
    public byte[]? Read(CaptureId captureId)
    {
        var envelope = log.Read(captureId);
        if (envelope is null && index.TryFind(captureId, out _)) Lost(captureId);
        return envelope;
    }

    /// <summary>Everything held, with the time of spooling, in no order.</summary>
    public IReadOnlyList<(CaptureId CaptureId, DateTimeOffset SpooledAt)> ListHeld() => index.ListHeld();

    /// <summary>Writes until cancelled; then what is still waiting is answered with <see cref="SpoolAppend.NotWritable"/> or cancelled. To be called once.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                while (Housekeep())
                {
                    WriteBatch();
                }

                await WaitForWorkAsync(cancellationToken);
                WriteBatch();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end that was asked for.
        }
        finally
        {
            requests.Writer.TryComplete();
            while (unfinished.TryDequeue(out var request) || requests.Reader.TryRead(out request)) request.Abandon(cancellationToken);
        }
    }

    public void Dispose() => log.Dispose();

    private async Task<SpoolAppend> SendAsync(SpoolRecord record, CancellationToken cancellationToken)
    {
        var request = new Request(record);
        try
        {
            await requests.Writer.WriteAsync(request, cancellationToken);
        }
        catch (ChannelClosedException)
        {
            request.Abandon(cancellationToken);
        }

        return await request.Done.Task.WaitAsync(cancellationToken);
    }

    private async Task WaitForWorkAsync(CancellationToken cancellationToken)
    {
        if (unfinished.Count == 0)
        {
            await requests.Reader.WaitToReadAsync(cancellationToken);
            return;
        }

        using var delay = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pause = Task.Delay(options.RetryDelay, time, delay.Token);
        await Task.WhenAny(pause, requests.Reader.WaitToReadAsync(delay.Token).AsTask());
        await delay.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    private bool Housekeep()
    {
        try
        {
            var more = housekeeper.Turn();
            UpdateStatus();
            return more;
        }
        catch (Exception exception) when (IsOfTheDisk(exception))
        {
            NotWritable(exception);
            return false;
        }
    }

    private void WriteBatch()
    {
        var batch = TakeBatch();
        if (batch.Count == 0) return;
        try
        {
            log.Append([.. batch.Select(request => request.Record)]);
        }
        catch (Exception exception) when (IsOfTheDisk(exception))
        {
            NotWritable(exception);
            foreach (var request in batch) request.FailOrKeep(unfinished);
            return;
        }

        Interlocked.Increment(ref flushes);
        UpdateStatus();
        LogFlushed(logger, batch.Count);
        alarms.Clear<EdgeAlarm.SpoolNotWritable>();
        if (!IsFull) alarms.Clear<EdgeAlarm.SpoolFull>();
        foreach (var request in batch) request.Done.TrySetResult(SpoolAppend.Flushed);
    }

    /// <summary>What the next flush covers. Captures that are known, and captures over the bound, are answered here and now.</summary>
    private List<Request> TakeBatch()
    {
        var batch = new List<Request>();
        var inBatch = new Dictionary<CaptureId, Request>();
        long bytes = 0;
        while (bytes < options.BatchBytesMax - SpoolFormat.BodyLengthMax && (unfinished.TryDequeue(out var request) || requests.Reader.TryRead(out request)))
        {
            if (request.Record is SpoolRecord.Capture capture)
            {
                if (inBatch.TryGetValue(capture.CaptureId, out var first))
                {
                    request.Follow(first);
                    continue;
                }

                if (AnswerNow(capture.CaptureId, bytes) is { } answer)
                {
                    request.Done.TrySetResult(answer);
                    continue;
                }

                inBatch.Add(capture.CaptureId, request);
            }

            batch.Add(request);
            bytes += SpoolFormat.RecordLength(SpoolFormat.BodyLength(request.Record));
        }

        return batch;
    }

    private SpoolAppend? AnswerNow(CaptureId captureId, long bytesBefore)
    {
        if (index.IsKnown(captureId)) return SpoolAppend.AlreadyKnown;
        if (log.Bytes + bytesBefore < options.BytesMax) return null;
        alarms.Raise(new EdgeAlarm.SpoolFull(log.Bytes, options.BytesMax));
        return SpoolAppend.Full;
    }

    private bool IsFull => log.Bytes >= options.BytesMax;

    private static bool IsOfTheDisk(Exception exception) => exception is IOException or UnauthorizedAccessException;

    private void NotWritable(Exception exception)
    {
        LogNotWritable(logger, exception.Message);
        alarms.Raise(new EdgeAlarm.SpoolNotWritable(exception.Message));
    }

    private void Lost(CaptureId captureId)
    {
        LogLost(logger, captureId);
        alarms.Raise(new EdgeAlarm.CaptureLost(captureId));
    }

    private void Tell(IReadOnlyList<SpoolDamage> damage)
    {
        LogRecovered(logger, Recovery.Held, Recovery.Accounts, damage.Count);
        foreach (var loss in damage)
        {
            if (loss.IsTail)
            {
                LogTornTail(logger, loss.Segment, loss.Offset, loss.Length);
                continue;
            }

            LogDamaged(logger, loss.Segment, loss.Offset, loss.Length);
            alarms.Raise(new EdgeAlarm.SpoolDamaged(loss));
        }
    }

    private void UpdateStatus() => status = new(index.HeldCount, index.AccountCount, log.SegmentCount, log.Bytes, Interlocked.Read(ref flushes), IsFull);

    private sealed class Request(SpoolRecord record)
    {
        public SpoolRecord Record { get; } = record;

        public TaskCompletionSource<SpoolAppend> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Ends as another request for the same capture does.</summary>
        public void Follow(Request first) => first.Done.Task.ContinueWith(
            (ended, state) => ((Request)state!).Done.TrySetResult(ended.Result), this, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

        /// <summary>After a failed write: a capture is refused, since its sender waits; everything else is tried again.</summary>
        public void FailOrKeep(Queue<Request> unfinished)
        {
            if (Record is SpoolRecord.Capture) Done.TrySetResult(SpoolAppend.NotWritable);
            else unfinished.Enqueue(this);
        }

        public void Abandon(CancellationToken cancellationToken)
        {
            if (Record is SpoolRecord.Capture) Done.TrySetResult(SpoolAppend.NotWritable);
            else Done.TrySetCanceled(cancellationToken.IsCancellationRequested ? cancellationToken : new CancellationToken(canceled: true));
        }
    }
}
