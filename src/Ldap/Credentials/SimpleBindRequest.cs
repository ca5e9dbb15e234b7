using System.Formats.Asn1;
using PasswordSync.Ldap.Wire;

namespace PasswordSync.Ldap;

/// <summary>A simple bind (RFC 4511, 4.2).</summary>
internal sealed class SimpleBindRequest(SimpleCredential credential) : LdapRequest
{
    private const int ProtocolVersion = 3;

    public override string Operation => "bind";

    internal override bool HoldsSecret => true;

    internal override void Write(AsnWriter writer)
    {
        using (writer.PushSequence(LdapTags.Application(LdapTags.BindRequest)))
        {
            writer.WriteInteger(ProtocolVersion);
            writer.WriteText(credential.Name);
            writer.WriteOctetString(credential.Password, LdapTags.Context(0));
        }
    }
}
