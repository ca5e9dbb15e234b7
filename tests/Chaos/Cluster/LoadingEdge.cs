using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using PasswordSync.Core.Stamps;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.Keys;

namespace PasswordSync.Chaos.Cluster;

/// <summary>An edge that changes passwords of users of its own, and sends each capture to one node after the other until one has taken it.</summary>
internal sealed class LoadingEdge : IDisposable
{
    private const string DomainController = "dc1.alpha.test";
    private static readonly SourceId Source = new("alpha");
    private static readonly Guid Invocation = new("aaaaaaaa-0000-0000-0000-000000000001");
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RoundInterval = TimeSpan.FromMilliseconds(50);

    private readonly Func<IReadOnlyList<ChaosNode>> known;
    private readonly HttpClient http;
    private readonly ConcurrentDictionary<string, int> versions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<CaptureId, (string User, int Version)> acknowledged = new();
    private int turn;
    private int turnedAway;

    private LoadingEdge(Func<IReadOnlyList<ChaosNode>> known, HttpClient http)
    {
        this.known = known;
        this.http = http;
    }

    /// <summary>The newest version of each user's password that a node has acknowledged.</summary>
    public ConcurrentDictionary<string, int> Acknowledged { get; } = new(StringComparer.Ordinal);

    /// <summary>The captures that nodes have acknowledged.</summary>
    public IReadOnlyCollection<CaptureId> AcknowledgedCaptures => [.. acknowledged.Keys];

    /// <summary>Which password of whom an acknowledged capture is.</summary>
    public (string User, int Version) VersionOf(CaptureId capture) => acknowledged[capture];

    /// <summary>How many they are.</summary>
    public int AcknowledgedCount => acknowledged.Count;

    /// <summary>The newest version that each user has chosen, acknowledged or not.</summary>
    public Dictionary<string, int> Chosen => versions.ToDictionary();

    /// <summary>How often a node that was asked told to try again, or gave no answer.</summary>
    public int TurnedAway => Volatile.Read(ref turnedAway);

    /// <summary>The version in a password of this edge.</summary>
    public static int VersionOf(string password) => int.Parse(password[(password.LastIndexOf('.') + 1)..], CultureInfo.InvariantCulture);

    /// <summary>The objectGUID of a user.</summary>
    public static Guid AccountOf(string user) => new(SHA256.HashData(Encoding.UTF8.GetBytes(user)).AsSpan(0, 16));

    /// <summary>An edge with a certificate that the first node's authority signed.</summary>
    /// <param name="known">The nodes there are, some of which may be away.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<LoadingEdge> EnrolAsync(Func<IReadOnlyList<ChaosNode>> known, CancellationToken cancellationToken)
    {
        using var authority = await ClusterAuthority.OpenOrCreateAsync(known()[0].DataFolder, ChaosCluster.Name, ChaosNode.PassphraseBytes, DateTimeOffset.UtcNow, cancellationToken);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=edge", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        using var signed = authority.SignEdge(request, new PeerName.Edge(ChaosCluster.Name, Source, DomainController), DateTimeOffset.UtcNow);
        var handler = new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) };
        handler.SslOptions.ClientCertificates = [signed.CopyWithPrivateKey(key)];
        var root = X509CertificateLoader.LoadCertificate(authority.Certificate.RawData);
        handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) =>
            shown is X509Certificate2 peer && PeerTrust.TryIdentify(peer, root, ChaosCluster.Name, DateTimeOffset.UtcNow, out var name, out _) && name is PeerName.Node;
        return new LoadingEdge(known, new HttpClient(handler) { Timeout = AnswerTimeout });
    }

    /// <summary>Changes a user's password; ends when a node has acknowledged the capture.</summary>
    public async Task ChangeAsync(string user, CancellationToken cancellationToken)
    {
        var version = versions.AddOrUpdate(user, 1, (_, former) => former + 1);
        var capture = await SealAsync(user, version, cancellationToken);
        var answer = await AskAsync(
            async (node, token) =>
            {
                using var response = await http.PostAsJsonAsync(new Uri(node, IntakeBatch.Path), new IntakeBatch(Source, DomainController, "chaos", [capture]), IntakeJson.Default.IntakeBatch, token);
                response.EnsureSuccessStatusCode();
                var answer = (await response.Content.ReadFromJsonAsync(IntakeJson.Default.IntakeAnswer, token))!.Captures.Single();
                return answer.Kind == AnswerKind.TryAgain ? null : answer;
            },
            cancellationToken);
        if (answer.Kind is not (AnswerKind.Accepted or AnswerKind.AlreadyHave)) throw new InvalidOperationException($"A capture was refused: {answer.Reason} {answer.Detail}");
        acknowledged[capture.CaptureId] = (user, version);
        Acknowledged.AddOrUpdate(user, version, (_, newest) => Math.Max(newest, version));
    }

    /// <summary>The id of the key that a node tells edges to seal to.</summary>
    public async Task<string> KeyOfAsync(ChaosNode node, CancellationToken cancellationToken) =>
        (await http.GetFromJsonAsync(new Uri(node.Address, EdgeConfiguration.Path), IntakeJson.Default.EdgeConfiguration, cancellationToken))!.SealingKeys[0].Id;

    public void Dispose() => http.Dispose();

    private async Task<ConfirmedCapture> SealAsync(string user, int version, CancellationToken cancellationToken)
    {
        var configuration = await AskAsync((node, token) => http.GetFromJsonAsync(new Uri(node, EdgeConfiguration.Path), IntakeJson.Default.EdgeConfiguration, token), cancellationToken);
        if (!PublicSealingKey.TryParse(configuration.SealingKeys[0].PublicKey, out var key)) throw new InvalidOperationException("The node published no key.");
        var (id, now) = (Guid.NewGuid(), DateTimeOffset.UtcNow);
        var description = new EnvelopeDescription(id, now, 0, ChaosCluster.Name, Source.Value, DomainController, user);
        var password = string.Create(CultureInfo.InvariantCulture, $"Chaos.{user}.{version}");
        var envelope = EnvelopeSealer.Seal(description, key!, PasswordEncoding.Utf8, Encoding.UTF8.GetBytes(password));
        var names = new AccountNames($"CN={user},DC=alpha,DC=test", user, null, null);
        return new ConfirmedCapture(new CaptureId(id), AccountOf(user), new ProvenStamp((uint)version, Stamp.ToOriginatingSecond(now), Invocation), names, ["staff"], now, now, now, envelope);
    }

    // Round and round, beginning with another node each time: every node takes part in intake.
    private async Task<T> AskAsync<T>(Func<Uri, CancellationToken, Task<T?>> ask, CancellationToken cancellationToken)
        where T : class
    {
        for (var next = Interlocked.Increment(ref turn); ; next++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var nodes = known();
            try
            {
                if (await ask(nodes[next % nodes.Count].Address, cancellationToken) is { } answer) return answer;
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                // The next one may answer.
            }

            Interlocked.Increment(ref turnedAway);

            if (next % nodes.Count == 0) await Task.Delay(RoundInterval, cancellationToken);
        }
    }
}
