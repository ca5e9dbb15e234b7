using System.Formats.Asn1;
using PasswordSync.Ldap.Wire;

namespace PasswordSync.Ldap;

/// <summary>Renames an object, or moves it (modify DN, RFC 4511, 4.9). The old name's value is deleted from the object.</summary>
/// <param name="dn">The object's present name.</param>
/// <param name="newRdn">Its new relative name, such as <c>CN=New Name</c>, escaped (<see cref="DistinguishedName.Escape"/>).</param>
/// <param name="newSuperior">The object that it moves under; null to stay where it is.</param>
public sealed class LdapRenameRequest(string dn, string newRdn, string? newSuperior) : LdapRequest
{
    public string Dn { get; } = dn;

    public string NewRdn { get; } = newRdn;

    public string? NewSuperior { get; } = newSuperior;

    /// <inheritdoc/>
    public override string Operation => "rename";

    internal override void Write(AsnWriter writer)
    {
        using (writer.PushSequence(LdapTags.Application(LdapTags.ModifyDnRequest)))
        {
            writer.WriteText(Dn);
            writer.WriteText(NewRdn);
            writer.WriteBoolean(true);
            if (NewSuperior is not null) writer.WriteText(NewSuperior, LdapTags.Context(0));
        }
    }
}
