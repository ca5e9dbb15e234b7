using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

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

    private static readonly ConcurrentDictionary<string, Lock> Gates = [];

    /// <summary>Makes sure that there is a ticket and leads the calling thread to it. Asks the KDC, and cannot be interrupted.</summary>
    /// <returns>How long the ticket is still good; null where the base library alone knows.</returns>
    /// <exception cref="LdapException">There is none.</exception>
    public static TimeSpan? Prepare(NegotiateCredential credential)
    {
        if (!IsOurs(credential)) return null;
        try
        {
            using var ticket = Acquire(credential);
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
    public static LdapException? Explain(NegotiateCredential credential, string service, string host)
    {
        if (!IsOurs(credential)) return null;
        try
        {
            using var ticket = Acquire(credential);
            return ticket.TryService(service, host) is { } failure ? Describe(failure, credential, $"No ticket for {service}/{host}.") : null;
        }
        catch (GssException e)
        {
            return Describe(e, credential, "");
        }
    }

    /// <summary>Destroys the tickets by keytab, so that the next bind asks for new ones: a server refused them.</summary>
    public static void Forget(NegotiateCredential credential)
    {
        if (credential.KeytabPath is null || !IsOurs(credential)) return;
        try
        {
            if (GssLibrary.CreateContext(out var context) != 0) return;
            if (GssLibrary.ResolveCache(context, CacheOf(credential), out var cache) == 0) _ = GssLibrary.DestroyCache(context, cache);
            GssLibrary.FreeContext(context);
        }
        catch (DllNotFoundException)
        {
            // Without the library there are no tickets; whoever asked for one was told.
        }
    }

    /// <summary>Elsewhere, and with a password, the base library does it all.</summary>
    private static bool IsOurs(NegotiateCredential credential) => OperatingSystem.IsLinux() && !credential.HasPassword;

    private static GssCredential Acquire(NegotiateCredential credential)
    {
        if (credential.KeytabPath is not { } keytab) return GssCredential.OfProcess();
        var cache = CacheOf(credential);
        var gate = Gates.GetOrAdd(cache, _ => new Lock());

        // Two that fill one cache at once would each find it half filled.
        if (!gate.TryEnter(WaitForOtherMax))
        {
            throw new LdapException(LdapErrorKind.TimedOut, string.Create(CultureInfo.InvariantCulture, $"Another bind as {credential.Name} has been asking the KDC for more than {WaitForOtherMax.TotalSeconds} s."));
        }

        try
        {
            var ticket = GssCredential.ByKeytab(credential.Name, keytab, cache);
            if (GssLibrary.SetCacheOfThread(out _, cache, 0) == 0) return ticket;

            // Going on would bind as somebody else: the process's own account.
            ticket.Dispose();
            throw new LdapException(LdapErrorKind.NegotiationFailed, $"The Kerberos library does not let the tickets of {credential.Name} be used: it refuses the cache {cache}.");
        }
        finally
        {
            gate.Exit();
        }
    }

    private static string CacheOf(NegotiateCredential credential) =>
        $"MEMORY:passwordsync-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{credential.KeytabPath}\n{credential.Name}")).AsSpan(0, 16))}";

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
