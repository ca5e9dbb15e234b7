using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using PasswordSync.Core.Identities;
using PasswordSync.EdgeNode;
using PasswordSync.EdgeNode.Enrolment;
using PasswordSync.EdgeNode.Settings;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Enrolment;
using PasswordSync.Nodes.Tests.Certificates;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.SyncNode.Commands;
using PasswordSync.SyncNode.Enrolment;
using Xunit;

namespace PasswordSync.Nodes.Tests.Enrolment;

/// <summary>A real node with the authority's key for all tests, registration keys made by its command, and folders of edges that have no certificate yet.</summary>
public sealed class EnrolmentFixture : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("passwordsync-enrolment-").FullName;
    private readonly string home = Directory.CreateTempSubdirectory("passwordsync-node-").FullName;
    private ClusterAuthority authority = null!;

    public EnrolmentFixture() => Keys = new RegistrationKeys(DataFolder, TimeProvider.System);

    internal TestNode Node { get; private set; } = null!;

    public RegistrationKeys Keys { get; }

    /// <summary>What the edges logged.</summary>
    internal LogLines Log { get; } = new();

    private string DataFolder => Path.Combine(home, "data");

    /// <summary>Starts a node whose authority is older than what is dated back here.</summary>
    public async ValueTask InitializeAsync()
    {
        var token = TestContext.Current.CancellationToken;
        Node = await TestNode.StartAsync(new Dictionary<string, Providers.Memory.MemoryTarget>(), token, folder: home);
        authority = await ClusterAuthority.OpenOrCreateAsync(DataFolder, TestNode.Cluster, CertificateFixture.Passphrase, DateTimeOffset.UtcNow, token);
    }

    /// <summary>An edge's folder with its configuration, which names this node and <c>registration.json</c>.</summary>
    public async Task<EdgeSettingsFile> EdgeAsync(string name, CancellationToken cancellationToken, string controller = TestNode.DomainController, string source = "alpha")
    {
        var home = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
        await CertificateFixture.ConfigureEdgeAsync(home, cancellationToken);
        var file = Path.Combine(home, "edge.json");
        var text = await File.ReadAllTextAsync(file, cancellationToken);
        text = text.Replace("{\"cluster\"", "{\"registrationKey\":\"registration.json\",\"cluster\"", StringComparison.Ordinal)
            .Replace("[\"https://127.0.0.1:1\"]", $"[\"https://127.0.0.1:1\",\"{Node.Server.Addresses[0]}\"]", StringComparison.Ordinal)
            .Replace($"\"{TestNode.DomainController}\"", $"\"{controller}\"", StringComparison.Ordinal)
            .Replace("\"source\":\"alpha\"", $"\"source\":\"{source}\"", StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, text, cancellationToken);
        return EdgeSettingsFile.Read(file);
    }

    /// <summary>The command of an administrator, at the node while it runs.</summary>
    public async Task<RegistrationFile> MakeKeyAsync(string output, int uses, CancellationToken cancellationToken)
    {
        var answer = await new RootCommand { RegistrationKeyCommand.Create() }
            .Parse(["registration-key", "--config", Path.Combine(Node.Folder, "node.json"), "--source", "alpha", "--uses", $"{uses}", "--out", output]).InvokeAsync(cancellationToken: cancellationToken);
        return answer == 0 ? RegistrationFile.Read(output) : throw new InvalidOperationException($"registration-key answers {answer}.");
    }

    /// <summary>Waits until the node has taken into its audit what the commands did.</summary>
    public async Task AuditedAsync(CancellationToken cancellationToken)
    {
        using var rhythm = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (Directory.EnumerateFiles(Path.Combine(DataFolder, "commands")).Any()) await rhythm.WaitForNextTickAsync(cancellationToken);
    }

    /// <summary>A key of any source, made at a time of the caller's.</summary>
    public async Task<RegistrationFile> MakeKeyAsync(SourceId source, int uses, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var keys = new RegistrationKeys(DataFolder, clock);
        return await keys.MakeAsync(authority, TestNode.Cluster, source, uses, TimeSpan.FromHours(24), [], cancellationToken);
    }

    internal EdgeEnrolment Enrolment(EdgeSettingsFile edge, TimeProvider? clock = null) => new(edge, clock ?? new SlowClock(factor: 8), Log.CreateLogger<EdgeEnrolment>());

    public Task EnrolAsync(EdgeSettingsFile edge, CancellationToken cancellationToken, TimeProvider? clock = null) => Enrolment(edge, clock).EnrolAsync(edge.PathOf("registration.json"), cancellationToken);

    /// <summary>A connection that shows a registration key, whatever its dates.</summary>
    public HttpClient Connect(RegistrationFile key)
    {
        using var bare = X509Certificate2.CreateFromPem(key.Certificate);
        using var pair = ECDsa.Create();
        pair.ImportFromPem(key.Key);
        var opener = KeyedCertificate.Join(bare, pair);
        var http = EdgeConnections.ToNodes(TestNode.Cluster, () => opener, X509Certificate2.CreateFromPem(key.Authority), _ => { }, TimeProvider.System);
        http.BaseAddress = Node.Server.Addresses[0];
        return http;
    }

    public static async Task<(HttpStatusCode Status, string Text)> PostAsync(HttpClient http, string controller, string request, CancellationToken cancellationToken)
    {
        using var content = new StringContent(request);
        using var answer = await http.PostAsync(new Uri($"{RegistrationFile.EnrolmentPath}?dc={controller}", UriKind.Relative), content, cancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(cancellationToken));
    }

    /// <summary>A new key pair's request.</summary>
    public static string Request()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return CertificateFixture.RequestOf(key);
    }

    /// <summary>Runs a statement in the node's database, as another node would; gives the first column of each row.</summary>
    public async Task<IReadOnlyList<string>> RunSqlAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(DataFolder, "node.db")};Pooling=False;Default Timeout=60");
        await connection.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<string>();
        while (await rows.ReadAsync(cancellationToken)) found.Add($"{rows.GetValue(0)}");
        return found;
    }

    public async ValueTask DisposeAsync()
    {
        Keys.Dispose();
        authority?.Dispose();
        if (Node is not null) await Node.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>A clock that is wrong.</summary>
    public sealed class WrongClock(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
