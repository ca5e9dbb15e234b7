using System.Threading.Channels;
using PasswordSync.Ldap.Wire;

namespace PasswordSync.Ldap;

/// <summary>
/// Many requests at once over one stream: a table of those that wait for their answer, a queue and a loop that writes, a loop that reads.
/// Owns the stream.
/// </summary>
internal sealed partial class LdapPipeline : IAsyncDisposable
{
    /// <summary>How long the last words (unbind) may take.</summary>
    private static readonly TimeSpan UnbindTimeout = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly Dictionary<int, PendingRequest> pending = [];
    private readonly Channel<QueuedMessage> outgoing;
    private readonly CancellationTokenSource ended = new();
    private readonly Stream stream;
    private readonly string server;
    private readonly LdapOptions options;
    private readonly TimeProvider clock;
    private readonly Task writing;
    private readonly Task reading;
    private LdapException? failure;
    private bool isClosing;
    private bool isExclusive;
    private int nextMessageId;
    private int timeoutsSinceLastMessage;
    private long ignoredMessages;

    public LdapPipeline(Stream stream, string server, LdapOptions options, int firstMessageId, TimeProvider clock)
    {
        this.stream = stream;
        this.server = server;
        this.options = options;
        this.clock = clock;
        nextMessageId = firstMessageId;

        // Requests that were given up before they were written keep their place until the loop passes them; abandons need places too.
        outgoing = Channel.CreateBounded<QueuedMessage>(new BoundedChannelOptions((2 * options.PendingRequestsMax) + 1) { SingleReader = true });
        writing = Task.Run(WriteLoopAsync);
        reading = Task.Run(ReadLoopAsync);
    }

    /// <summary>Why the connection ended; null while it is open.</summary>
    public LdapException? Failure
    {
        get
        {
            lock (gate) return failure;
        }
    }

    /// <summary>How many requests timed out since the server was last heard.</summary>
    public int TimeoutsSinceLastMessage => Volatile.Read(ref timeoutsSinceLastMessage);

    /// <summary>How many messages answered no request that waits: late answers to abandoned ones, notices of unknown kind.</summary>
    public long IgnoredMessages => Interlocked.Read(ref ignoredMessages);

    /// <summary>Sends a request and waits until its collector has the whole answer.</summary>
    /// <param name="isAlone">Whether nothing else may wait for an answer meanwhile, as for a bind (RFC 4511, 4.2.1).</param>
    public async Task AskAsync(LdapRequest request, IResponseCollector collector, bool isAlone, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) throw new LdapRequestCanceledException(LdapSent.No, cancellationToken);
        var timeout = Timeout(request);
        if (timeout <= TimeSpan.Zero) throw new LdapException(LdapErrorKind.TimedOut, $"The {request.Operation} was not sent to {server}: its time was up before.");
        var entry = Register(request, collector, timeout, isAlone);
        try
        {
            Enqueue(entry, request);
            await entry.Completion.WaitAsync(timeout, clock, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Interlocked.Increment(ref timeoutsSinceLastMessage);
            if (GiveUp(entry, isAlone) is { } sent) throw TimedOut(entry, sent);
            await entry.Completion.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            if (GiveUp(entry, isAlone) is { } sent) throw new LdapRequestCanceledException(sent, cancellationToken);
            await entry.Completion.ConfigureAwait(false);
        }
        finally
        {
            // Whoever was alone lets the others in again, whatever became of it.
            if (isAlone)
            {
                lock (gate) isExclusive = false;
            }
        }
    }

    /// <summary>Says unbind if the server still takes it, then ends the connection. What waits fails as closed.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (gate) isClosing = true;
        var unbind = MessageEncoder.Encode(TakeMessageId(), static writer => writer.WriteNull(LdapTags.ApplicationPrimitive(LdapTags.UnbindRequest)), []);
        if (outgoing.Writer.TryWrite(new QueuedMessage(new OutgoingMessage(unbind), Request: null))) outgoing.Writer.TryComplete();
        try
        {
            await writing.WaitAsync(UnbindTimeout, clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The server takes nothing any more; the stream is closed under the loop below.
        }

        End(ClosedByThisSide());
        await Task.WhenAll(writing, reading).ConfigureAwait(false);
        ended.Dispose();
    }

