using System.Collections.Concurrent;
using System.Formats.Asn1;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using PasswordSync.Lab;
using PasswordSync.Ldap;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Tests.Support;

namespace PasswordSync.Providers.Tests.Directories;

/// <summary>
/// An LDAP server over TLS that accepts every bind, finds one and the same entry in every search, and answers writes (modify and extended) as
/// the test says; null ends the connection without an answer.
/// </summary>
internal sealed class ScriptedDirectory : IAsyncDisposable
{
    private const int BindRequest = 0, BindResponse = 1, SearchRequest = 3, SearchEntry = 4, SearchDone = 5, ModifyRequest = 6, ModifyResponse = 7, ExtendedRequest = 23, ExtendedResponse = 24;

    private readonly ScratchFolder folder = new();
    private readonly CertificateAuthority authority = CertificateAuthority.Create("scripted directory");
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ending = new();
    private readonly ConcurrentBag<Task> serving = [];
    private readonly X509Certificate2 certificate;
    private readonly (LdapResultCode Code, string Diagnostics)? answer;
    private readonly Task accepting;

    public ScriptedDirectory((LdapResultCode Code, string Diagnostics)? answer)
    {
        this.answer = answer;
        authority.Issue(folder.PathOf("server.pem"), folder.PathOf("server.key"), ["localhost"], [IPAddress.Loopback]);
        certificate = X509Certificate2.CreateFromPemFile(folder.PathOf("server.pem"), folder.PathOf("server.key"));
        listener.Start();
        Options = new DirectoryOptions
        {
            Servers = [new LdapServer("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port)],
            ConnectTimeout = Any.LongTime,
            RequestTimeout = Any.LongTime,
            TrustedRoots = [folder.Write("ca.pem", authority.CertificatePem)],
            BindName = "cn=service",
            BindPassword = "file:" + folder.Write("bind", "service password"),
        };
        accepting = AcceptAsync(ending.Token);
    }

    /// <summary>Settings that lead here.</summary>
    public DirectoryOptions Options { get; }

    /// <summary>The key of the one entry, as <c>entryUUID</c>.</summary>
    public string Key { get; } = Guid.NewGuid().ToString("D");

    /// <summary>Where answers with <see cref="LdapResultCode.Referral"/> refer to; null for nowhere.</summary>
    public string? Referral { get; init; }

    /// <summary>Whether searches are answered as writes are.</summary>
    public bool AnswersSearchesAlike { get; init; }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Stop();
        await accepting;
        await Task.WhenAll(serving);
        listener.Dispose();
        certificate.Dispose();
        authority.Dispose();
        folder.Dispose();
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
            await using var plain = new NetworkStream(socket, ownsSocket: true);
            await using var tls = new SslStream(plain);
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, token);
            while (await ReadAsync(tls, token) is var (id, operation))
            {
                foreach (var response in Responses(id, operation)) await tls.WriteAsync(response, token);
                if (operation is ModifyRequest or ExtendedRequest && answer is null) return;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client went away.
        }
    }

    private IEnumerable<byte[]> Responses(int id, int operation) => operation switch
    {
        BindRequest => [Result(id, BindResponse, LdapResultCode.Success, "")],
        SearchRequest when AnswersSearchesAlike && answer is var (code, diagnostics) => [Result(id, SearchDone, code, diagnostics)],
        SearchRequest => [Entry(id), Result(id, SearchDone, LdapResultCode.Success, "")],
        ModifyRequest when answer is var (code, diagnostics) => [Result(id, ModifyResponse, code, diagnostics)],
        ExtendedRequest when answer is var (code, diagnostics) => [Result(id, ExtendedResponse, code, diagnostics)],
        _ => [],
    };

    private static async Task<(int Id, int Operation)?> ReadAsync(Stream stream, CancellationToken token)
    {
        var head = new byte[2];
        await stream.ReadExactlyAsync(head, token);
        var length = (int)head[1];
        if (length > 0x80)
        {
            var more = new byte[length - 0x80];
            await stream.ReadExactlyAsync(more, token);
            length = more.Aggregate(0, (sum, value) => (sum << 8) | value);
        }

        var content = new byte[length];
        await stream.ReadExactlyAsync(content, token);
        var reader = new AsnReader(content, AsnEncodingRules.BER);
        reader.TryReadInt32(out var id);
        return (id, reader.PeekTag().TagValue);
    }

    private byte[] Result(int id, int operation, LdapResultCode code, string diagnostics) => Message(id, operation, writer =>
    {
        writer.WriteEnumeratedValue(code);
        writer.WriteOctetString([]);
        writer.WriteOctetString(Encoding.UTF8.GetBytes(diagnostics));
        if (code != LdapResultCode.Referral || Referral is null) return;
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 3))) writer.WriteOctetString(Encoding.UTF8.GetBytes(Referral));
    });

    private byte[] Entry(int id) => Message(id, SearchEntry, writer =>
    {
        writer.WriteOctetString("uid=anna,dc=test"u8);
        using (writer.PushSequence())
        {
            foreach (var (name, value) in new[] { ("entryUUID", Key), ("defaultNamingContext", "dc=test"), ("dsServiceName", "cn=dsa"), ("minPwdLength", "7"), ("pwdProperties", "1") })
            {
                using (writer.PushSequence())
                {
                    writer.WriteOctetString(Encoding.UTF8.GetBytes(name));
                    using (writer.PushSetOf()) writer.WriteOctetString(Encoding.UTF8.GetBytes(value));
                }
            }
        }
    });

    private static byte[] Message(int id, int operation, Action<AsnWriter> write)
    {
        var writer = new AsnWriter(AsnEncodingRules.BER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(id);
            using (writer.PushSequence(new Asn1Tag(TagClass.Application, operation))) write(writer);
        }

        return writer.Encode();
    }
}
