using System.Formats.Asn1;
using System.Text;
using PasswordSync.Ldap.Wire;

namespace PasswordSync.Ldap;

/// <summary>Deletes an object that has none below it (RFC 4511, 4.8).</summary>
public sealed class LdapDeleteRequest(string dn) : LdapRequest
{
    public string Dn { get; } = dn;

    /// <inheritdoc/>
    public override string Operation => "delete";

    internal override void Write(AsnWriter writer) =>
        writer.WriteOctetString(Encoding.UTF8.GetBytes(Dn), LdapTags.ApplicationPrimitive(LdapTags.DeleteRequest));
}
