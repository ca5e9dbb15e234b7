using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace PasswordSync.Lab;

/// <summary>What a SCIM server can do.</summary>
/// <param name="Patch">Whether it takes PATCH.</param>
/// <param name="ETag">Whether its users have versions.</param>
public sealed record ScimServerOptions(bool Patch, bool ETag);

/// <summary>A SCIM 2.0 server from npm (SCIMMY) in a process of its own, over TLS on loopback. Its packages are installed once into the output folder.</summary>
public sealed class ScimServer : IAsyncDisposable
{
    public const string Token = "a-token-of-the-tests";
    public const string WeakToken = "a-token-that-may-only-read";
    public const string ClientId = "password sync";
    public const string ClientSecret = "s3cret/of+the=client";

    private static readonly SemaphoreSlim Installing = new(1);

    private readonly Process _process;
    private readonly TemporaryFolder _folder;
    private readonly HttpClient _client;

    private ScimServer(Process process, TemporaryFolder folder, int port)
    {
        _process = process;
        _folder = folder;
        EndPoint = new IPEndPoint(IPAddress.Loopback, port);
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(AuthorityFile);
        _client = new HttpClient(new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = policy } }) { BaseAddress = new Uri($"https://{EndPoint}/lab/") };
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>The root certificate to trust, a PEM file.</summary>
    public string AuthorityFile => _folder.PathOf("ca.pem");

    /// <exception cref="LabEnvironmentException">npm or node is missing, or the server does not start.</exception>
    public static async Task<ScimServer> StartAsync(ScimServerOptions options, CancellationToken cancellationToken)
    {
        var home = Path.Combine(AppContext.BaseDirectory, "Scim");
        await InstallAsync(home, cancellationToken);
        var folder = TemporaryFolder.Create("scim");
        using var authority = CertificateAuthority.Create("scim");
        authority.Issue(folder.PathOf("server.pem"), folder.PathOf("server.key"), ["localhost"], [IPAddress.Loopback]);
        await File.WriteAllTextAsync(folder.PathOf("ca.pem"), authority.CertificatePem, cancellationToken);
        var start = new ProcessStartInfo("node", ["server.mjs"]) { WorkingDirectory = home, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        var process = Process.Start(start) ?? throw new LabEnvironmentException("node does not start: run ./test.sh, which installs what the tests need.");
        var settings = new
        {
            certificate = await File.ReadAllTextAsync(folder.PathOf("server.pem"), cancellationToken),
            key = await File.ReadAllTextAsync(folder.PathOf("server.key"), cancellationToken),
            token = Token,
            weakToken = WeakToken,
            clientId = ClientId,
            clientSecret = ClientSecret,
            patch = options.Patch,
            etag = options.ETag,
        };
        await process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(settings).AsMemory(), cancellationToken);
        await process.StandardInput.FlushAsync(cancellationToken);
        var port = await process.StandardOutput.ReadLineAsync(cancellationToken)
            ?? throw new LabEnvironmentException($"The SCIM server ended: {await process.StandardError.ReadToEndAsync(cancellationToken)}");
        _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        _ = process.StandardError.ReadToEndAsync(CancellationToken.None);
        return new ScimServer(process, folder, int.Parse(port, CultureInfo.InvariantCulture));
    }

    public Task AddAsync(string userName, string? externalId, string password, CancellationToken cancellationToken) => TellAsync("users", new { userName, externalId, password }, cancellationToken);

    public Task RemoveAsync(string userName, CancellationToken cancellationToken) => TellAsync("remove", new { userName }, cancellationToken);

    /// <summary>Raises the version of a user, as any change of it would.</summary>
    public Task ChangeAsync(string userName, CancellationToken cancellationToken) => TellAsync("change", new { userName }, cancellationToken);

    /// <summary>The next write is refused with 429.</summary>
    public Task ThrottleNextAsync(string? retryAfter, CancellationToken cancellationToken) => TellAsync("throttle", new { retryAfter }, cancellationToken);

    /// <summary>No token holds any more.</summary>
    public Task RevokeAsync(CancellationToken cancellationToken) => TellAsync("revoke", new { }, cancellationToken);

    /// <summary>The passwords of the users of this name.</summary>
    public async Task<IReadOnlyList<string>> PasswordsAsync(string userName, CancellationToken cancellationToken)
    {
        using var response = await _client.PostAsJsonAsync("password", new { userName }, cancellationToken);
        return await response.Content.ReadFromJsonAsync<string[]>(cancellationToken) ?? [];
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Dispose();
    }

    private async Task TellAsync<TBody>(string path, TBody body, CancellationToken cancellationToken)
    {
        using var response = await _client.PostAsJsonAsync(path, body, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    private static async Task InstallAsync(string home, CancellationToken cancellationToken)
    {
        await Installing.WaitAsync(cancellationToken);
        try
        {
            // npm writes its own copy of the lock file last.
            var installed = new FileInfo(Path.Combine(home, "node_modules", ".package-lock.json"));
            if (installed.Exists && installed.LastWriteTimeUtc >= File.GetLastWriteTimeUtc(Path.Combine(home, "package-lock.json"))) return;
            var start = new ProcessStartInfo("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"]) { WorkingDirectory = home, RedirectStandardOutput = true, RedirectStandardError = true };
            using var process = Process.Start(start) ?? throw new LabEnvironmentException("npm does not start: run ./test.sh, which installs what the tests need.");
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = await process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode != 0) throw new LabEnvironmentException($"npm ci failed in {home}:\n{errors}\n{await output}");
        }
        finally
        {
            Installing.Release();
        }
    }
}
