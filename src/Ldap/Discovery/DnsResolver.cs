using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace PasswordSync.Ldap;

/// <summary>
/// Asks DNS servers for services and addresses, one server after the other, by UDP and, where the answer does not fit, by TCP. The base
/// library asks for addresses only; what is believed here is believed no further than TLS or Kerberos proves it.
/// </summary>
/// <param name="servers">Whom to ask; empty: those of the system.</param>
/// <param name="clock">The clock of the time-outs.</param>
internal sealed class DnsResolver(IReadOnlyList<IPEndPoint> servers, TimeProvider clock)
{
    public const int DefaultPort = 53;

    /// <summary>The most servers that are asked.</summary>
    public const int ServersMax = 4;

    private const int DatagramMax = 4096;

    /// <summary>How many messages that are no answer are passed over while waiting for one.</summary>
    private const int StrayMessagesMax = 16;

    /// <summary>For one server.</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);

    /// <summary>The servers for a service name such as <c>_ldap._tcp.dc._msdcs.example.test</c>; empty if the name is not known.</summary>
    /// <exception cref="DnsException">No server gave a usable answer.</exception>
    public Task<IReadOnlyList<ServiceRecord>> FindServicesAsync(string name, CancellationToken cancellationToken) =>
        AskAsync(name, DnsMessage.Service, DnsMessage.ReadServices, cancellationToken);

    /// <summary>The addresses of a host, of version 4, or else of version 6; empty if it has none.</summary>
    /// <exception cref="DnsException">No server gave a usable answer.</exception>
    public async Task<IReadOnlyList<IPAddress>> FindAddressesAsync(string host, CancellationToken cancellationToken)
    {
        foreach (var type in (ushort[])[DnsMessage.AddressV4, DnsMessage.AddressV6])
        {
            if (await AskAsync(host, type, DnsMessage.ReadAddresses, cancellationToken).ConfigureAwait(false) is [_, ..] found) return found;
        }

        return [];
    }

    private async Task<T> AskAsync<T>(string name, ushort type, Func<byte[], int, T> read, CancellationToken cancellationToken)
    {
        DnsException? last = null;
        foreach (var server in Servers())
        {
            try
            {
                var question = DnsMessage.Ask((ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue + 1), name, type);

                // Read here: a server that refuses or answers with damage leaves the question to the next one.
                return read(await AskAsync(server, question, cancellationToken).ConfigureAwait(false), question.Length);
            }
            catch (Exception e) when (e is SocketException or IOException or DnsException)
            {
                last = new DnsException($"The DNS server {server} gave no answer for {name}: {e.Message}", e);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                last = new DnsException($"The DNS server {server} did not answer within {AnswerTimeout.TotalSeconds} s for {name}.");
            }
        }

        throw last ?? new DnsException("This machine knows no DNS server: give some (dnsServers).");
    }

    private async Task<byte[]> AskAsync(IPEndPoint server, byte[] question, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(AnswerTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var answer = await AskByUdpAsync(server, question, either.Token).ConfigureAwait(false);
        return DnsMessage.IsTruncated(answer) ? await AskByTcpAsync(server, question, either.Token).ConfigureAwait(false) : answer;
    }

    private static async Task<byte[]> AskByUdpAsync(IPEndPoint server, byte[] question, CancellationToken cancellationToken)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(server, cancellationToken).ConfigureAwait(false);
        await socket.SendAsync(question, cancellationToken).ConfigureAwait(false);
        var buffer = new byte[DatagramMax];
        for (var i = 0; i < StrayMessagesMax; i++)
        {
            var count = await socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (DnsMessage.Answers(buffer.AsSpan(0, count), question)) return buffer[..count];
        }

        throw new DnsException("Only answers to other questions came.");
    }

    private static async Task<byte[]> AskByTcpAsync(IPEndPoint server, byte[] question, CancellationToken cancellationToken)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server, cancellationToken).ConfigureAwait(false);
        var stream = new NetworkStream(socket);
        await using var disposing = stream.ConfigureAwait(false);
        var prefixed = new byte[2 + question.Length];
        BinaryPrimitives.WriteUInt16BigEndian(prefixed, (ushort)question.Length);
        question.CopyTo(prefixed, 2);
        await stream.WriteAsync(prefixed, cancellationToken).ConfigureAwait(false);
        var length = new byte[2];
        await stream.ReadExactlyAsync(length, cancellationToken).ConfigureAwait(false);
        var answer = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await stream.ReadExactlyAsync(answer, cancellationToken).ConfigureAwait(false);
        return DnsMessage.Answers(answer, question) ? answer : throw new DnsException("The answer is to another question.");
    }

    private IEnumerable<IPEndPoint> Servers() => servers.Count > 0
        ? servers.Take(ServersMax)
        : NetworkInterface.GetAllNetworkInterfaces()
            .Where(network => network.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown)
            .SelectMany(network => network.GetIPProperties().DnsAddresses)
            .Distinct().Take(ServersMax).Select(address => new IPEndPoint(address, DefaultPort));
}
