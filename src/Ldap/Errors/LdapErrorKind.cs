namespace PasswordSync.Ldap;

/// <summary>Why a connection or a request failed. A closed set; callers branch on it.</summary>
public enum LdapErrorKind
{
    /// <summary>The host name has no address, or the resolver did not answer.</summary>
    NameNotResolved,

    /// <summary>The host is there and nothing listens on the port.</summary>
    ConnectionRefused,

    /// <summary>The network says that the host cannot be reached.</summary>
    Unreachable,

    /// <summary>The server's certificate does not lead to a trusted root; <see cref="LdapException.Certificate"/> says which and why.</summary>
    UntrustedCertificate,

    /// <summary>The certificate is trusted but made for other names; <see cref="LdapException.Certificate"/> says for which.</summary>
    WrongCertificateName,

    /// <summary>TLS failed for another reason: no common version, no certificate, not a TLS server, or the server refused StartTLS.</summary>
    TlsFailed,

    /// <summary>Kerberos or NTLM made no token or did not accept the server's: no ticket, wrong password, KDC not found, library missing.</summary>
    NegotiationFailed,

    /// <summary>Something secret would have gone over a connection that is neither encrypted nor sealed; it was not sent.</summary>
    EncryptionRequired,

    /// <summary>The connect time-out, the request's time-out or its deadline passed. Never the caller's own cancellation.</summary>
    TimedOut,

    /// <summary>The connection ended, by the server, by the network or by this side.</summary>
    Closed,

    /// <summary>The server sent something that is not LDAP as RFC 4511 has it; the connection was closed.</summary>
    ProtocolError,

    /// <summary>A bound of <see cref="LdapOptions"/> was reached; the message names it and its value.</summary>
    BoundExceeded,

    /// <summary>The server answered, and the answer is not success; <see cref="LdapException.Result"/> has it.</summary>
    Result,
}
