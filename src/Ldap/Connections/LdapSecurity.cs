namespace PasswordSync.Ldap;

/// <summary>How a connection is protected before anything else happens on it.</summary>
public enum LdapSecurity
{
    /// <summary>TLS from the first byte.</summary>
    Ldaps,

    /// <summary>TLS after the extended operation StartTLS (RFC 4511, 4.14); without it there is no connection.</summary>
    StartTls,

    /// <summary>
    /// No TLS. Only for <see cref="NegotiateCredential"/>, which seals the connection itself, and for anonymous use. Passwords are not
    /// sent over it unless <see cref="LdapOptions.AllowSecretsInClear"/> says so.
    /// </summary>
    None,
}
