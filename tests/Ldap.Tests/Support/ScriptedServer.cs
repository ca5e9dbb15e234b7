using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace PasswordSync.Ldap.Tests.Support;

/// <summary>A server on a free loopback port that does what a test's script says, once per connection.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentBag<Task> conversations = [];
    private readonly Task accepting;
    private int connections;

    private ScriptedServer(Func<Conversation, Task> script, X509Certificate2? certificate)
    {
        listener.Start();
        Address = new LdapServer("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port);
        accepting = AcceptAsync(script, certificate);
    }

    public LdapServer Address { get; }

    /// <summary>How many connections were accepted so far.</summary>
    public int Connections => Volatile.Read(ref connections);

    public static ScriptedServer Start(Func<Conversation, Task> script) => new(script, certificate: null);

    public static ScriptedServer StartTls(X509Certificate2 certificate, Func<Conversation, Task> script) => new(script, certificate);

    /// <summary>Stops, and throws what a script threw for another reason than the end of its connection.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await accepting;
        listener.Dispose();
        await Task.WhenAll(conversations);
        stopping.Dispose();
    }

    private async Task AcceptAsync(Func<Conversation, Task> script, X509Certificate2? certificate)
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(stopping.Token);
                var number = Interlocked.Increment(ref connections);
                conversations.Add(ServeAsync(client, number, script, certificate));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(TcpClient client, int number, Func<Conversation, Task> script, X509Certificate2? certificate)
    {
        using (client)
        {
            try
            {
                Stream stream = client.GetStream();
                if (certificate is not null)
                {
                    var tls = new SslStream(stream);
                    await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, stopping.Token);
                    stream = tls;
                }

                await script(new Conversation(stream, number, stopping.Token));
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or System.Security.Authentication.AuthenticationException)
            {
                // The client went away or the test is over.
            }
        }
    }
}
