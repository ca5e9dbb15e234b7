using System.Net;
using System.Security.Cryptography;

namespace PasswordSync.Ldap;

/// <summary>Who a connection is bound as. A closed set. Prints no secret.</summary>
public abstract class LdapCredential : IDisposable
{
    private protected LdapCredential() { }

    /// <summary>Nobody: no bind is sent.</summary>
    public static LdapCredential Anonymous { get; } = new AnonymousCredential();

    /// <summary>Wipes what is secret, as far as this object owns it. May be called again.</summary>
    public abstract void Dispose();

    private sealed class AnonymousCredential : LdapCredential
    {
        public override void Dispose()
        {
        }

        public override string ToString() => "anonymous";
    }
}

/// <summary>
/// A name and its password for a simple bind (RFC 4511, 4.2). The password is copied into memory that does not move and is wiped by
/// <see cref="Dispose"/>.
/// </summary>
public sealed class SimpleCredential : LdapCredential
{
    private readonly byte[] password;
    private bool disposed;

    /// <param name="name">A DN; Active Directory also takes a UPN or <c>DOMAIN\name</c>.</param>
    /// <param name="password">
    /// The password as UTF-8. Not empty: RFC 4513, 5.1.2 makes a bind with a name and no password succeed as nobody.
    /// </param>
    public SimpleCredential(string name, ReadOnlySpan<byte> password)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (password.IsEmpty) throw new ArgumentException("A simple bind needs a password; without one it would succeed as nobody.", nameof(password));
        Name = name;
        this.password = GC.AllocateUninitializedArray<byte>(password.Length, pinned: true);
        password.CopyTo(this.password);
    }

    public string Name { get; }

    /// <exception cref="ObjectDisposedException">The password was wiped.</exception>
    internal ReadOnlySpan<byte> Password
    {
        get
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            return password;
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        disposed = true;
        CryptographicOperations.ZeroMemory(password);
    }

    /// <summary>The name only.</summary>
    public override string ToString() => $"simple bind as {Name}";
}

/// <summary>
/// SASL GSS-SPNEGO through <see cref="System.Net.Security.NegotiateAuthentication"/>: Kerberos, or NTLM where the system has it. Everything
/// after the bind is signed and encrypted, so it needs no TLS and takes none: Active Directory forbids both at once (MS-ADTS 5.1.2.1).
/// Use it with <see cref="LdapSecurity.None"/>.
/// </summary>
/// <remarks>
/// On Linux this needs the GSS library of MIT Kerberos (Debian: libgssapi-krb5-2), a <c>krb5.conf</c> that leads to the KDC or DNS records
/// that do, and for NTLM also gss-ntlmssp. The service name asked for is <c>ldap/</c> and <see cref="LdapOptions.ExpectedName"/>, or else
/// the server's <see cref="LdapServer.Host"/>; an IP address will not do. The base library keeps a password given here as a .NET string,
/// which cannot be wiped.
/// </remarks>
public sealed class NegotiateCredential : LdapCredential
{
    private NegotiateCredential(NetworkCredential credential, string name, string? keytabPath = null)
    {
        Credential = credential;
        Name = name;
        KeytabPath = keytabPath;
    }

    /// <summary>Who the process already is: the ticket cache (on Linux <c>KRB5CCNAME</c>), a client keytab, or the Windows logon.</summary>
    public static NegotiateCredential Default { get; } = new(CredentialCache.DefaultNetworkCredentials, "the process's own identity");

    internal NetworkCredential Credential { get; }

    /// <summary>For Kerberos the principal, <c>name@REALM</c>.</summary>
    internal string Name { get; }

    internal string? KeytabPath { get; }

    internal bool HasPassword => !ReferenceEquals(Credential, CredentialCache.DefaultNetworkCredentials);

    /// <summary>An account by its keytab, on Linux only. Its tickets stay in this process's memory and are renewed by the keytab.</summary>
    /// <param name="userName">As the keytab has it.</param>
    /// <param name="realm">The Kerberos realm, in upper case.</param>
    /// <param name="keytabPath">An absolute path; the file is read whenever a ticket is needed.</param>
    public static NegotiateCredential FromKeytab(string userName, string realm, string keytabPath) =>
        new(CredentialCache.DefaultNetworkCredentials, $"{userName}@{realm}", keytabPath);

    /// <summary>A name with its password. On Linux <paramref name="domain"/> is the Kerberos realm, in upper case.</summary>
    public static NegotiateCredential FromPassword(string userName, string password, string domain) =>
        new(new NetworkCredential(userName, password, domain), $"{userName}@{domain}");

    /// <inheritdoc/>
    public override void Dispose()
    {
    }

    /// <summary>The name only.</summary>
    public override string ToString() => $"Negotiate as {Name}";
}
