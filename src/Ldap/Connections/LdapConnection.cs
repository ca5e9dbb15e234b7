using PasswordSync.Ldap.Wire;

namespace PasswordSync.Ldap;

/// <summary>
/// One connection to one server, over which any number of requests go at the same time (<see cref="LdapOptions.PendingRequestsMax"/>).
/// Safe to use from many threads. Every request can be cancelled and ends in time; what was sent of it then, the exception says. Once it
/// has ended, for whatever reason, a connection stays ended.
/// </summary>
public sealed partial class LdapConnection : IAsyncDisposable
{
    /// <summary>The part of a ticket's remaining life for which a connection is used.</summary>
    private const double TicketShare = 0.8;

    private readonly LdapPipeline pipeline;
    private readonly LdapOptions options;
    private readonly TimeProvider clock;
    private readonly long connectedAt;
    private readonly TimeSpan usableFor;

    private LdapConnection(LdapServer server, LdapOptions options, Stream stream, bool isEncrypted, int firstMessageId, TimeProvider clock, TimeSpan? usableFor = null)
    {
        Server = server;
        IsEncrypted = isEncrypted;
        this.options = options;
        this.clock = clock;
        this.usableFor = usableFor ?? TimeSpan.MaxValue;
        connectedAt = clock.GetTimestamp();
        pipeline = new LdapPipeline(stream, server.ToString(), options, firstMessageId, clock);
    }

    /// <summary>The server at the other end.</summary>
    public LdapServer Server { get; }

    /// <summary>Whether what is sent is encrypted, by TLS or by a sealing bind.</summary>
    public bool IsEncrypted { get; }

    /// <summary>Why the connection ended; null while it is open.</summary>
    public LdapException? Failure => pipeline.Failure;

    /// <summary>Whether the connection is up as far as is known.</summary>
    public bool IsOpen => Failure is null;

    /// <summary>How many requests timed out since anything was last heard from the server: more than 0 makes it suspect.</summary>
    public int TimeoutsSinceLastMessage => pipeline.TimeoutsSinceLastMessage;

    /// <summary>
    /// Whether another connection should take over, before the Kerberos ticket ends with which this one was bound: domain controllers close
    /// it then (MS-ADTS 5.1.1.1.2), in the middle of whatever is under way.
    /// </summary>
    public bool IsDueForRenewal => clock.GetElapsedTime(connectedAt) >= usableFor;

    /// <summary>How many messages came that answered no waiting request, such as late answers to abandoned ones.</summary>
    public long IgnoredMessages => pipeline.IgnoredMessages;

    /// <summary>Connects, brings up TLS if the options ask for it, and binds. The caller keeps and disposes of the credential.</summary>
    /// <exception cref="LdapException">There is no connection; a wrong password is <see cref="LdapErrorKind.Result"/> with code 49.</exception>
    /// <exception cref="ArgumentException">An option is out of its range, or a <see cref="NegotiateCredential"/> goes with TLS.</exception>
    /// <exception cref="OperationCanceledException">The caller's token was cancelled.</exception>
    public static async Task<LdapConnection> ConnectAsync(
        LdapServer server,
        LdapCredential credential,
        LdapOptions options,
        TimeProvider clock,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(credential);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(clock);
        options.Validate();
        if (credential is NegotiateCredential && options.Security != LdapSecurity.None)
        {
            throw new ArgumentException(
                $"{nameof(LdapOptions.Security)} is {options.Security}; it must be {LdapSecurity.None} for a {nameof(NegotiateCredential)}, which seals the connection itself.",
                nameof(options));
        }

        var link = await Connector.ConnectAsync(server, options, clock, cancellationToken).ConfigureAwait(false);
        if (credential is NegotiateCredential negotiate)
            return await BindAsync(link, negotiate, server, options, clock, cancellationToken).ConfigureAwait(false);
        var connection = new LdapConnection(server, options, link.Stream, link.IsEncrypted, link.Exchange.NextMessageId, clock);
        try
        {
            if (credential is SimpleCredential simple) await connection.BindAsync(simple, options.ConnectTimeout, cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch (Exception e)
        {
            await connection.DisposeAsync().ConfigureAwait(false);

            // The bind was sent, but no request of the caller's was.
            if (e is LdapException failure) throw failure.ForRequest(LdapSent.No);
            if (e is LdapRequestCanceledException) throw new LdapRequestCanceledException(LdapSent.No, cancellationToken);
            throw;
        }
    }

    /// <summary>
    /// Binds again, as somebody else. Nothing else may be under way. If the server refuses, the connection is open and bound as nobody.
    /// </summary>
    /// <exception cref="InvalidOperationException">Another request waits for its answer.</exception>
    public Task<LdapResult> BindAsync(SimpleCredential credential, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(credential);
        return BindAsync(credential, options.RequestTimeout, cancellationToken);
    }

    /// <summary>Says goodbye (unbind) and closes. Requests that wait fail as <see cref="LdapErrorKind.Closed"/>.</summary>
    public ValueTask DisposeAsync() => pipeline.DisposeAsync();

    /// <summary>The server and whether the connection is open.</summary>
    public override string ToString() => $"{Server} ({(IsOpen ? "open" : "ended")})";

    private static async Task<LdapConnection> BindAsync(
        Link link,
        NegotiateCredential credential,
        LdapServer server,
        LdapOptions options,
        TimeProvider clock,
        CancellationToken cancellationToken)
    {
        try
        {
            var (stream, ticketRemaining) = await Deadline.RunAsync(
                options.ConnectTimeout,
                clock,
                () => new LdapException(LdapErrorKind.TimedOut, $"The bind at {server} did not end within {options.ConnectTimeout} ({nameof(LdapOptions.ConnectTimeout)})."),
                token => NegotiateBind.RunAsync(link, credential, server, options, token),
                cancellationToken).ConfigureAwait(false);

            // Without TLS the bind has failed unless everything is sealed from here on.
            return new LdapConnection(server, options, stream, isEncrypted: true, link.Exchange.NextMessageId, clock, UsableFor(ticketRemaining, options));
        }
        catch (Exception e)
        {
            await link.Stream.DisposeAsync().ConfigureAwait(false);
            if (e is IOException) throw new LdapException(LdapErrorKind.Closed, $"{server} ended the connection during the bind: {e.Message}", e);
            if (e is LdapException failure) throw failure.ForRequest(LdapSent.No);
            throw;
        }
    }

    private static TimeSpan UsableFor(TimeSpan? ticketRemaining, LdapOptions options) =>
        ticketRemaining * TicketShare is { } share && share < options.SealedConnectionMax ? share : options.SealedConnectionMax;

    private Task<LdapResult> BindAsync(SimpleCredential credential, TimeSpan timeout, CancellationToken cancellationToken) =>
        ResultAsync(new SimpleBindRequest(credential) { Timeout = timeout }, LdapTags.BindResponse, isAlone: true, cancellationToken);
}
