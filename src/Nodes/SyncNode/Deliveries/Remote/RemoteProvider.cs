using System.Collections.Immutable;
using System.Text.Json;
using PasswordSync.Core.Captures;
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
/// <param name="clock">The clock.</param>
internal sealed class RemoteProvider(
    SyncPointId point, ImmutableArray<string> labels, Func<CancellationToken, ValueTask<ImmutableArray<Peer>>> others, PeerConnections connections, TimeProvider clock) : IProvider
{
    /// <summary>How long one node may take to find an account.</summary>
    private static readonly TimeSpan PrepareTimeout = TimeSpan.FromSeconds(10);

    private readonly RemoteGrants grants = new();
    private readonly SilentAddresses silent = new(clock);

    public ProviderDescription Description { get; } = new("remote", new PasswordLimits(0, int.MaxValue, NeedsWellFormedText: false, null, null), ShowsMark: false, CanProbeBySignIn: false, ReportsWrittenStamp: false);

    private string Names => string.Join(", ", labels);

    public async Task<Preparation> PrepareAsync(TargetQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        var step = new RemoteStep(RemoteStep.FormatKnown, point.Value, query.CaptureId.Value, RemoteAccount.Of(query.Account));
        var eligible = await EligibleAsync(cancellationToken).ConfigureAwait(false);
        if (eligible.Count == 0) return Waits($"No living node has the labels that '{point}' is bound to ({Names}): start such a node, or correct the labels.");
        var reasons = new List<string>();
        foreach (var (peer, address) in InOrder(eligible, query.CaptureId))
        {
            using var limit = new CancellationTokenSource(PrepareTimeout, clock);
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
            try
            {
                var preparation = Take(query.CaptureId, peer, address, step, await AskAsync(peer, address, step with { Names = query.Names }, ending.Token).ConfigureAwait(false));
                silent.Remove(peer.Name, address);
                return preparation;
            }
            catch (Exception failure) when (failure is HttpRequestException or JsonException)
            {
                reasons.Add($"{peer.Name} ({address}): {RemoteFailures.Explain(failure)}");
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                silent.Add(peer.Name, address);
                reasons.Add($"{peer.Name} ({address}): it did not answer within {PrepareTimeout.TotalSeconds} s");
            }
        }

        return Waits($"No node with the labels that '{point}' is bound to ({Names}) could be asked: {string.Join("; ", reasons)}.");
    }

    private Preparation Take(CaptureId captureId, Peer peer, Uri address, RemoteStep step, RemoteAnswer answer)
    {
        if (answer.Found is not { } found) return new Preparation.Obstacle(RemoteOutcomes.Read(answer.Outcome ?? throw new HttpRequestException("its answer says nothing")));
        grants.Put(found.Target.Key, captureId, new Grant(peer, address, step, found.Ticket, clock.GetTimestamp()));
        return new Preparation.Found(found.Target.ToTarget(), RemoteOutcomes.MarkOf(found.Mark)) { PresentStamp = RemoteOutcomes.Read(answer.PresentStamp) };
    }

    // The nodes in another order for each change, the addresses of each in its own order; those that are silent after all the others, whosesoever they are.
    private IEnumerable<(Peer Peer, Uri Address)> InOrder(List<Peer> eligible, CaptureId captureId) =>
        from way in eligible.OrderBy(peer => HashCode.Combine(peer.Name, captureId)).SelectMany(peer => peer.Addresses.Select(address => (Peer: peer, Address: address)))
        orderby silent.Contains(way.Peer.Name, way.Address)
        select way;

    public async Task<DeliveryOutcome> SetPasswordAsync(SetRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (grants.Find(request.Target.Key, request.CaptureId) is not { } grant) return new DeliveryOutcome.Transient("The node that found the account is not remembered; nothing was written.");
        if (WindowOf(grant, request.Permit.Window) is not { } window) return new DeliveryOutcome.Transient("The attempt's time was over before the password was sent.");
        if (request.Permit.Use() is { } tooLate) return tooLate;
        var write = new RemoteWrite(grant.Ticket, window, request.MustChangeAtNextLogon);
        try
        {
            var answer = await AskAsync(grant.Peer, grant.Address, grant.Step with { Target = RemoteTarget.Of(request.Target), Mark = request.Baseline?.Value, Write = write }, cancellationToken).ConfigureAwait(false);
            return answer.Outcome is { } outcome ? RemoteOutcomes.Read(outcome) with { Server = answer.Server } : new DeliveryOutcome.Unknown($"Node {grant.Peer.Name} gave no outcome.");
        }
        catch (HttpRequestException failure) when (RemoteFailures.WasNotTaken(failure))
        {
            return new DeliveryOutcome.Transient($"Node {grant.Peer.Name} did not take the write: {RemoteFailures.Explain(failure)}.");
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException)
        {
            return new DeliveryOutcome.Unknown($"Node {grant.Peer.Name} may have written and did not answer: {RemoteFailures.Explain(failure)}.");
        }
    }

    // The writing node counts from the making of the ticket. One that was made after the attempt's own window had begun, by another look at the account, must not prolong it.
    private TimeSpan? WindowOf(Grant grant, WriteWindow window)
    {
        var length = grant.ReceivedAt > window.Since ? window.Length - clock.GetElapsedTime(window.Since, grant.ReceivedAt) : window.Length;
        return length > TimeSpan.Zero ? length : null;
    }

    public async Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.CaptureId is not { } captureId || grants.Find(request.Target.Key, captureId) is not { } grant) return new ProbeVerdict.Inconclusive("The node that found the account is not remembered.");
        try
        {
            var answer = await AskAsync(grant.Peer, grant.Address, grant.Step with { Target = RemoteTarget.Of(request.Target), Mark = request.Against?.Value, Probe = request.Kind }, cancellationToken).ConfigureAwait(false);
            return answer.Probe is { } probe ? RemoteOutcomes.Read(probe) : new ProbeVerdict.Inconclusive(answer.Outcome?.Reason ?? $"Node {grant.Peer.Name} gave no verdict.");
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException)
        {
            return new ProbeVerdict.Inconclusive($"Node {grant.Peer.Name} did not answer: {RemoteFailures.Explain(failure)}.");
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

    private async Task<RemoteAnswer> AskAsync(Peer peer, Uri address, RemoteStep step, CancellationToken cancellationToken)
    {
        using var content = JsonContent.Create(step, RemoteJson.Default.RemoteStep);
        await content.LoadIntoBufferAsync(cancellationToken).ConfigureAwait(false);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, RemoteStep.Path)) { Content = content };
        using var response = await connections.To(peer.Name).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        await response.Content.LoadIntoBufferAsync(RemoteStep.BytesMax, cancellationToken).ConfigureAwait(false);
        var answer = await response.Content.ReadFromJsonAsync(RemoteJson.Default.RemoteAnswer, cancellationToken).ConfigureAwait(false) ?? throw new HttpRequestException("its answer is empty");
        return RemoteHeaders.Read(answer, response);
    }

    private static Preparation.Obstacle Waits(string reason) => new(new DeliveryOutcome.Transient(reason));
}
