namespace PasswordSync.Ldap.Wire;

/// <summary>
/// Checks the outer form of BER as LDAP narrows it (RFC 4511, 5.1): definite lengths only, lengths that fit, tags of one byte, and a
/// bounded depth. What passes can be given to a general BER reader without a surprise.
/// </summary>
internal static class BerStructure
{
    /// <summary>How deep constructed values may nest. Answers of LDAP nest to a depth of 6.</summary>
    public const int DepthMax = 16;

    private const byte ConstructedBit = 0x20;
    private const byte LongTag = 0x1F;
    private const byte LongLength = 0x80;
    private const int LengthBytesMax = 4;

    /// <exception cref="LdapException">A <see cref="LdapErrorKind.ProtocolError"/> that says what is wrong.</exception>
    public static void Verify(ReadOnlySpan<byte> encoded) => Verify(encoded, depth: 0);

    private static void Verify(ReadOnlySpan<byte> encoded, int depth)
    {
        if (depth > DepthMax) throw LdapException.Protocol($"The server's message nests deeper than {DepthMax}.");
        while (!encoded.IsEmpty)
        {
            var tag = encoded[0];
            if ((tag & LongTag) == LongTag) throw LdapException.Protocol("The server's message has a tag of several bytes.");
            if (encoded.Length < 2) throw Truncated();
            var headerLength = HeaderLength(encoded[1]);
            if (encoded.Length < headerLength) throw Truncated();
            var length = ContentLength(encoded[1..headerLength]);
            if (length > encoded.Length - headerLength) throw Truncated();
            if ((tag & ConstructedBit) != 0) Verify(encoded.Slice(headerLength, (int)length), depth + 1);
            encoded = encoded[(headerLength + (int)length)..];
        }
    }

    /// <summary>How many bytes tag and length take, told from the first byte of the length.</summary>
    /// <exception cref="LdapException">The length is indefinite or has more than four bytes.</exception>
    public static int HeaderLength(byte firstLengthByte)
    {
        if (firstLengthByte < LongLength) return 2;
        var count = firstLengthByte & ~LongLength;
        if (count == 0) throw LdapException.Protocol("The server's message has an indefinite length, which RFC 4511 forbids.");
        if (count > LengthBytesMax) throw LdapException.Protocol($"The server's message has a length of {count} bytes.");
        return 2 + count;
    }

    /// <summary>The length that the bytes after a tag say.</summary>
    public static long ContentLength(ReadOnlySpan<byte> lengthBytes)
    {
        if (lengthBytes.Length == 1) return lengthBytes[0];
        long length = 0;
        foreach (var part in lengthBytes[1..]) length = (length << 8) | part;
        return length;
    }

    private static LdapException Truncated() => LdapException.Protocol("The server's message holds a value that is longer than what surrounds it.");
}
