using System.Net;
using System.Net.Sockets;

namespace PasswordSync.Chaos.Cluster;

/// <summary>One node's way to the database. While it is cut nothing passes in either direction and nobody is told, as behind a switch that lost its power.</summary>
internal sealed class DatabaseProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource end = new();
    private readonly int target;
    private readonly Task accepting;
    private TaskCompletionSource open = Opened();
    private volatile DatabaseTrap? trap;

    public DatabaseProxy(int target)
    {
        this.target = target;
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public void Cut() => open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Mend() => open.TrySetResult();

    /// <summary>From now on the trap watches what the node asks.</summary>
    public void Set(DatabaseTrap watching) => trap = watching;

    public async ValueTask DisposeAsync()
    {
        Mend();
        trap?.Dispose();
        await end.CancelAsync();
        listener.Stop();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        end.Dispose();
    }

    private static TaskCompletionSource Opened()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }

    private async Task AcceptAsync()
    {
        while (true) _ = ServeAsync(await listener.AcceptTcpClientAsync(end.Token));
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        using (var server = new TcpClient())
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, target, end.Token);
                var answers = Task.CompletedTask;
                await Task.WhenAny(
                    CopyAsync(client.GetStream(), server.GetStream(), request =>
                    {
                        if (trap is not { } watching || !watching.Catches(request.Span)) return Task.CompletedTask;
                        if (watching.Part == HeldPart.Request) return watching.Released;
                        answers = watching.Released;
                        return Task.CompletedTask;
                    }),
                    CopyAsync(server.GetStream(), client.GetStream(), _ => answers));
            }
            catch (Exception failure) when (failure is IOException or SocketException or OperationCanceledException)
            {
                // One side is gone, and the other is told by the end of this.
            }
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, Func<ReadOnlyMemory<byte>, Task> holdAsync)
    {
        var buffer = new byte[64 * 1_024];
        for (var length = await from.ReadAsync(buffer, end.Token); length > 0; length = await from.ReadAsync(buffer, end.Token))
        {
            await holdAsync(buffer.AsMemory(0, length)).WaitAsync(end.Token);
            await open.Task.WaitAsync(end.Token);
            await to.WriteAsync(buffer.AsMemory(0, length), end.Token);
        }
    }
}
