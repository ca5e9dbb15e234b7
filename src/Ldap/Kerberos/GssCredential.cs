using System.Text;

namespace PasswordSync.Ldap;

/// <summary>A handle on Kerberos tickets that the library has or can get. Dispose of it on any thread.</summary>
internal sealed unsafe class GssCredential : IDisposable
{
    private nint handle;

    private GssCredential(nint handle, TimeSpan remaining)
    {
        this.handle = handle;
        Remaining = remaining;
    }

    // The object identifiers of RFC 1964, 1 and 2.1.1, and RFC 2743, 4.1.
    private static ReadOnlySpan<byte> Kerberos => [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02];

    private static ReadOnlySpan<byte> PrincipalName => [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02, 0x01];

    private static ReadOnlySpan<byte> HostBasedService => [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x01, 0x04];

    /// <summary>How long the ticket-granting ticket is still good.</summary>
    public TimeSpan Remaining { get; }

    /// <summary>What the process has by itself: its ticket cache, else its client keytab.</summary>
    /// <exception cref="GssException">There is nothing, or no ticket is to be had with it.</exception>
    public static GssCredential OfProcess() => Acquire(0, null);

    /// <summary>
    /// The tickets in a cache if half of their life is still to come, else new ones by keytab, which go into the cache. If the KDC gives
    /// none, the old ones serve to their end.
    /// </summary>
    /// <exception cref="GssException">No ticket is to be had.</exception>
    public static GssCredential ByKeytab(string principal, string keytabPath, string cache)
    {
        var name = Import(principal, PrincipalName);
        try
        {
            fixed (byte* keytabKey = "client_keytab\0"u8, keytabValue = Terminated($"FILE:{keytabPath}"), cacheKey = "ccache\0"u8, cacheValue = Terminated(cache))
            {
                var elements = stackalloc GssLibrary.StoreElement[2];
                elements[0] = new GssLibrary.StoreElement { Key = keytabKey, Value = keytabValue };
                elements[1] = new GssLibrary.StoreElement { Key = cacheKey, Value = cacheValue };
                var store = new GssLibrary.CredentialStore { Count = 2, Elements = elements };
                return Acquire(name, &store);
            }
        }
        finally
        {
            GssLibrary.ReleaseName(out _, ref name);
        }
    }

    /// <summary>Asks for a ticket for a service as a bind would.</summary>
    /// <returns>Why there is none; null if there is one.</returns>
    public GssException? TryService(string service, string host)
    {
        var target = Import($"{service}@{host}", HostBasedService);
        nint context = 0;
        try
        {
            fixed (byte* elements = Kerberos)
            {
                var mechanism = new GssLibrary.ObjectIdentifier { Length = (uint)Kerberos.Length, Elements = elements };
                GssLibrary.GssBuffer token;
                var major = GssLibrary.InitiateContext(out var minor, handle, ref context, target, &mechanism, 0, 0, 0, 0, 0, &token, 0, 0);
                GssLibrary.ReleaseBuffer(out _, &token);
                return IsFailure(major) ? Describe(major, minor) : null;
            }
        }
        finally
        {
            if (context != 0) GssLibrary.DeleteContext(out _, ref context, 0);
            GssLibrary.ReleaseName(out _, ref target);
        }
    }

    public void Dispose()
    {
        if (handle != 0) GssLibrary.ReleaseCredential(out _, ref handle);
    }

    private static GssCredential Acquire(nint name, GssLibrary.CredentialStore* store)
    {
        fixed (byte* elements = Kerberos)
        {
            var mechanism = new GssLibrary.ObjectIdentifier { Length = (uint)Kerberos.Length, Elements = elements };
            var mechanisms = new GssLibrary.ObjectIdentifierSet { Count = 1, Elements = &mechanism };
            var major = GssLibrary.AcquireCredential(out var minor, name, GssLibrary.LongestLifetime, &mechanisms, GssLibrary.InitiateOnly, store, out var handle, null, 0);
            if (IsFailure(major)) throw Describe(major, minor);

            // Only the question how long they last makes the library really get tickets.
            major = GssLibrary.InquireCredential(out minor, handle, 0, out var seconds, 0, 0);
            if (!IsFailure(major) && seconds > 0) return new GssCredential(handle, TimeSpan.FromSeconds(seconds));
            var failure = IsFailure(major) ? Describe(major, minor) : new GssException(GssException.TicketExpired, "The ticket has expired");
            GssLibrary.ReleaseCredential(out _, ref handle);
            throw failure;
        }
    }

    private static nint Import(string text, ReadOnlySpan<byte> type)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* value = bytes, elements = type)
        {
            var buffer = new GssLibrary.GssBuffer { Length = bytes.Length, Value = value };
            var kind = new GssLibrary.ObjectIdentifier { Length = (uint)type.Length, Elements = elements };
            var major = GssLibrary.ImportName(out var minor, &buffer, &kind, out var name);
            return IsFailure(major) ? throw Describe(major, minor) : name;
        }
    }

    /// <summary>Errors are in the upper two bytes (RFC 2744, 3.9.1).</summary>
    private static bool IsFailure(uint major) => (major & 0xFFFF0000) != 0;

    private static GssException Describe(uint major, uint minor)
    {
        fixed (byte* elements = Kerberos)
        {
            var mechanism = new GssLibrary.ObjectIdentifier { Length = (uint)Kerberos.Length, Elements = elements };
            uint messageContext = 0;
            GssLibrary.GssBuffer text;
            var status = minor == 0 ? (Code: major, Kind: GssLibrary.MajorCode) : (Code: minor, Kind: GssLibrary.MinorCode);
            if (IsFailure(GssLibrary.DisplayStatus(out _, status.Code, status.Kind, &mechanism, ref messageContext, &text))) return new GssException((int)minor, $"status {major:X8}, {minor:X8}");
            var words = Encoding.UTF8.GetString(text.Value, (int)text.Length);
            GssLibrary.ReleaseBuffer(out _, &text);
            return new GssException((int)minor, words);
        }
    }

    private static byte[] Terminated(string text) => [.. Encoding.UTF8.GetBytes(text), 0];
}
