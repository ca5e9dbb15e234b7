using System.Formats.Asn1;
using PasswordSync.Ldap.Wire;

namespace PasswordSync.Ldap;

/// <summary>The control of RFC 2696.</summary>
internal static class PagedResults
{
    /// <summary>Asks for a page; critical, so that a server without paging says so.</summary>
    public static LdapControl Request(int pageSize, ReadOnlyMemory<byte> cookie)
    {
        var writer = new AsnWriter(AsnEncodingRules.BER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(pageSize);
            writer.WriteOctetString(cookie.Span);
        }

        return new LdapControl(LdapControl.PagedResultsOid, IsCritical: true, writer.Encode());
    }

    /// <summary>What to ask the next page with; empty after the last.</summary>
    public static ReadOnlyMemory<byte> Cookie(LdapResult result)
    {
        var control = result.Controls.FirstOrDefault(candidate => candidate.Oid == LdapControl.PagedResultsOid);
        return control?.Value is { } value ? ResponseParser.PageCookie(value) : ReadOnlyMemory<byte>.Empty;
    }
}
