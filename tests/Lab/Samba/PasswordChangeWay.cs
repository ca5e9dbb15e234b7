namespace PasswordSync.Lab;

/// <summary>The ways in which a password is changed in a domain.</summary>
public enum PasswordChangeWay
{
    /// <summary>An administrator replaces unicodePwd over LDAPS. The history does not apply.</summary>
    LdapReplace,

    /// <summary>The user deletes the old and adds the new unicodePwd over LDAPS.</summary>
    LdapDeleteAndAdd,

    /// <summary>The user runs kpasswd (RFC 3244).</summary>
    KerberosPassword,

    /// <summary>An administrator runs <c>samba-tool user setpassword</c> on the DC, on the database itself.</summary>
    SambaTool,

    /// <summary>The user runs <c>smbpasswd -r</c>: SAMR over SMB, as Windows clients do.</summary>
    SmbPassword,
}

/// <summary>What the DC said to a change.</summary>
/// <param name="Accepted">The password is changed.</param>
/// <param name="Diagnostics">If not: the tool's words.</param>
public sealed record PasswordChangeResult(bool Accepted, string Diagnostics);
