using System.Buffers;
using System.Buffers.Binary;
using System.Net.Security;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace PasswordSync.Ldap;

/// <summary>
/// A SASL security layer (RFC 4422, 3.7): each packet is a length of four bytes, most significant first, and a sealed token. Owns the
/// stream below and the security context. One reader and one writer at a time.
/// </summary>
internal sealed class SealedStream(Stream inner, NegotiateAuthentication context, int packetSizeMax) : Stream
{
    private const int LengthBytes = 4;

    // A GSS context is not promised to bear two threads at once.
    private readonly Lock contextGate = new();
    private byte[] packet = [];
    private int start;
    private int end;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (start == end)
        {
            if (!await ReadPacketAsync(cancellationToken).ConfigureAwait(false)) return 0;
        }

        var count = Math.Min(buffer.Length, end - start);
        packet.AsMemory(start, count).CopyTo(buffer);
        start += count;
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var sealedPacket = new ArrayBufferWriter<byte>(buffer.Length + 256);
        sealedPacket.GetSpan(LengthBytes);
        sealedPacket.Advance(LengthBytes);
        Wrap(buffer.Span, sealedPacket);
        var whole = MemoryMarshal.AsMemory(sealedPacket.WrittenMemory);
        BinaryPrimitives.WriteInt32BigEndian(whole.Span, whole.Length - LengthBytes);
        await inner.WriteAsync(whole, cancellationToken).ConfigureAwait(false);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw AsyncOnly();

    public override void Write(byte[] buffer, int offset, int count) => throw AsyncOnly();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
            lock (contextGate) context.Dispose();
            CryptographicOperations.ZeroMemory(packet);
        }

        base.Dispose(disposing);
    }

    private void Wrap(ReadOnlySpan<byte> clear, ArrayBufferWriter<byte> target)
    {
        NegotiateAuthenticationStatusCode status;
        bool encrypted;
        lock (contextGate) status = context.Wrap(clear, target, requestEncryption: true, out encrypted);
        if (status != NegotiateAuthenticationStatusCode.Completed || !encrypted)
            throw new LdapException(LdapErrorKind.NegotiationFailed, $"A message could not be sealed: {status}.");
    }

    private async Task<bool> ReadPacketAsync(CancellationToken cancellationToken)
    {
        var length = new byte[LengthBytes];
        var got = await inner.ReadAtLeastAsync(length, LengthBytes, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (got == 0) return false;
        if (got < LengthBytes) throw EndedWithin();
        var size = BinaryPrimitives.ReadUInt32BigEndian(length);
        if (size > packetSizeMax)
            throw new LdapException(LdapErrorKind.BoundExceeded, $"The server sent a sealed packet of {size} bytes; {packetSizeMax} are the bound.");
        var token = await ReadTokenAsync((int)size, cancellationToken).ConfigureAwait(false);
        Unwrap(token);
        return true;
    }

    /// <summary>Reads a token; memory grows with what has arrived, not with what the length promises.</summary>
    private async Task<byte[]> ReadTokenAsync(int size, CancellationToken cancellationToken)
    {
        const int firstCapacity = 64 * 1024;
        var token = new byte[Math.Min(size, firstCapacity)];
        var filled = 0;
        while (true)
        {
            var part = token.AsMemory(filled);
            if (await inner.ReadAtLeastAsync(part, part.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) < part.Length) throw EndedWithin();
            filled = token.Length;
            if (filled == size) return token;
            Array.Resize(ref token, (int)Math.Min(size, 2L * filled));
        }
    }

    private void Unwrap(byte[] token)
    {
        NegotiateAuthenticationStatusCode status;
        bool encrypted;
        int offset;
        int count;
        lock (contextGate) status = context.UnwrapInPlace(token, out offset, out count, out encrypted);
        if (status != NegotiateAuthenticationStatusCode.Completed || !encrypted)
            throw LdapException.Protocol($"The server sent a packet that does not open: {status}{(encrypted ? "" : ", not encrypted")}.");
        CryptographicOperations.ZeroMemory(packet);
        (packet, start, end) = (token, offset, offset + count);
    }

    private static LdapException EndedWithin() => new(LdapErrorKind.Closed, "The server closed the connection in the middle of a sealed packet.");

    private static NotSupportedException AsyncOnly() => new("This stream is asynchronous only.");
}
