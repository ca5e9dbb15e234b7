using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using PasswordSync.Core.Operations;
using PasswordSync.Lab;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.SyncNode;
using PasswordSync.SyncNode.Admin;
using Shouldly;

namespace PasswordSync.Operations.Tests.Support;

/// <summary>An operator who talks to a node's admin listener over HTTPS, as any program would.</summary>
internal sealed class OperatorClient : IDisposable
{
    private readonly HttpClient http;
    private CommandList? commands;

    private OperatorClient(HttpClient http) => this.http = http;

    /// <summary>The token that is sent.</summary>
    public string? Token => http.DefaultRequestHeaders.Authorization?.Parameter;

    /// <summary>The token of the first administrator, from the file that the node made.</summary>
    public static string FirstToken(TestNode node) => FirstToken(node.Folder);

    public static OperatorClient First(TestNode node) => With(node, FirstToken(node));

    /// <summary>The first administrator of a server with this folder.</summary>
    public static OperatorClient First(string folder, SyncServer server) => With(folder, server, FirstToken(folder));

    public static OperatorClient With(TestNode node, string? token) => With(node.Folder, node.Server, token);

    private static string FirstToken(string folder) => File.ReadAllText(Path.Combine(folder, "data", FirstAdministrator.FileName)).Trim();

    /// <summary>With a token, or none; trusts the certificate that the node wrote into its data folder and no other.</summary>
    private static OperatorClient With(string folder, SyncServer server, string? token)
    {
        var pinned = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(folder, "data", "admin.pem"));
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            certificate is X509Certificate2 shown && AdminCertificate.FingerprintOf(shown) == AdminCertificate.FingerprintOf(pinned);
        var http = new HttpClient(handler) { BaseAddress = server.AdminAddresses[0] };
        if (token is not null) http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return new OperatorClient(http);
    }

    /// <summary>Makes an operator with a role, and a client for it.</summary>
    public async Task<OperatorClient> MakeAsync(TestNode node, string name, string role, CancellationToken cancellationToken)
    {
        var answer = await RunAsync("operator add", cancellationToken, ("name", name), ("role", role));
        return With(node, answer.Fact("token"));
    }

    public async Task<CommandList> CommandsAsync(CancellationToken cancellationToken) => (await http.GetFromJsonAsync(CommandList.Path, OperationsJson.Default.CommandList, cancellationToken))!;

    public Task<HttpResponseMessage> GetAsync(string path, CancellationToken cancellationToken) => http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    /// <summary>Runs an operation, whatever comes of it. What there is to run is fetched once, as a client at a prompt does.</summary>
    public async Task<HttpResponseMessage> TryAsync(string operation, CancellationToken cancellationToken, params (string Name, string Value)[] parameters)
    {
        commands ??= await CommandsAsync(cancellationToken);
        var command = commands.Commands.Single(known => $"{known.Palette} {known.Name}".TrimEnd() == operation);
        return await SendAsync(RequestOf(command, parameters), cancellationToken);
    }

    /// <summary>Runs an operation that must succeed.</summary>
    public async Task<Reply> RunAsync(string operation, CancellationToken cancellationToken, params (string Name, string Value)[] parameters)
    {
        using var response = await TryAsync(operation, cancellationToken, parameters);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        return new Reply(JsonDocument.Parse(text).RootElement);
    }

    /// <summary>Runs an operation that must be refused; the detail of the problem.</summary>
    public async Task<string> RefusedAsync(HttpStatusCode status, string operation, CancellationToken cancellationToken, params (string Name, string Value)[] parameters)
    {
        using var response = await TryAsync(operation, cancellationToken, parameters);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        response.StatusCode.ShouldBe(status, text);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        return JsonDocument.Parse(text).RootElement.GetProperty("detail").GetString()!;
    }

    /// <summary>Begins a streaming operation. The caller ends it.</summary>
    public async Task<OperatorStream> FollowAsync(string operation, CancellationToken cancellationToken, params (string Name, string Value)[] parameters)
    {
        var response = await TryAsync(operation, cancellationToken, parameters);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return new OperatorStream(response, new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken)));
    }

    /// <summary>The first rows of a streaming operation.</summary>
    public async Task<List<JsonElement>> StreamAsync(string operation, int count, CancellationToken cancellationToken, params (string Name, string Value)[] parameters)
    {
        using var stream = await FollowAsync(operation, cancellationToken, parameters);
        return await stream.ReadAsync(count, cancellationToken);
    }

    /// <summary>Waits until an answer fits, for what comes to pass by itself.</summary>
    public async Task<Reply> UntilAsync(string operation, Func<Reply, bool> fits, CancellationToken cancellationToken, params (string Name, string Value)[] parameters)
    {
        while (true)
        {
            var reply = await RunAsync(operation, cancellationToken, parameters);
            if (fits(reply)) return reply;

            // Who asks without a pause takes the processor from what is waited for.
            await Task.Delay(Eventually.LookInterval, cancellationToken);
        }
    }

    /// <summary>Waits until the node is ready: it takes its shards a moment after it begins to listen. On a machine with much else to do, its database may be slow to answer, too; nothing else keeps it from being ready.</summary>
    public async Task UntilReadyAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            using var ready = await GetAsync("health/ready", cancellationToken);
            if (ready.StatusCode == HttpStatusCode.OK) return;
            using var answer = JsonDocument.Parse(await ready.Content.ReadAsStringAsync(cancellationToken));
            answer.RootElement.GetProperty("reasons").EnumerateArray().Select(reason => reason.GetString()!).Except(["The node owns no shard: it decides nothing.", "The database did not answer within 2 s."]).ShouldBeEmpty();
            await Task.Delay(Eventually.LookInterval, cancellationToken);
        }
    }

    public static HttpRequestMessage RequestOf(CommandDescription command, params (string Name, string Value)[] parameters)
    {
        var path = $"{CommandList.OperationsPath}{command.Palette}/{command.Name.Replace(' ', '/')}".TrimEnd('/');
        if (command.Method == "POST") return new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(parameters.ToDictionary(entry => entry.Name, entry => entry.Value)) };
        var query = string.Join('&', parameters.Select(entry => $"{entry.Name}={Uri.EscapeDataString(entry.Value)}"));
        return new HttpRequestMessage(HttpMethod.Get, query.Length == 0 ? path : $"{path}?{query}");
    }

    public void Dispose() => http.Dispose();
}

