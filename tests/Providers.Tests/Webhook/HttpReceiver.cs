using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace PasswordSync.Providers.Tests.Webhook;

/// <summary>A request as it arrived.</summary>
internal sealed record ReceivedRequest(string Line, IReadOnlyDictionary<string, string> Headers, byte[] Body);

/// <summary>
/// Takes HTTP/1.1 requests, over TLS if it has a certificate, and answers each with the bytes that the test gives; null closes the connection
/// without an answer. One request a connection.
/// </summary>
internal sealed class HttpReceiver : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ending = new();
    private readonly ConcurrentBag<Task> serving = [];
    private readonly X509Certificate2? certificate;
    private readonly Func<ReceivedRequest, CancellationToken, Task<string?>> answer;
    private readonly Task accepting;

    public HttpReceiver(X509Certificate2? certificate, Func<ReceivedRequest, CancellationToken, Task<string?>> answer)
    {
        this.certificate = certificate;
        this.answer = answer;
        listener.Start();
        accepting = AcceptAsync(ending.Token);
    }

    public Uri Url => new($"{(certificate is null ? "http" : "https")}://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/hook");

    /// <summary>Whether a connection stays open after its answer, as if more of it were to come.</summary>
    public bool HoldsOpen { get; init; }

    public ConcurrentQueue<ReceivedRequest> Requests { get; } = new();

    /// <summary>An answer with a status, a body and more header lines.</summary>
    public static string Answer(int status, string body = "", params string[] headers) =>
        string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {status} Test\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n{string.Concat(headers.Select(header => header + "\r\n"))}\r\n{body}");

    /// <summary>An answer whose body ends before all of it has come.</summary>
    public static string BrokenAnswer(int status, string body, params string[] headers) =>
        string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {status} Test\r\nContent-Length: {Encoding.UTF8.GetByteCount(body) + 1}\r\nContent-Type: application/json\r\nConnection: close\r\n{string.Concat(headers.Select(header => header + "\r\n"))}\r\n{body}");

    public async ValueTask DisposeAsync()
    {
        // Stopped first, it would refuse to accept once more in a way that is not a cancellation.
        await ending.CancelAsync();
        await accepting;
        listener.Stop();
        await Task.WhenAll(serving);
        listener.Dispose();
        ending.Dispose();
    }

    private async Task AcceptAsync(CancellationToken token)
    {
        try
        {
            while (true)
            {
                var socket = await listener.AcceptSocketAsync(token);
                serving.Add(ServeAsync(socket, token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket socket, CancellationToken token)
    {
        try
        {
            await using Stream plain = new NetworkStream(socket, ownsSocket: true);
            await using var stream = await SecureAsync(plain, token);
            var request = await ReadAsync(stream, token);
            Requests.Enqueue(request);
            if (await answer(request, token) is { } text)
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes(text), token);
                await stream.FlushAsync(token);
                if (HoldsOpen) await Task.Delay(Timeout.Infinite, token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or System.Security.Authentication.AuthenticationException)
        {
            // The client went away or refused the certificate, as some tests want.
        }
    }

    private async Task<Stream> SecureAsync(Stream plain, CancellationToken token)
    {
        if (certificate is null) return plain;
        var tls = new SslStream(plain, leaveInnerStreamOpen: false);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, token);
        return tls;
    }

    private static async Task<ReceivedRequest> ReadAsync(Stream stream, CancellationToken token)
    {
        var head = new List<byte>();
        var one = new byte[1];
        while (!(head.Count >= 4 && head[^4..].SequenceEqual("\r\n\r\n"u8.ToArray())))
        {
            await stream.ReadExactlyAsync(one, token);
            head.Add(one[0]);
        }

        var lines = Encoding.ASCII.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines[1..].Select(line => line.Split(": ", 2)).ToDictionary(parts => parts[0], parts => parts[1], StringComparer.OrdinalIgnoreCase);
        var body = new byte[int.Parse(headers.GetValueOrDefault("Content-Length", "0"), CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, token);
        return new ReceivedRequest(lines[0], headers, body);
    }
}
