using System.Net.Sockets;
using System.Security.Authentication;
using PasswordSync.Ldap.Wire;

namespace PasswordSync.Ldap;

internal sealed partial class LdapPipeline
{
    private const int ReadBufferSize = 16 * 1024;

    private async Task WriteLoopAsync()
    {
        try
        {
            await foreach (var (message, request) in outgoing.Reader.ReadAllAsync(ended.Token).ConfigureAwait(false))
            {
                // The deadline is checked last before the write: what is overdue must not have an effect any more.
                if (request?.IsOverdue(clock) == true) Expire(request);
                if (!message.TryTake()) continue;
                if (!await WriteAsync(message).ConfigureAwait(false)) return;
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The connection ended; who waits was told by End.
        }
        catch (Exception e)
        {
            End(Translate(e));
        }
    }

    /// <summary>Fails a request whose time is up before it was written. Its waiter may have given up already.</summary>
    private void Expire(PendingRequest request)
    {
        request.Message!.Withdraw();
        lock (gate)
        {
            if (!pending.Remove(request.MessageId)) return;
        }

        request.Fail(TimedOut(request, LdapSent.No));
    }

    /// <summary>Writes one message and wipes it; false if the server takes none any more.</summary>
    private async Task<bool> WriteAsync(OutgoingMessage message)
    {
        var write = WriteAndWipeAsync(message);
        if (!write.IsCompleted)
        {
            try
            {
                await write.WaitAsync(options.RequestTimeout, clock).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                End(new LdapException(LdapErrorKind.TimedOut, $"{server} did not take a message within {options.RequestTimeout} ({nameof(LdapOptions.RequestTimeout)})."));
                await write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return false;
            }
        }

        await write.ConfigureAwait(false);
        return true;
    }

    private async Task WriteAndWipeAsync(OutgoingMessage message)
    {
        try
        {
            await stream.WriteAsync(message.Encoded, ended.Token).ConfigureAwait(false);
            await stream.FlushAsync(ended.Token).ConfigureAwait(false);
            message.MarkWritten();
        }
        finally
        {
            message.Wipe();
        }
    }

    private async Task ReadLoopAsync()
    {
        try
        {
            var buffered = new BufferedStream(stream, ReadBufferSize);
            while (await MessageReader.ReadAsync(buffered, options.MessageSizeMax, ended.Token).ConfigureAwait(false) is { } encoded)
            {
                Volatile.Write(ref timeoutsSinceLastMessage, 0);
                Dispatch(LdapMessage.Parse(encoded));
            }

            End(new LdapException(LdapErrorKind.Closed, $"{server} closed the connection."));
        }
        catch (Exception e)
        {
            End(Translate(e));
        }
    }

    private void Dispatch(LdapMessage message)
    {
        PendingRequest? entry;
        lock (gate) pending.TryGetValue(message.Id, out entry);
        if (message.Id == 0 && Unsolicited.Failure(message) is { } notice) throw notice;
        if (entry is null || message.Operation == LdapTags.IntermediateResponse)
        {
            Interlocked.Increment(ref ignoredMessages);
            return;
        }

        LdapException? refusal = null;
        try
        {
            if (!entry.Collector.Accept(message)) return;
        }
        catch (LdapException e) when (e.Kind == LdapErrorKind.BoundExceeded)
        {
            refusal = e.ForRequest(LdapSent.Yes);
        }

        lock (gate)
        {
            // Its waiter may have given up meanwhile.
            if (!pending.Remove(message.Id)) return;
        }

        if (refusal is null)
        {
            entry.Complete();
            return;
        }

        entry.Fail(refusal);
        Abandon(message.Id);
    }

    /// <summary>Ends the connection once, for the reason given first, and tells everyone who waits how far their request got.</summary>
    private void End(LdapException reason)
    {
        List<PendingRequest> orphans;
        lock (gate)
        {
            if (failure is not null) return;
            failure = reason;
            orphans = [.. pending.Values];
            pending.Clear();
        }

        outgoing.Writer.TryComplete();
        foreach (var orphan in orphans) orphan.Fail(reason.ForRequest(orphan.Message?.Withdraw() ?? LdapSent.No));
        ended.Cancel();
        stream.Dispose();
    }

    private LdapException Translate(Exception e) => e switch
    {
        LdapException known => known,
        AuthenticationException => new LdapException(LdapErrorKind.TlsFailed, $"TLS with {server} failed: {e.Message}", e),
        IOException { InnerException: SocketException { SocketErrorCode: SocketError.TimedOut } } =>
            new LdapException(LdapErrorKind.TimedOut, $"{server} did not acknowledge what was sent to it.", e),
        IOException or SocketException or ObjectDisposedException or OperationCanceledException =>
            new LdapException(LdapErrorKind.Closed, $"The connection to {server} broke: {e.Message}", e),
        _ => new LdapException(LdapErrorKind.ProtocolError, $"Internal error on the connection to {server}: {e.GetType().Name}.", e),
    };
}
