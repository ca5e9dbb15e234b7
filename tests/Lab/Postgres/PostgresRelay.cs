using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace PasswordSync.Lab;

/// <summary>
/// Passes connections on to a PostgreSQL server or a pooler, message by message of its protocol, and changes on the way what the server says: it drops notifications, or tells another
/// version. Connections are in clear. It also counts how often a client waited for an answer.
/// </summary>
/// <param name="target">The loopback port to pass to.</param>
public sealed class PostgresRelay(int target) : IAsyncDisposable
{
    private const byte Notification = (byte)'A';
    private const byte ParameterStatus = (byte)'S';
    private const int SslRequest = 80_877_103;
    private const int GssRequest = 80_877_104;
    private const string VersionName = "server_version";

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource end = new();
    private readonly List<Task> serving = [];
    private Task accepting = Task.CompletedTask;
    private readonly ConcurrentDictionary<TcpClient, bool> clients = new();
    private string? tellsVersion;
    private int dropped;
    private int turns;

    /// <summary>Where it listens, once it was started.</summary>
    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>The version that clients are told in the place of the server's own; null for that.</summary>
    public string? TellsVersion
    {
        get => Volatile.Read(ref tellsVersion);
        set => Volatile.Write(ref tellsVersion, value);
    }

    /// <summary>Whether notifications are dropped.</summary>
    public bool DropsNotifications { get; init; }

    /// <summary>How many notifications were dropped.</summary>
    public int Dropped => Volatile.Read(ref dropped);

    /// <summary>How often, over all connections, something was asked after an answer had come: the round trips.</summary>
    public int RoundTrips => Volatile.Read(ref turns);

    public void Start()
    {
        listener.Start();
        accepting = AcceptAsync();
    }

    /// <summary>Ends the connections that there are.</summary>
    public void Break()
    {
        foreach (var client in clients.Keys) client.Close();
    }

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        listener.Stop();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(serving);
        listener.Dispose();
        end.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true) serving.Add(ServeAsync(await listener.AcceptTcpClientAsync(end.Token)));
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        using (var server = new TcpClient())
        {
            clients[client] = true;
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, target, end.Token);
                var (asking, answering) = (client.GetStream(), server.GetStream());
                await BeginAsync(asking, answering);

                var turn = new Turn();
                await Task.WhenAny(PassRequestsAsync(asking, answering, turn), PassAnswersAsync(answering, asking, turn));
            }
            catch (Exception failure) when (failure is IOException or SocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
            {
                // One side is gone, and the other is told by the end of this.
            }
            finally
            {
                clients.TryRemove(client, out _);
            }
        }
    }

    // Neither TLS nor GSS: what is asked for first is answered here, so that messages can be read.
    private async Task BeginAsync(NetworkStream client, NetworkStream server)
    {
        while (true)
        {
            var head = new byte[sizeof(int)];
            await client.ReadExactlyAsync(head, end.Token);
            var body = new byte[BinaryPrimitives.ReadInt32BigEndian(head) - head.Length];
            await client.ReadExactlyAsync(body, end.Token);
            var code = BinaryPrimitives.ReadInt32BigEndian(body);
            if (code is SslRequest or GssRequest)
            {
                await client.WriteAsync("N"u8.ToArray(), end.Token);
                continue;
            }

            // At once: a pooler takes no half packet here.
            await server.WriteAsync((byte[])[.. head, .. body], end.Token);
            return;
        }
    }

    private async Task PassRequestsAsync(NetworkStream from, NetworkStream to, Turn turn)
    {
        var buffer = new byte[64 * 1_024];
        for (var length = await from.ReadAsync(buffer, end.Token); length > 0; length = await from.ReadAsync(buffer, end.Token))
        {
            if (Interlocked.Exchange(ref turn.IsServers, 1) == 0) Interlocked.Increment(ref turns);
            await to.WriteAsync(buffer.AsMemory(0, length), end.Token);
        }
    }

    private async Task PassAnswersAsync(NetworkStream from, NetworkStream to, Turn turn)
    {
        var head = new byte[1 + sizeof(int)];
        while (true)
        {
            await from.ReadExactlyAsync(head, end.Token);
            var body = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1)) - sizeof(int)];
            await from.ReadExactlyAsync(body, end.Token);
            if (head[0] == Notification && DropsNotifications)
            {
                Interlocked.Increment(ref dropped);
                continue;
            }

            if (head[0] == ParameterStatus && TellsVersion is { } told && body.AsSpan().StartsWith(Encoding.ASCII.GetBytes(VersionName + "\0"))) body = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{VersionName}\0{told}\0"));
            BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(1), body.Length + sizeof(int));
            Interlocked.Exchange(ref turn.IsServers, 0);
            await to.WriteAsync((byte[])[.. head, .. body], end.Token);
        }
    }

    private sealed class Turn
    {
        /// <summary>1 from a question to the first answer.</summary>
        public int IsServers;
    }
}