/// <summary>The rows of a streaming operation, as they come.</summary>
internal sealed class OperatorStream(HttpResponseMessage response, StreamReader reader) : IDisposable
{
    /// <summary>The next rows: so many, or fewer where the stream ends.</summary>
    public async Task<List<JsonElement>> ReadAsync(int count, CancellationToken cancellationToken)
    {
        var rows = new List<JsonElement>();
        while (rows.Count < count && await reader.ReadLineAsync(cancellationToken) is { } line) rows.Add(JsonDocument.Parse(line).RootElement);
        return rows;
    }

    public void Dispose()
    {
        reader.Dispose();
        response.Dispose();
    }
}

/// <summary>An answer, to be read in tests.</summary>
internal sealed record Reply(JsonElement Root)
{
    public IReadOnlyList<JsonElement> Rows(int section = 0) => [.. Root.GetProperty("sections")[section].GetProperty("rows").EnumerateArray()];

    /// <summary>The rows of the section with a title.</summary>
    public IReadOnlyList<JsonElement> Rows(string title) =>
        [.. Root.GetProperty("sections").EnumerateArray().Single(section => section.TryGetProperty("title", out var known) && known.GetString() == title).GetProperty("rows").EnumerateArray()];

    /// <summary>The value of a fact of the first section.</summary>
    public string Fact(string what) => Rows().Single(row => row.GetProperty("what").GetString() == what).GetProperty("value").ToString();

    public override string ToString() => Root.ToString();
}
