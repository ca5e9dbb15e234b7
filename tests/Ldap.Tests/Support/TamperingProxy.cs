using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace PasswordSync.Ldap.Tests.Support;

/// <summary>What a <see cref="TamperingProxy"/> does to the next answer.</summary>
public enum Tampering
{
    None,
    FlipLastByte,
    SendInClear,
    PromiseTooMuch,
    CutOff,
}

/// <summary>Stands between a client and a real server and spoils an answer when told to.</summary>
internal sealed class TamperingProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentBag<Task> copying = [];
    private readonly IPEndPoint target;
    private readonly Task accepting;
    private volatile Tampering tampering;

    public TamperingProxy(IPEndPoint target)
    {
        this.target = target;
        listener.Start();
        accepting = AcceptAsync();
    }

    public LdapServer Address => new("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port);

    public void Tamper(Tampering how) => tampering = how;

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await accepting;
        listener.Dispose();
        await Task.WhenAll(copying);
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) copying.Add(CopyAsync(await listener.AcceptTcpClientAsync(stopping.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task CopyAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        {
            try
            {
                await server.ConnectAsync(target, stopping.Token);
                var up = client.GetStream().CopyToAsync(server.GetStream(), stopping.Token);
                await CopyAnswersAsync(server.GetStream(), client.GetStream());
                client.Dispose();
                await up;
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
            {
                // One side went away or the test is over.
            }
        }
    }

    private async Task CopyAnswersAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[64 * 1024];
        while (await from.ReadAsync(buffer, stopping.Token) is var count and > 0)
        {
            var piece = buffer.AsMemory(0, count);
            switch (tampering)
            {
                case Tampering.FlipLastByte:
                    piece.Span[^1] ^= 1;
                    break;
                case Tampering.SendInClear:
                    piece = Answers.SearchDone(1);
                    break;
                case Tampering.PromiseTooMuch:
                    piece = new byte[] { 0x7F, 0xFF, 0xFF, 0xFF };
                    break;
                case Tampering.CutOff:
                    piece = piece[..^1];
                    break;
            }

            await to.WriteAsync(piece, stopping.Token);
            if (tampering == Tampering.CutOff) return;
        }
    }
}
