using System.Formats.Asn1;

namespace PasswordSync.Ldap.Wire;

/// <summary>Reads the operations that a server sends.</summary>
internal static class ResponseParser
{
    private const int ReferralTag = 3;
    private const int ServerCredentialsTag = 7;
    private const int ResponseNameTag = 10;
    private const int ResponseValueTag = 11;

    /// <summary>Reads any answer that is an LDAPResult with nothing of interest after it.</summary>
    public static LdapResult Result(LdapMessage message, int expectedOperation) =>
        Read(message, expectedOperation, static (reader, controls) => ReadResult(reader, controls));

    /// <summary>Reads a bind's answer with the server's SASL credentials, if any.</summary>
    public static (LdapResult Result, ReadOnlyMemory<byte>? Credentials) Bind(LdapMessage message) =>
        Read(message, LdapTags.BindResponse, static (reader, controls) =>
        {
            var result = ReadResult(reader, controls);
            return (result, ReadOptional(reader, ServerCredentialsTag));
        });

    /// <summary>Reads an extended operation's answer.</summary>
    public static LdapExtendedResult Extended(LdapMessage message) =>
        Read(message, LdapTags.ExtendedResponse, static (reader, controls) =>
        {
            var result = ReadResult(reader, controls);
            var name = NextIs(reader, ResponseNameTag) ? reader.ReadText(LdapTags.Context(ResponseNameTag)) : null;
            return new LdapExtendedResult(name, ReadOptional(reader, ResponseValueTag), result);
        });

    /// <summary>Reads one entry of a search. Attributes that come twice are joined.</summary>
    public static LdapEntry Entry(LdapMessage message) =>
        Read(message, LdapTags.SearchResultEntry, static (reader, _) =>
        {
            var dn = reader.ReadText();
            var attributes = new Dictionary<string, LdapAttribute>(StringComparer.OrdinalIgnoreCase);
            var sequence = reader.ReadSequence();
            while (sequence.HasData)
            {
                var attribute = sequence.ReadSequence();
                var name = attribute.ReadText();
                var values = new List<ReadOnlyMemory<byte>>();
                var set = attribute.ReadSetOf(skipSortOrderValidation: true);
                while (set.HasData) values.Add(set.ReadOctets());
                attributes[name] = new LdapAttribute(name, attributes.TryGetValue(name, out var earlier) ? [.. earlier.Values, .. values] : values);
            }

            return new LdapEntry(dn, attributes);
        });

    /// <summary>Reads the password that a server made (RFC 3062: SEQUENCE of genPasswd [0]); null if it made none.</summary>
    public static ReadOnlyMemory<byte>? GeneratedPassword(ReadOnlyMemory<byte> value)
    {
        BerStructure.Verify(value.Span);
        return Guarded(() => ReadOptional(new AsnReader(value, AsnEncodingRules.BER).ReadSequence(), 0));
    }

    /// <summary>Reads the cookie of paged results (RFC 2696: SEQUENCE of size and cookie).</summary>
    public static ReadOnlyMemory<byte> PageCookie(ReadOnlyMemory<byte> value)
    {
        BerStructure.Verify(value.Span);
        return Guarded(() =>
        {
            var sequence = new AsnReader(value, AsnEncodingRules.BER).ReadSequence();
            sequence.ReadIntegerBytes();
            return sequence.ReadOctets();
        });
    }

    private static T Read<T>(LdapMessage message, int expectedOperation, Func<AsnReader, IReadOnlyList<LdapControl>, T> read)
    {
        if (message.Operation != expectedOperation)
            throw LdapException.Protocol($"The server answered with operation {message.Operation} where {expectedOperation} was due.");
        return Guarded(() => read(new AsnReader(message.Encoded, AsnEncodingRules.BER).ReadSequence(LdapTags.Application(message.Operation)), message.Controls));
    }

    private static T Guarded<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (AsnContentException e)
        {
            throw LdapException.Protocol("The server's answer is not well-formed.", e);
        }
    }

    private static LdapResult ReadResult(AsnReader reader, IReadOnlyList<LdapControl> controls)
    {
        var code = (LdapResultCode)reader.ReadEnumerated();
        var matchedDn = reader.ReadLenientText();
        var diagnostic = reader.ReadLenientText();
        var referrals = new List<string>();
        if (NextIs(reader, ReferralTag))
        {
            var urls = reader.ReadSequence(LdapTags.ContextConstructed(ReferralTag));
            while (urls.HasData) referrals.Add(urls.ReadLenientText());
        }

        return new LdapResult(code, matchedDn, diagnostic, referrals) { Controls = controls };
    }

    private static ReadOnlyMemory<byte>? ReadOptional(AsnReader reader, int contextTag) =>
        NextIs(reader, contextTag) ? reader.ReadOctets(LdapTags.Context(contextTag)) : default(ReadOnlyMemory<byte>?);

    private static bool NextIs(AsnReader reader, int contextTag) =>
        reader.HasData && reader.PeekTag().HasSameClassAndValue(LdapTags.Context(contextTag));
}
