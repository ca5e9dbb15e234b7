using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace PasswordSync.Ldap;

/// <summary>
/// The caches in this process's memory with the tickets of one keytab and principal: the one that binds begin with now, and those whose tickets a server
/// refused, each until the last bind that began with it is over. Thread-safe.
/// </summary>
internal sealed class TicketCaches
{
    private static readonly ConcurrentDictionary<string, TicketCaches> Known = [];

    private readonly string name;
    private readonly Lock counting = new();
    private readonly Dictionary<int, int> uses = [];
    private int current;

    private TicketCaches(string name) => this.name = name;

    /// <summary>Two that fill one cache at once would each find it half filled.</summary>
    public Lock Filling { get; } = new();

    /// <summary>The caches of a credential by keytab.</summary>
    public static TicketCaches Of(NegotiateCredential credential) => Known.GetOrAdd(
        $"MEMORY:passwordsync-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{credential.KeytabPath}\n{credential.Name}")).AsSpan(0, 16))}",
        static name => new TicketCaches(name));

    /// <summary>Begins a bind. Dispose of it when the bind is over and no thread is inside the library for it.</summary>
    public TicketUse Begin()
    {
        lock (counting)
        {
            uses[current] = uses.GetValueOrDefault(current) + 1;
            return new TicketUse(this, current);
        }
    }

    internal string NameOf(int generation) => string.Create(CultureInfo.InvariantCulture, $"{name}-{generation}");

    internal void Forget(int generation)
    {
        lock (counting)
        {
            // Another bind that was refused may have been first, and the next ones have new tickets already.
            if (generation == current) current++;
        }
    }

    internal void End(int generation)
    {
        lock (counting)
        {
            if (--uses[generation] > 0) return;
            uses.Remove(generation);
            if (generation == current) return;
        }

        // Nobody can begin with it any more.
        Destroy(NameOf(generation));
    }

    private static void Destroy(string cacheName)
    {
        try
        {
            if (GssLibrary.CreateContext(out var context) != 0) return;
            if (GssLibrary.ResolveCache(context, cacheName, out var cache) == 0) _ = GssLibrary.DestroyCache(context, cache);
            GssLibrary.FreeContext(context);
        }
        catch (DllNotFoundException)
        {
            // Without the library there are no tickets; whoever asked for one was told.
        }
    }
}

/// <summary>One bind's use of a cache of tickets, which stays as it is until the use ends, whatever other binds come to.</summary>
internal sealed class TicketUse(TicketCaches caches, int generation) : IDisposable
{
    private int ended;

    /// <summary>The cache's name.</summary>
    public string Cache => caches.NameOf(generation);

    public Lock Filling => caches.Filling;

    /// <summary>Says that a server refused these tickets, so that binds that begin from now on ask for new ones.</summary>
    public void Forget() => caches.Forget(generation);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref ended, 1) == 0) caches.End(generation);
    }
}
