using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Secrets;

namespace PasswordSync.Pbm;

/// <summary>Talks to one node's admin listener.</summary>
internal sealed class NodeClient : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    private readonly HttpClient http;
    private readonly Trust trust;
    private readonly string address;

    public NodeClient(CommandLine line, Terminal terminal)
    {
        trust = new Trust(line, terminal);
        address = line.Address;
        using var token = OwnFiles.ReadToken(line, terminal);
        var handler = new SocketsHttpHandler { ConnectTimeout = ConnectTimeout, UseProxy = false, UseCookies = false, AllowAutoRedirect = false };
        handler.SslOptions.EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is X509Certificate2 shown && trust.IsTrusted(shown);
        http = new HttpClient(handler) { BaseAddress = new Uri($"https://{line.Address}/"), Timeout = Timeout.InfiniteTimeSpan };

        // A header is a string: the token cannot be wiped from memory.
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Reveal().ToString());
    }

    /// <summary>What the node offers.</summary>
    public async Task<CommandList> FetchAsync(CancellationToken cancellationToken)
    {
        using var response = await SendAsync(new HttpRequestMessage(HttpMethod.Get, CommandList.Path), cancellationToken).ConfigureAwait(false);
        try
        {
            await response.Content.LoadIntoBufferAsync(CommandList.BytesMax, cancellationToken).ConfigureAwait(false);
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
            return JsonSerializer.Deserialize(body, OperationsJson.Default.CommandList) ?? throw new JsonException("It is empty.");
        }
        catch (HttpRequestException failure)
        {
            throw new PbmException(ExitCodes.Unreachable, $"The list of commands of {address} cannot be read (at most {CommandList.BytesMax} bytes are): {failure.Message}", failure);
        }
        catch (JsonException failure)
        {
            throw new PbmException(ExitCodes.Unreachable, $"The node {address} answers, but not with a list of commands: is it a node's admin listener? {failure.Message}", failure);
        }
    }

    /// <summary>Runs a command; the caller disposes the response.</summary>
    /// <exception cref="PbmException">The node did not do it.</exception>
    public Task<HttpResponseMessage> RunAsync(CommandBinding binding, IReadOnlyDictionary<string, Secret> secrets, CancellationToken cancellationToken)
    {
        var path = $"{CommandList.OperationsPath}{string.Join('/', CommandBinding.WordsOf(binding.Command).Select(Uri.EscapeDataString))}";
        if (binding.Command.Method == "POST") return SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = new SecretContent(binding.Values, secrets) }, cancellationToken);
        var query = string.Join('&', binding.Values.SelectMany(entry => entry.Value.Select(value => $"{Uri.EscapeDataString(entry.Key)}={Uri.EscapeDataString(value)}")));
        return SendAsync(new HttpRequestMessage(HttpMethod.Get, query.Length == 0 ? path : $"{path}?{query}"), cancellationToken);
    }

    public void Dispose() => http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException) when (trust.Refused is not null)
        {
            throw new PbmException(ExitCodes.NotTrusted, trust.Explain());
        }
        catch (HttpRequestException failure)
        {
            throw new PbmException(ExitCodes.Unreachable, $"The node {address} cannot be reached: {(failure.InnerException ?? failure).Message}", failure);
        }
        catch (OperationCanceledException failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw new PbmException(ExitCodes.Unreachable, $"The node {address} did not answer within {ConnectTimeout.TotalSeconds} s.", failure);
        }

        if (response.IsSuccessStatusCode) return response;
        using (response) throw await ProblemAsync(response, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<PbmException> ProblemAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var code = response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.TooManyRequests ? ExitCodes.NotAllowed
            : response.StatusCode == HttpStatusCode.BadRequest ? ExitCodes.Usage : ExitCodes.Refused;
        try
        {
            using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false));
            return new PbmException(code, problem.RootElement.GetProperty("detail").GetString() ?? "The node gives no reason.");
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return new PbmException(code, $"The node refused with status {(int)response.StatusCode}.", failure);
        }
    }

    /// <summary>A body with secrets in it, in memory that is wiped.</summary>
    private sealed class SecretContent : HttpContent
    {
        private readonly byte[] body;
        private readonly int length;

        public SecretContent(ImmutableSortedDictionary<string, ImmutableArray<string>> values, IReadOnlyDictionary<string, Secret> secrets)
        {
            var size = 16 + values.Sum(entry => (6 * entry.Key.Length) + 8 + entry.Value.Sum(value => (6 * value.Length) + 4)) + secrets.Sum(entry => (6 * entry.Key.Length) + 8 + (6 * entry.Value.Length));
            body = GC.AllocateUninitializedArray<byte>(size, pinned: true);
            using var stream = new MemoryStream(body);
            using (var writer = new Utf8JsonWriter(stream))
            {
                writer.WriteStartObject();
                foreach (var (name, all) in values)
                {
                    writer.WriteStartArray(name);
                    foreach (var value in all) writer.WriteStringValue(value);
                    writer.WriteEndArray();
                }

                // The writer keeps a buffer of its own until it is disposed, which is not wiped.
                foreach (var (name, secret) in secrets) writer.WriteString(name, secret.Reveal());
                writer.WriteEndObject();
            }

            length = (int)stream.Position;
            Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(body.AsMemory(0, length)).AsTask();

        protected override bool TryComputeLength(out long computed)
        {
            computed = length;
            return true;
        }

        protected override void Dispose(bool disposing)
        {
            CryptographicOperations.ZeroMemory(body);
            base.Dispose(disposing);
        }
    }
}
