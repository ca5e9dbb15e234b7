namespace PasswordSync.Ldap;

/// <summary>
/// The caller's own token ended the waiting for a request. If the request had been sent, an Abandon was sent after it, which a server
/// need not obey (RFC 4511, 4.11): a write may still take effect.
/// </summary>
public sealed class LdapRequestCanceledException : OperationCanceledException
{
    internal LdapRequestCanceledException(LdapSent requestWasSent, CancellationToken token)
        : base("The LDAP request was cancelled by its caller.", token) => RequestWasSent = requestWasSent;

    /// <summary>Whether the request had left this process when it was cancelled.</summary>
    public LdapSent RequestWasSent { get; }
}
