using System.Globalization;

namespace PasswordSync.Ldap;

/// <summary>
/// Whose tickets the calling thread negotiates with. Tickets by keytab live in a cache in this process's memory, one for each keytab and
/// principal, and the library is told of it for one thread only: so any number of accounts work beside each other, which the process's own
/// environment (KRB5CCNAME, KRB5_CLIENT_KTNAME) could not do. The library renews them by the keytab from half of their life on.
/// </summary>
internal static class KerberosTickets
{
    /// <summary>How long a bind waits for another with the same keytab that asks the KDC.</summary>
    private static readonly TimeSpan WaitForOtherMax = TimeSpan.FromSeconds(5);

    /// <summary>Begins a bind; to be disposed of when it is over. Null where the tickets are not by keytab.</summary>
    public static TicketUse? Begin(NegotiateCredential credential) => credential.KeytabPath is not null && IsOurs(credential) ? TicketCaches.Of(credential).Begin() : null;

    /// <summary>Makes sure that there is a ticket and leads the calling thread to it. Asks the KDC, and cannot be interrupted.</summary>
    /// <param name="credential">Whose.</param>
    /// <param name="use">What <see cref="Begin"/> gave.</param>
    /// <returns>How long the ticket is still good; null where the base library alone knows.</returns>
    /// <exception cref="LdapException">There is none.</exception>
    public static TimeSpan? Prepare(NegotiateCredential credential, TicketUse? use)
    {
        if (!IsOurs(credential)) return null;
        try
        {
            using var ticket = Acquire(credential, use);
            return ticket.Remaining;
        }
        catch (GssException e)
        {
            // The keytab's own content says more than the library's "no credentials cache found".
            if (credential.KeytabPath is { } keytab && !e.IsForNow && Keytab.FindFault(keytab, credential.Name) is { } fault) throw new LdapException(LdapErrorKind.NegotiationFailed, fault, e) { IsAboutCredential = true };
            throw Describe(e, credential, "");
        }
        catch (DllNotFoundException e)
        {
            throw new LdapException(LdapErrorKind.NegotiationFailed, "The Kerberos library of MIT (libgssapi_krb5.so.2) is not on this machine: install it (Debian: libgssapi-krb5-2).", e) { IsAboutCredential = true };
        }
    }

    /// <summary>Why a negotiation that made no token failed, by asking for the service's ticket once more. On the thread of the negotiation.</summary>
    /// <returns>Null if that does not tell.</returns>
    public static LdapException? Explain(NegotiateCredential credential, TicketUse? use, string service, string host)
    {
        if (!IsOurs(credential)) return null;
        try
        {
            using var ticket = Acquire(credential, use);
            return ticket.TryService(service, host) is { } failure ? Describe(failure, credential, $"No ticket for {service}/{host}.") : null;
        }
        catch (GssException e)
        {
            return Describe(e, credential, "");
        }
    }

    /// <summary>Elsewhere, and with a password, the base library does it all.</summary>
    private static bool IsOurs(NegotiateCredential credential) => OperatingSystem.IsLinux() && !credential.HasPassword;

    private static GssCredential Acquire(NegotiateCredential credential, TicketUse? use)
    {
        if (use is null) return GssCredential.OfProcess();
        if (!use.Filling.TryEnter(WaitForOtherMax))
        {
            throw new LdapException(LdapErrorKind.TimedOut, string.Create(CultureInfo.InvariantCulture, $"Another bind as {credential.Name} has been asking the KDC for more than {WaitForOtherMax.TotalSeconds} s."));
        }

        try
        {
            var ticket = GssCredential.ByKeytab(credential.Name, credential.KeytabPath!, use.Cache);
            if (GssLibrary.SetCacheOfThread(out _, use.Cache, 0) == 0) return ticket;

            // Going on would bind as somebody else: the process's own account.
            ticket.Dispose();
            throw new LdapException(LdapErrorKind.NegotiationFailed, $"The Kerberos library does not let the tickets of {credential.Name} be used: it refuses the cache {use.Cache}.");
        }
        finally
        {
            use.Filling.Exit();
        }
    }

    private static LdapException Describe(GssException failure, NegotiateCredential credential, string more)
    {
        string[] sentences = [more, $"Kerberos as {credential.Name}: {failure.Message}.", failure.Advice(isKeytab: credential.KeytabPath is not null)];
        return new LdapException(failure.IsForNow ? LdapErrorKind.Unreachable : LdapErrorKind.NegotiationFailed, string.Join(' ', sentences.Where(sentence => sentence.Length > 0)), failure)
        {
            // A missing service name is about the server; all else another server would hear as well.
            IsAboutCredential = !failure.IsForNow && !failure.IsAboutServer,
        };
    }
}
