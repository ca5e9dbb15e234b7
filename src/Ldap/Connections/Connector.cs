using System.Net;
using System.Net.Sockets;
using PasswordSync.Ldap.Wire;

namespace PasswordSync.Ldap;

/// <summary>A stream to a server, with TLS on it if the options ask for it.</summary>
/// <param name="Stream">The stream; whoever takes the link owns it.</param>
/// <param name="IsEncrypted">Whether TLS is up.</param>
/// <param name="Exchange">What was said so far.</param>
internal sealed record Link(Stream Stream, bool IsEncrypted, HandshakeExchange Exchange);

/// <summary>Makes links: name, TCP, TLS or StartTLS, within one time-out.</summary>
internal static class Connector
{
    /// <summary>How many addresses of one name are tried.</summary>
    private const int AddressesMax = 8;

    private static readonly TimeSpan KeepAliveAfterIdle = TimeSpan.FromSeconds(60);

    public static async Task<Link> ConnectAsync(LdapServer server, LdapOptions options, TimeProvider clock, CancellationToken cancellationToken)
    {
        var step = "resolving the name";
        return await Deadline.RunAsync(
            options.ConnectTimeout,
            clock,
            () => new LdapException(LdapErrorKind.TimedOut, $"{server} did not answer within {options.ConnectTimeout} ({nameof(LdapOptions.ConnectTimeout)}) while {step}."),
            async token =>
            {
                var addresses = await ResolveAsync(server, token).ConfigureAwait(false);
                step = "connecting by TCP";
                var socket = await OpenAsync(server, addresses, options.ConnectTimeout / addresses.Length, clock, token).ConfigureAwait(false);
                step = options.Security == LdapSecurity.None ? step : "bringing up TLS";
                return await SecureAsync(new NetworkStream(socket, ownsSocket: true), server, options, token).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
    }

    private static async Task<IPAddress[]> ResolveAsync(LdapServer server, CancellationToken cancellationToken)
    {
        if (server.Addresses is [_, ..] known) return [.. known.Take(AddressesMax)];
        if (IPAddress.TryParse(server.Host, out var literal)) return [literal];
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(server.Host, cancellationToken).ConfigureAwait(false);
            if (addresses.Length > 0) return addresses[..Math.Min(addresses.Length, AddressesMax)];
        }
        catch (SocketException e)
        {
            throw new LdapException(LdapErrorKind.NameNotResolved, $"The name {server.Host} cannot be resolved: {e.Message}.", e);
        }

        throw new LdapException(LdapErrorKind.NameNotResolved, $"The name {server.Host} has no address.");
    }

    /// <summary>Tries the addresses in their order; each but the last has its share of the time, so that a silent one does not eat it all.</summary>
    private static async Task<Socket> OpenAsync(LdapServer server, IPAddress[] addresses, TimeSpan share, TimeProvider clock, CancellationToken cancellationToken)
    {
        for (var i = 0; i < addresses.Length - 1; i++)
        {
            var endPoint = new IPEndPoint(addresses[i], server.Port);
            try
            {
                return await Deadline.RunAsync(
                    share,
                    clock,
                    () => new LdapException(LdapErrorKind.TimedOut, $"{endPoint} did not answer."),
                    token => OpenAsync(server, endPoint, token),
                    cancellationToken).ConfigureAwait(false);
            }
            catch (LdapException)
            {
                // The next address is tried; if that fails too, its failure is the one that is told.
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        return await OpenAsync(server, new IPEndPoint(addresses[^1], server.Port), cancellationToken).ConfigureAwait(false);
    }

    private static async Task<Socket> OpenAsync(LdapServer server, IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)KeepAliveAfterIdle.TotalSeconds);
            await socket.ConnectAsync(endPoint, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw e.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => new LdapException(LdapErrorKind.ConnectionRefused, $"{server} refused the connection ({endPoint}): nothing listens there.", e),
                SocketError.TimedOut => new LdapException(LdapErrorKind.TimedOut, $"{server} did not answer ({endPoint}).", e),
                _ => new LdapException(LdapErrorKind.Unreachable, $"{server} cannot be reached ({endPoint}): {e.Message}.", e),
            };
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<Link> SecureAsync(NetworkStream stream, LdapServer server, LdapOptions options, CancellationToken cancellationToken)
    {
        var exchange = new HandshakeExchange(options.MessageSizeMax);
        try
        {
            if (options.Security == LdapSecurity.None) return new Link(stream, IsEncrypted: false, exchange);
            if (options.Security == LdapSecurity.StartTls) await StartTlsAsync(stream, exchange, server, cancellationToken).ConfigureAwait(false);
            return new Link(await TlsHandshake.RunAsync(stream, server, options, cancellationToken).ConfigureAwait(false), IsEncrypted: true, exchange);
        }
        catch (Exception e)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            if (e is IOException) throw new LdapException(LdapErrorKind.Closed, $"{server} ended the connection before it was up: {e.Message}", e);
            throw;
        }
    }

    private static async Task StartTlsAsync(NetworkStream stream, HandshakeExchange exchange, LdapServer server, CancellationToken cancellationToken)
    {
        var answer = await exchange.AskAsync(stream, new LdapExtendedRequest(LdapExtendedRequest.StartTlsOid, null).Write, cancellationToken).ConfigureAwait(false);
        var result = ResponseParser.Extended(answer).Result;
        if (result.Code != LdapResultCode.Success)
            throw new LdapException(LdapErrorKind.TlsFailed, $"{server} refused StartTLS with {result}.") { Result = result };
    }
}
