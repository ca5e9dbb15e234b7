using System.Formats.Asn1;
using PasswordSync.Ldap.Wire;

namespace PasswordSync.Ldap;

/// <summary>Asks whether an object has a value (RFC 4511, 4.10).</summary>
public sealed class LdapCompareRequest(string dn, string attribute, ReadOnlyMemory<byte> value) : LdapRequest
{
    public string Dn { get; } = dn;

    public string Attribute { get; } = attribute;

    public ReadOnlyMemory<byte> Value { get; } = value;

    /// <inheritdoc/>
    public override string Operation => "compare";

    internal override bool HoldsSecret => SecretAttributes.Contains(new LdapAttribute(Attribute, [Value]));

    internal override void Write(AsnWriter writer)
    {
        using (writer.PushSequence(LdapTags.Application(LdapTags.CompareRequest)))
        {
            writer.WriteText(Dn);
            using (writer.PushSequence())
            {
                writer.WriteText(Attribute);
                writer.WriteOctetString(Value.Span);
            }
        }
    }
}
