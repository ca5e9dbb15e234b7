using System.Formats.Asn1;

namespace PasswordSync.Ldap.Wire;

/// <summary>One message from the server, opened as far as is needed to know whose it is.</summary>
/// <param name="Id">The request that it answers; 0 for what the server says of its own accord.</param>
/// <param name="Operation">The number of the operation's application tag.</param>
/// <param name="Encoded">The operation, tag and length included.</param>
/// <param name="Controls">The controls that came with it.</param>
internal readonly record struct LdapMessage(int Id, int Operation, ReadOnlyMemory<byte> Encoded, IReadOnlyList<LdapControl> Controls)
{
    /// <exception cref="LdapException">A <see cref="LdapErrorKind.ProtocolError"/>.</exception>
    public static LdapMessage Parse(ReadOnlyMemory<byte> encoded)
    {
        BerStructure.Verify(encoded.Span);
        try
        {
            var outer = new AsnReader(encoded, AsnEncodingRules.BER);
            var message = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            if (!message.TryReadInt32(out var id) || id < 0) throw LdapException.Protocol("The server's message has no valid id.");
            var tag = message.PeekTag();
            if (tag.TagClass != TagClass.Application || !tag.IsConstructed) throw LdapException.Protocol("The server's message holds no LDAP operation.");
            var operation = message.ReadEncodedValue();
            IReadOnlyList<LdapControl> controls = message.HasData ? ReadControls(message) : [];

            // What may follow is an extension that this side does not know; RFC 4511, 4 says to ignore it.
            return new LdapMessage(id, tag.TagValue, operation, controls);
        }
        catch (AsnContentException e)
        {
            throw LdapException.Protocol("The server's message is not well-formed.", e);
        }
    }

    private static List<LdapControl> ReadControls(AsnReader message)
    {
        var controls = new List<LdapControl>();
        if (!message.PeekTag().HasSameClassAndValue(LdapTags.Context(0))) return controls;
        var sequence = message.ReadSequence(LdapTags.ContextConstructed(0));
        while (sequence.HasData)
        {
            var control = sequence.ReadSequence();
            var oid = control.ReadText();
            var critical = control.HasData && control.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && control.ReadBoolean();
            var value = control.HasData ? control.ReadOctets() : default(ReadOnlyMemory<byte>?);
            controls.Add(new LdapControl(oid, critical, value));
        }

        return controls;
    }
}
