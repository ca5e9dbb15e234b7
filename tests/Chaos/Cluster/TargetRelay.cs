using System.Net;
using System.Net.Sockets;

namespace PasswordSync.Chaos.Cluster;

/// <summary>The way to the target. What a node has sent arrives, also if the node ends the connection right after: as from a network that has it already.</summary>
internal sealed class TargetRelay : IAsyncDisposable
{
    private const int BufferLength = 16 * 1_024;

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource end = new();
    private readonly Uri target;
    private readonly Task accepting;

    public TargetRelay(Uri target)
    {
        this.target = target;
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>The target by this way.</summary>
    public Uri Address => new UriBuilder(target) { Port = Port }.Uri;

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        listener.Stop();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        end.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true) _ = ServeAsync(await listener.AcceptSocketAsync(end.Token));
    }

    // The target alone ends its side: by its answer, which ends the connection.
    private async Task ServeAsync(Socket node)
    {
        using (node)
        using (var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            try
            {
                await server.ConnectAsync(IPAddress.Parse(target.Host), target.Port, end.Token);
                var requests = CopyAsync(node, server);
                await CopyAsync(server, node).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (requests.IsCompleted) await CopyAsync(server, to: null);
                else node.Shutdown(SocketShutdown.Send);
                await requests;
            }
            catch (Exception failure) when (failure is SocketException or OperationCanceledException)
            {
                // The target is gone, or this.
            }
        }
    }

    private async Task CopyAsync(Socket from, Socket? to)
    {
        var buffer = new byte[BufferLength];
        for (var length = await from.ReceiveAsync(buffer, end.Token); length > 0; length = await from.ReceiveAsync(buffer, end.Token))
        {
            if (to is not null) await to.SendAsync(buffer.AsMemory(0, length), end.Token);
        }
    }
}
