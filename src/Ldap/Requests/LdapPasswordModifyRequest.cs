using System.Formats.Asn1;
using PasswordSync.Ldap.Wire;

namespace PasswordSync.Ldap;

/// <summary>
/// Sets a password by the extended operation of RFC 3062, so that the server itself hashes it and applies its policy. Refused over a
/// connection that is neither encrypted nor sealed (<see cref="LdapErrorKind.EncryptionRequired"/>).
/// </summary>
public sealed class LdapPasswordModifyRequest : LdapRequest
{
    private readonly ReadOnlyMemory<byte> oldPassword;
    private readonly ReadOnlyMemory<byte> newPassword;

    private LdapPasswordModifyRequest(string? userIdentity, ReadOnlyMemory<byte> oldPassword, ReadOnlyMemory<byte> newPassword)
    {
        UserIdentity = userIdentity;
        this.oldPassword = oldPassword;
        this.newPassword = newPassword;
    }

    /// <summary>Whose password, usually a DN; null for the bound user's own.</summary>
    public string? UserIdentity { get; }

    /// <inheritdoc/>
    public override string Operation => "password modify";

    internal override bool HoldsSecret => true;

    /// <summary>Sets a password with the rights of the bound user.</summary>
    /// <param name="userIdentity">Whose, usually a DN; null for the bound user's own.</param>
    /// <param name="newPassword">The new password as UTF-8, not empty. The caller keeps and wipes its bytes.</param>
    public static LdapPasswordModifyRequest Reset(string? userIdentity, ReadOnlyMemory<byte> newPassword) =>
        new(userIdentity, default, NotEmpty(newPassword, nameof(newPassword)));

    /// <summary>Changes a password with the proof of the old one.</summary>
    /// <param name="userIdentity">Whose, usually a DN; null for the bound user's own.</param>
    /// <param name="oldPassword">The old password as UTF-8, not empty. The caller keeps and wipes its bytes.</param>
    /// <param name="newPassword">The new password as UTF-8, not empty. The caller keeps and wipes its bytes.</param>
    public static LdapPasswordModifyRequest Change(string? userIdentity, ReadOnlyMemory<byte> oldPassword, ReadOnlyMemory<byte> newPassword) =>
        new(userIdentity, NotEmpty(oldPassword, nameof(oldPassword)), NotEmpty(newPassword, nameof(newPassword)));

    /// <summary>Lets the server make a password, which the answer tells.</summary>
    public static LdapPasswordModifyRequest Generate(string? userIdentity) => new(userIdentity, default, default);

    internal override void Write(AsnWriter writer)
    {
        using (writer.PushSequence(LdapTags.Application(LdapTags.ExtendedRequest)))
        {
            writer.WriteText(LdapExtendedRequest.PasswordModifyOid, LdapTags.Context(0));
            using (writer.PushOctetString(LdapTags.Context(1)))
            using (writer.PushSequence())
            {
                if (UserIdentity is not null) writer.WriteText(UserIdentity, LdapTags.Context(0));
                if (!oldPassword.IsEmpty) writer.WriteOctetString(oldPassword.Span, LdapTags.Context(1));
                if (!newPassword.IsEmpty) writer.WriteOctetString(newPassword.Span, LdapTags.Context(2));
            }
        }
    }

    // Empty means absent on the wire's side of this class; a caller who passes it has lost a password on the way.
    private static ReadOnlyMemory<byte> NotEmpty(ReadOnlyMemory<byte> password, string name) =>
        password.IsEmpty ? throw new ArgumentException("A password is not empty.", name) : password;
}