    private TimeSpan Timeout(LdapRequest request)
    {
        var timeout = request.Timeout ?? options.RequestTimeout;
        if (request.Deadline is { } deadline && deadline - clock.GetUtcNow() is var left && left < timeout) timeout = left;
        return timeout < LdapOptions.TimeoutMax ? timeout : LdapOptions.TimeoutMax;
    }

    private PendingRequest Register(LdapRequest request, IResponseCollector collector, TimeSpan timeout, bool isAlone)
    {
        lock (gate)
        {
            if (failure is not null) throw failure.ForRequest(LdapSent.No);
            if (isClosing) throw ClosedByThisSide();
            if (isExclusive || (isAlone && pending.Count > 0))
                throw new InvalidOperationException("A bind must be alone on its connection: RFC 4511, 4.2.1.");
            if (pending.Count >= options.PendingRequestsMax) throw TooManyPending();
            var entry = new PendingRequest(TakeMessageId_NeedsGate(), request, clock.GetTimestamp(), timeout, collector);
            pending.Add(entry.MessageId, entry);
            isExclusive |= isAlone;
            return entry;
        }
    }

    private void Enqueue(PendingRequest entry, LdapRequest request)
    {
        try
        {
            var message = new OutgoingMessage(MessageEncoder.Encode(entry.MessageId, request.Write, request.Controls));
            entry.Message = message;
            if (outgoing.Writer.TryWrite(new QueuedMessage(message, entry))) return;
            message.Withdraw();
            lock (gate) throw failure?.ForRequest(LdapSent.No) ?? (isClosing ? ClosedByThisSide() : TooManyPending());
        }
        catch
        {
            lock (gate) pending.Remove(entry.MessageId);
            throw;
        }
    }

    /// <summary>Stops waiting for a request; null if its answer is complete already.</summary>
    private LdapSent? GiveUp(PendingRequest entry, bool isAlone)
    {
        lock (gate)
        {
            if (!pending.Remove(entry.MessageId)) return null;
        }

        var sent = entry.Message!.Withdraw();
        if (sent == LdapSent.No) return sent;

        // After a bind that got no answer nobody knows who the connection is bound as.
        if (isAlone) End(new LdapException(LdapErrorKind.Closed, $"The connection to {server} was closed because a bind was given up."));
        else Abandon(entry.MessageId);
        return sent;
    }

    private void Abandon(int messageId)
    {
        var abandon = MessageEncoder.Encode(TakeMessageId(), writer => writer.WriteInteger(messageId, LdapTags.ApplicationPrimitive(LdapTags.AbandonRequest)), []);

        // A full queue loses the abandon: it only saves the server work.
        outgoing.Writer.TryWrite(new QueuedMessage(new OutgoingMessage(abandon), Request: null));
    }

    private int TakeMessageId()
    {
        lock (gate) return TakeMessageId_NeedsGate();
    }

    private int TakeMessageId_NeedsGate()
    {
        while (pending.ContainsKey(nextMessageId)) nextMessageId = Next(nextMessageId);
        var id = nextMessageId;
        nextMessageId = Next(nextMessageId);
        return id;
    }

    private static int Next(int id) => id == int.MaxValue ? 1 : id + 1;

    private LdapException TimedOut(PendingRequest entry, LdapSent sent)
    {
        var message = sent == LdapSent.No
            ? $"The {entry.Operation} waited for {entry.Timeout} to be sent to {server} and was not."
            : $"{server} did not answer the {entry.Operation} within {entry.Timeout}.";
        return new LdapException(LdapErrorKind.TimedOut, message) { RequestWasSent = sent };
    }

    private LdapException ClosedByThisSide() => new(LdapErrorKind.Closed, $"The connection to {server} was closed by this side.");

    private LdapException TooManyPending() =>
        new(LdapErrorKind.BoundExceeded, $"{options.PendingRequestsMax} requests ({nameof(LdapOptions.PendingRequestsMax)}) wait on the connection to {server} already.");

    /// <param name="Message">What to write.</param>
    /// <param name="Request">The request that it asks; null for what has no answer.</param>
    private readonly record struct QueuedMessage(OutgoingMessage Message, PendingRequest? Request);
}
