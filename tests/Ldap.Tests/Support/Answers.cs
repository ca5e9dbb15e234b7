using System.Formats.Asn1;
using System.Text;

namespace PasswordSync.Ldap.Tests.Support;

/// <summary>Messages of a server, written from RFC 4511 without the client's own encoder.</summary>
internal static class Answers
{
    public static byte[] Bind(int id, LdapResultCode code, string diagnostic = "") => Result(id, 1, code, diagnostic);

    public static byte[] SearchDone(int id, LdapResultCode code = LdapResultCode.Success, byte[]? pageCookie = null) => Message(
        id,
        5,
        writer => WriteResult(writer, code, ""),
        pageCookie is null ? null : writer => WritePageControl(writer, pageCookie));

    public static byte[] Modify(int id, LdapResultCode code, string diagnostic = "") => Result(id, 7, code, diagnostic);

    public static byte[] Compare(int id, LdapResultCode code) => Result(id, 15, code, "");

    public static byte[] Reference(int id, string url) => Message(id, 19, writer => WriteText(writer, url));

    public static byte[] Intermediate(int id) => Message(id, 25, _ => { });

    public static byte[] Extended(int id, LdapResultCode code, string? name = null, byte[]? value = null) => Message(id, 24, writer =>
    {
        WriteResult(writer, code, "");
        if (name is not null) writer.WriteOctetString(Encoding.UTF8.GetBytes(name), new Asn1Tag(TagClass.ContextSpecific, 10));
        if (value is not null) writer.WriteOctetString(value, new Asn1Tag(TagClass.ContextSpecific, 11));
    });

    public static byte[] NoticeOfDisconnection(LdapResultCode code) => Extended(0, code, "1.3.6.1.4.1.1466.20036");

    public static byte[] Entry(int id, string dn, params (string Name, string[] Values)[] attributes) => Message(id, 4, writer =>
    {
        WriteText(writer, dn);
        using (writer.PushSequence())
        {
            foreach (var (name, values) in attributes)
            {
                using (writer.PushSequence())
                {
                    WriteText(writer, name);
                    using (writer.PushSetOf())
                    {
                        foreach (var value in values) WriteText(writer, value);
                    }
                }
            }
        }
    });

    public static byte[] Result(int id, int operation, LdapResultCode code, string diagnostic, params string[] referrals) => Message(id, operation, writer =>
    {
        WriteResult(writer, code, diagnostic);
        if (referrals.Length == 0) return;
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 3, isConstructed: true)))
        {
            foreach (var referral in referrals) WriteText(writer, referral);
        }
    });

    public static byte[] Message(int id, int operation, Action<AsnWriter> content, Action<AsnWriter>? controls = null)
    {
        var writer = new AsnWriter(AsnEncodingRules.BER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(id);
            using (writer.PushSequence(new Asn1Tag(TagClass.Application, operation, isConstructed: true))) content(writer);
            if (controls is not null)
            {
                using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true))) controls(writer);
            }
        }

        return writer.Encode();
    }

    private static void WriteResult(AsnWriter writer, LdapResultCode code, string diagnostic)
    {
        writer.WriteEncodedValue([0x0A, 1, (byte)code]);
        WriteText(writer, "");
        WriteText(writer, diagnostic);
    }

    private static void WritePageControl(AsnWriter writer, byte[] cookie)
    {
        var value = new AsnWriter(AsnEncodingRules.BER);
        using (value.PushSequence())
        {
            value.WriteInteger(0);
            value.WriteOctetString(cookie);
        }

        using (writer.PushSequence())
        {
            WriteText(writer, LdapControl.PagedResultsOid);
            writer.WriteOctetString(value.Encode());
        }
    }

    private static void WriteText(AsnWriter writer, string text) => writer.WriteOctetString(Encoding.UTF8.GetBytes(text));
}
