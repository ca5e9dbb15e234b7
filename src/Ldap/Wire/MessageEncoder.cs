using System.Formats.Asn1;

namespace PasswordSync.Ldap.Wire;

/// <summary>Makes whole LDAPMessages (RFC 4511, 4.1.1).</summary>
internal static class MessageEncoder
{
    // Large enough for usual requests, so that the writer seldom grows; when it grows, it wipes what it leaves.
    private const int InitialCapacity = 1024;

    /// <summary>
    /// Encodes a message into a pinned array, which the caller owns and wipes. No other copy of it is left: the writer's own buffer is
    /// wiped before this returns.
    /// </summary>
    public static byte[] Encode(int messageId, Action<AsnWriter> writeOperation, IReadOnlyList<LdapControl> controls)
    {
        var writer = new AsnWriter(AsnEncodingRules.BER, InitialCapacity);
        try
        {
            using (writer.PushSequence())
            {
                writer.WriteInteger(messageId);
                writeOperation(writer);
                WriteControls(writer, controls);
            }

            var encoded = GC.AllocateUninitializedArray<byte>(writer.GetEncodedLength(), pinned: true);
            writer.Encode(encoded);
            return encoded;
        }
        finally
        {
            writer.Reset();
        }
    }

    private static void WriteControls(AsnWriter writer, IReadOnlyList<LdapControl> controls)
    {
        if (controls.Count == 0) return;
        using (writer.PushSequence(LdapTags.ContextConstructed(0)))
        {
            foreach (var control in controls)
            {
                using (writer.PushSequence())
                {
                    writer.WriteText(control.Oid);
                    if (control.IsCritical) writer.WriteBoolean(true);
                    if (control.Value is { } value) writer.WriteOctetString(value.Span);
                }
            }
        }
    }
}
