namespace PasswordSync.Ldap.Wire;

/// <summary>Cuts a stream into LDAPMessages. Never reads beyond the end of the message that it returns.</summary>
internal static class MessageReader
{
    private const byte SequenceTag = 0x30;
    private const int HeaderLengthMax = 6;

    // Memory grows with what has arrived, not with what a header promises.
    private const int FirstCapacity = 4 * 1024;

    /// <summary>Reads one message, header included; null if the stream ended before its first byte.</summary>
    /// <exception cref="LdapException">
    /// <see cref="LdapErrorKind.ProtocolError"/>: not a message. <see cref="LdapErrorKind.BoundExceeded"/>: longer than
    /// <paramref name="messageSizeMax"/>. <see cref="LdapErrorKind.Closed"/>: the stream ended within the message.
    /// </exception>
    public static async Task<byte[]?> ReadAsync(Stream stream, int messageSizeMax, CancellationToken cancellationToken)
    {
        var header = new byte[HeaderLengthMax];
        const int shortHeader = 2;
        var got = await stream.ReadAtLeastAsync(header.AsMemory(0, shortHeader), shortHeader, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (got == 0) return null;
        if (header[0] != SequenceTag) throw LdapException.Protocol("The server sent something that does not begin like an LDAP message.");
        if (got < shortHeader) throw EndedWithin();
        var headerLength = BerStructure.HeaderLength(header[1]);
        await FillAsync(stream, header.AsMemory(shortHeader, headerLength - shortHeader), cancellationToken).ConfigureAwait(false);
        var total = headerLength + BerStructure.ContentLength(header.AsSpan(1, headerLength - 1));
        if (total > messageSizeMax)
        {
            throw new LdapException(
                LdapErrorKind.BoundExceeded,
                $"The server sent a message of {total} bytes; {nameof(LdapOptions.MessageSizeMax)} is {messageSizeMax}.");
        }

        return await ReadBodyAsync(stream, header.AsMemory(0, headerLength), (int)total, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<byte[]> ReadBodyAsync(Stream stream, ReadOnlyMemory<byte> header, int total, CancellationToken cancellationToken)
    {
        var message = new byte[Math.Min(total, FirstCapacity)];
        header.CopyTo(message);
        var filled = header.Length;
        while (true)
        {
            await FillAsync(stream, message.AsMemory(filled), cancellationToken).ConfigureAwait(false);
            filled = message.Length;
            if (filled == total) return message;
            Array.Resize(ref message, (int)Math.Min(total, 2L * filled));
        }
    }

    private static async Task FillAsync(Stream stream, Memory<byte> target, CancellationToken cancellationToken)
    {
        if (target.IsEmpty) return;
        var got = await stream.ReadAtLeastAsync(target, target.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (got < target.Length) throw EndedWithin();
    }

    private static LdapException EndedWithin() => new(LdapErrorKind.Closed, "The server closed the connection in the middle of a message.");
}
