using System.Formats.Asn1;
using PasswordSync.Ldap.Wire;

namespace PasswordSync.Ldap;

/// <summary>What a modification does with its values (RFC 4511, 4.6; increment: RFC 4525).</summary>
public enum LdapModificationKind
{
    Add = 0,
    Delete = 1,
    Replace = 2,
    Increment = 3,
}

/// <summary>One change of one attribute.</summary>
/// <param name="Kind">Whether the values are added, deleted (all of them, if none is given) or put in place of what is there.</param>
/// <param name="Attribute">The attribute and the values.</param>
public sealed record LdapModification(LdapModificationKind Kind, LdapAttribute Attribute)
{
    public static LdapModification Add(string name, params string[] values) => new(LdapModificationKind.Add, new LdapAttribute(name, values));

    public static LdapModification Add(string name, ReadOnlyMemory<byte> value) => new(LdapModificationKind.Add, new LdapAttribute(name, [value]));

    public static LdapModification Delete(string name, params string[] values) => new(LdapModificationKind.Delete, new LdapAttribute(name, values));

    public static LdapModification Delete(string name, ReadOnlyMemory<byte> value) => new(LdapModificationKind.Delete, new LdapAttribute(name, [value]));

    public static LdapModification Replace(string name, params string[] values) => new(LdapModificationKind.Replace, new LdapAttribute(name, values));

    public static LdapModification Replace(string name, ReadOnlyMemory<byte> value) => new(LdapModificationKind.Replace, new LdapAttribute(name, [value]));
}

/// <summary>
/// Changes one object, all changes or none (RFC 4511, 4.6). Values are copied when the request is sent, and the copy is wiped after that;
/// the caller keeps and wipes its own.
/// </summary>
public sealed class LdapModifyRequest(string dn, params IReadOnlyList<LdapModification> modifications) : LdapRequest
{
    public string Dn { get; } = dn;

    public IReadOnlyList<LdapModification> Modifications { get; } = modifications;

    /// <inheritdoc/>
    public override string Operation => "modify";

    internal override bool HoldsSecret => Modifications.Any(modification => SecretAttributes.Contains(modification.Attribute));

    internal override void Write(AsnWriter writer)
    {
        using (writer.PushSequence(LdapTags.Application(LdapTags.ModifyRequest)))
        {
            writer.WriteText(Dn);
            using (writer.PushSequence())
            {
                foreach (var modification in Modifications)
                {
                    using (writer.PushSequence())
                    {
                        writer.WriteEnumerated((int)modification.Kind);
                        writer.WriteAttribute(modification.Attribute);
                    }
                }
            }
        }
    }
}
