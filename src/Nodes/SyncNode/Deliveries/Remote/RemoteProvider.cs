using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.SyncNode.Cluster;

namespace PasswordSync.SyncNode.Deliveries.Remote;

/// <summary>
/// Stands for a target that this node may not reach: asks a living node that may. The owner still decides and journals everything; the other node finds, probes and writes.
/// The password is not sent: the other node opens the envelope itself.
/// </summary>
/// <param name="point">The sync point.</param>
/// <param name="labels">The labels that a node needs.</param>
/// <param name="others">The other nodes that live.</param>
/// <param name="connections">The way to them.</param>
internal sealed class RemoteProvider(
    SyncPointId point, ImmutableArray<string> labels, Func<CancellationToken, ValueTask<ImmutableArray<Peer>>> others, PeerConnections connections) : IProvider
{
    /// <summary>How many deliveries are remembered between finding an account and writing to it; far more than a point carries out at once.</summary>
    private const int GrantsMax = 10_000;

    /// <summary>How long one node may take to find an account.</summary>
    private static readonly TimeSpan PrepareTimeout = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Grant> grants = new(StringComparer.Ordinal);

    private sealed record Grant(Peer Peer, Uri Address, RemoteStep Step, Guid Ticket);

    public ProviderDescription Description { get; } = new("remote", new PasswordLimits(0, int.MaxValue, NeedsWellFormedText: false, null, null), ShowsMark: false, CanProbeBySignIn: false, ReportsWrittenStamp: false);

    private string Names => string.Join(", ", labels);

    public async Task<Preparation> PrepareAsync(TargetQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        var step = new RemoteStep(RemoteStep.FormatKnown, point.Value, query.CaptureId.Value, RemoteAccount.Of(query.Account));
        var eligible = await EligibleAsync(cancellationToken).ConfigureAwait(false);
        if (eligible.Count == 0) return Waits($"No living node has the labels that '{point}' is bound to ({Names}): start such a node, or correct the labels.");
        var reasons = new List<string>();
        foreach (var (peer, address) in eligible.OrderBy(peer => HashCode.Combine(peer.Name, query.CaptureId)).SelectMany(peer => peer.Addresses.Select(address => (peer, address))))
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(PrepareTimeout);
            try
            {
                var grant = new Grant(peer, address, step, Guid.Empty);
                var answer = await AskAsync(grant, step with { Names = query.Names }, limit.Token).ConfigureAwait(false);
                return Take(grant, answer);
            }
            catch (Exception failure) when (failure is HttpRequestException or JsonException || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                reasons.Add($"{peer.Name} ({address}): {(failure is OperationCanceledException ? "no answer in time" : failure.Message)}");
            }
        }

        return Waits($"No node with the labels that '{point}' is bound to ({Names}) could be asked: {string.Join("; ", reasons)}");
    }

    private Preparation Take(Grant grant, RemoteAnswer answer)
    {
        if (answer.Found is not { } found) return new Preparation.Obstacle(RemoteOutcomes.Read(answer.Outcome ?? throw new HttpRequestException("the answer is none.")));

        // Who loses a grant here is told so at its write, and tries again.
        if (grants.Count >= GrantsMax) grants.Clear();
        grants[found.Target.Key] = grant with { Ticket = found.Ticket };
        return new Preparation.Found(found.Target.ToTarget(), RemoteOutcomes.MarkOf(found.Mark));
    }

    public async Task<DeliveryOutcome> SetPasswordAsync(SetRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!grants.TryGetValue(request.Target.Key, out var grant)) return new DeliveryOutcome.Transient("The node that found the account is not remembered; nothing was written.");
        if (request.Permit.Use() is { } tooLate) return tooLate;
        var write = new RemoteWrite(grant.Ticket, request.Permit.Window.Length, request.MustChangeAtNextLogon);
        try
        {
            var answer = await AskAsync(grant, grant.Step with { Target = RemoteTarget.Of(request.Target), Mark = request.Baseline?.Value, Write = write }, cancellationToken).ConfigureAwait(false);
            return answer.Outcome is { } outcome ? RemoteOutcomes.Read(outcome) with { Server = answer.Server } : new DeliveryOutcome.Unknown($"Node {grant.Peer.Name} gave no outcome.");
        }
        catch (HttpRequestException failure) when (WasNotTaken(failure))
        {
            return new DeliveryOutcome.Transient($"Node {grant.Peer.Name} did not take the write: {failure.Message}");
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException)
        {
            return new DeliveryOutcome.Unknown($"Node {grant.Peer.Name} may have written and did not answer: {failure.Message}");
        }
    }

    public async Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!grants.TryGetValue(request.Target.Key, out var grant)) return new ProbeVerdict.Inconclusive("The node that found the account is not remembered.");
        try
        {
            var answer = await AskAsync(grant, grant.Step with { Target = RemoteTarget.Of(request.Target), Mark = request.Against?.Value, Probe = request.Kind }, cancellationToken).ConfigureAwait(false);
            return answer.Probe is { } probe ? RemoteOutcomes.Read(probe) : new ProbeVerdict.Inconclusive(answer.Outcome?.Reason ?? $"Node {grant.Peer.Name} gave no verdict.");
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException)
        {
            return new ProbeVerdict.Inconclusive($"Node {grant.Peer.Name} did not answer: {failure.Message}");
        }
    }

    public async Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken)
    {
        var able = (await EligibleAsync(cancellationToken).ConfigureAwait(false)).Select(peer => peer.Name).ToList();
        return new VerificationReport([
            able.Count > 0
                ? VerificationCheck.Passed("nodes", $"Deliveries are carried out by {string.Join(", ", able)}, which have the labels {Names}.")
                : VerificationCheck.Warned("nodes", $"No living node has the labels {Names}: deliveries wait.", "Start such a node, or correct the labels."),
        ]);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async ValueTask<List<Peer>> EligibleAsync(CancellationToken cancellationToken) =>
        [.. (await others(cancellationToken).ConfigureAwait(false)).Where(peer => labels.All(peer.Labels.Contains))];

    private async Task<RemoteAnswer> AskAsync(Grant grant, RemoteStep step, CancellationToken cancellationToken)
    {
        using var content = JsonContent.Create(step, RemoteJson.Default.RemoteStep);
        await content.LoadIntoBufferAsync(cancellationToken).ConfigureAwait(false);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(grant.Address, RemoteStep.Path)) { Content = content };
        using var response = await connections.To(grant.Peer.Name).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        await response.Content.LoadIntoBufferAsync(RemoteStep.BytesMax, cancellationToken).ConfigureAwait(false);
        var answer = await response.Content.ReadFromJsonAsync(RemoteJson.Default.RemoteAnswer, cancellationToken).ConfigureAwait(false) ?? throw new HttpRequestException($"{grant.Address} gave an empty answer.");
        return answer with { Server = ServerOf(response) };
    }

    private static string? ServerOf(HttpResponseMessage response) =>
        response.Headers.TryGetValues(RemoteAnswer.ServerHeader, out var values) && values.FirstOrDefault() is { Length: > 0 and <= RemoteAnswer.ServerLengthMax } server ? server : null;

    // Nothing was sent, or the node refused the step before it did anything.
    private static bool WasNotTaken(HttpRequestException failure) =>
        failure.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized or HttpStatusCode.NotFound
        || failure.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError;

    private static Preparation.Obstacle Waits(string reason) => new(new DeliveryOutcome.Transient(reason));
}
