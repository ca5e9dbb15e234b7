using System.Formats.Asn1;
using PasswordSync.Ldap.Wire;

namespace PasswordSync.Ldap;

/// <summary>Creates an object (RFC 4511, 4.7).</summary>
public sealed class LdapAddRequest(string dn, params IReadOnlyList<LdapAttribute> attributes) : LdapRequest
{
    public string Dn { get; } = dn;

    public IReadOnlyList<LdapAttribute> Attributes { get; } = attributes;

    /// <inheritdoc/>
    public override string Operation => "add";

    internal override bool HoldsSecret => Attributes.Any(SecretAttributes.Contains);

    internal override void Write(AsnWriter writer)
    {
        using (writer.PushSequence(LdapTags.Application(LdapTags.AddRequest)))
        {
            writer.WriteText(Dn);
            using (writer.PushSequence())
            {
                foreach (var attribute in Attributes) writer.WriteAttribute(attribute);
            }
        }
    }
}
