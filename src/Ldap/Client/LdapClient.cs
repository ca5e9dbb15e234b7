namespace PasswordSync.Ldap;

/// <summary>
/// Keeps one bound connection to the first of several servers that takes one, and makes a new one when that ends or its server falls
/// silent. Safe to use from many threads; one attempt to connect at a time. Nothing is sent twice by itself: a caller whose request
/// failed decides by <see cref="LdapException.RequestWasSent"/>.
/// </summary>
public sealed class LdapClient : IAsyncDisposable
{
    private readonly SemaphoreSlim connecting = new(1, 1);
    private readonly LdapClientOptions options;
    private readonly Func<CancellationToken, ValueTask<LdapCredential>> getCredential;
    private readonly TimeProvider clock;
    private readonly List<LdapConnection> retiring = [];
    private volatile LdapConnection? current;
    private LdapServer? lastGood;
    private long lastGoodAt;
    private LdapException? lastFailure;
    private long lastFailureAt;
    private bool isDisposed;

    /// <param name="options">Servers and bounds.</param>
    /// <param name="getCredential">
    /// Called for every new connection, so that no password need be kept; the client disposes of what it returns right after the bind.
    /// </param>
    /// <param name="clock">The clock of all time-outs.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public LdapClient(LdapClientOptions options, Func<CancellationToken, ValueTask<LdapCredential>> getCredential, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(getCredential);
        ArgumentNullException.ThrowIfNull(clock);
        options.Validate();
        this.options = options;
        this.getCredential = getCredential;
        this.clock = clock;
    }

    /// <summary>The connection that is in use; null if the next request would need a new one, and so a bind.</summary>
    public LdapConnection? Usable => current is { } usable && IsUsable(usable) ? usable : null;

    /// <summary>The connection that is in use, or a new one. It belongs to the client: callers do not dispose of it.</summary>
    /// <exception cref="LdapException">
    /// No server could be used: the failure of the most preferred one, whose message tells of the others too. A refused bind is told at
    /// once and no other server is asked, so that a wrong password is not counted several times.
    /// </exception>
    public async ValueTask<LdapConnection> GetConnectionAsync(CancellationToken cancellationToken)
    {
        if (Usable is { } usable) return usable;
        await connecting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            if (Usable is { } made) return made;
            if (lastFailure is not null && clock.GetElapsedTime(lastFailureAt) < options.PauseAfterFailure) throw lastFailure.ForRequest(LdapSent.No);
            await RetireAsync().ConfigureAwait(false);
            var connection = await ConnectToAnyAsync(cancellationToken).ConfigureAwait(false);
            current = connection;
            return connection;
        }
        finally
        {
            connecting.Release();
        }
    }

    /// <summary>
    /// Runs one request on the connection; if the connection turns out to have ended before anything of the request was sent, once more
    /// on a new one.
    /// </summary>
    /// <param name="request">Sends exactly one request, so that running it again after nothing was sent is harmless.</param>
    /// <param name="cancellationToken">The caller's token.</param>
    public async Task<T> RunAsync<T>(Func<LdapConnection, CancellationToken, Task<T>> request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var connection = await GetConnectionAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await request(connection, cancellationToken).ConfigureAwait(false);
        }
        catch (LdapException e) when (e is { Kind: LdapErrorKind.Closed, RequestWasSent: LdapSent.No })
        {
            var next = await GetConnectionAsync(cancellationToken).ConfigureAwait(false);
            return await request(next, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Closes the connection. Requests that wait on it fail as <see cref="LdapErrorKind.Closed"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        await connecting.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            isDisposed = true;
            if (current is { } connection) await connection.DisposeAsync().ConfigureAwait(false);
            foreach (var old in retiring) await old.DisposeAsync().ConfigureAwait(false);
            retiring.Clear();
            current = null;
        }
        finally
        {
            connecting.Release();
        }
    }

    private static bool IsUsable(LdapConnection connection) => connection is { IsOpen: true, TimeoutsSinceLastMessage: 0, IsDueForRenewal: false };

    /// <summary>
    /// Takes the present connection out of use. One that is only silent may still have requests under way, which keep their own time; it
    /// is closed when the next one retires.
    /// </summary>
    private async ValueTask RetireAsync()
    {
        if (current is not { } old) return;
        current = null;
        foreach (var older in retiring) await older.DisposeAsync().ConfigureAwait(false);
        retiring.Clear();
        if (old.IsOpen) retiring.Add(old);
        else await old.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<LdapConnection> ConnectToAnyAsync(CancellationToken cancellationToken)
    {
        var failures = new List<LdapException>();
        try
        {
            foreach (var server in await InOrderAsync(cancellationToken).ConfigureAwait(false))
            {
                try
                {
                    var connection = await ConnectAsync(server, cancellationToken).ConfigureAwait(false);
                    (lastGood, lastGoodAt, lastFailure) = (server, clock.GetTimestamp(), null);
                    return connection;
                }
                catch (LdapException e)
                {
                    failures.Add(e);
                    if (!AnotherServerMayDo(e)) break;
                }
            }
        }
        catch (LdapException noServers)
        {
            failures.Add(noServers);
        }

        (lastFailure, lastFailureAt, lastGood) = (Join(failures), clock.GetTimestamp(), null);
        throw lastFailure;
    }

    private async Task<LdapConnection> ConnectAsync(LdapServer server, CancellationToken cancellationToken)
    {
        var credential = await getCredential(cancellationToken).ConfigureAwait(false);
        try
        {
            return await LdapConnection.ConnectAsync(server, credential, options.Connection, clock, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            credential.Dispose();
        }
    }

    private async Task<IEnumerable<LdapServer>> InOrderAsync(CancellationToken cancellationToken)
    {
        var servers = options.FindServers is { } find ? await find(cancellationToken).ConfigureAwait(false) : options.Servers;
        var first = lastGood is not null && clock.GetElapsedTime(lastGoodAt) < options.KeepServerFor ? lastGood : null;

        // As it is listed now: its addresses may be others.
        return first is null ? servers : [.. servers.Where(server => server == first), .. servers.Where(server => server != first)];
    }

    private static bool AnotherServerMayDo(LdapException failure) => failure.Kind switch
    {
        LdapErrorKind.Result => failure.Result?.Code is LdapResultCode.Busy or LdapResultCode.Unavailable,
        LdapErrorKind.EncryptionRequired => false,
        _ => !failure.IsAboutCredential,
    };

    private static LdapException Join(List<LdapException> failures)
    {
        if (failures.Count == 1) return failures[0];
        var told = failures.Find(failure => !AnotherServerMayDo(failure)) ?? failures[0];
        return new LdapException(told.Kind, $"No server can be used. {string.Join(" ", failures.Select(failure => failure.Message))}", new AggregateException(failures))
        {
            Result = told.Result,
            Certificate = told.Certificate,
            IsAboutCredential = told.IsAboutCredential,
        };
    }
}
