using System.Text.Json;
using PasswordSync.Core.Ports;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Cluster.Requests;

/// <summary>Asks other nodes for what only they can do, over the nodes' own mutual TLS.</summary>
/// <param name="peers">Who lives, and where.</param>
/// <param name="connections">The way there.</param>
/// <param name="askTimeout">How long an ask of one of a node's actors may take.</param>
internal sealed class NodeRequests(ClusterPeers peers, PeerConnections connections, TimeSpan askTimeout)
{
    /// <summary>How much longer than an ask of one of its actors another node may take.</summary>
    private static readonly TimeSpan WayTime = TimeSpan.FromSeconds(2);

    private TimeSpan AnswerTimeout => askTimeout + WayTime;

    /// <summary>Asks one living node by name.</summary>
    /// <returns>Its reply; one that says why, if it lives no more or cannot be reached.</returns>
    /// <exception cref="StorageUnavailableException">Which nodes live cannot be read now.</exception>
    public async Task<NodeReply> AskAsync(string node, NodeRequest request, CancellationToken cancellationToken) =>
        await peers.FindAsync(peer => peer.Name == node, cancellationToken).ConfigureAwait(false) is [var found, ..]
            ? await AskAsync(found, request, AnswerTimeout, cancellationToken).ConfigureAwait(false)
            : Unavailable($"The node {node} does not live now; another one takes its work within seconds.");

    /// <summary>As above, of a living node that has the labels, for what takes the target's time, too.</summary>
    /// <returns>The node and its reply; one that says why, if none could be asked. Whoever may have got the request is the last one that is asked.</returns>
    /// <exception cref="StorageUnavailableException">Which nodes live cannot be read now.</exception>
    public async Task<(string? Node, NodeReply Reply)> AskAsync(PointSettings point, NodeRequest request, CancellationToken cancellationToken)
    {
        var labels = string.Join(", ", point.Nodes);
        var able = await peers.FindAsync(peer => point.Nodes.All(peer.Labels.Contains), cancellationToken).ConfigureAwait(false);
        if (able.IsEmpty) return (null, Unavailable($"No living node has the labels that '{point.Name}' is bound to ({labels}): start such a node, or correct the labels."));
        var reasons = new List<string>();
        foreach (var peer in able)
        {
            var reply = await AskAsync(peer, request, AnswerTimeout + point.AttemptTimeout, cancellationToken).ConfigureAwait(false);
            if (reply.Unavailable is null || reply.MayHaveArrived) return (peer.Name, reply);
            reasons.Add(reply.Unavailable);
        }

        return (null, Unavailable($"No node with the labels that '{point.Name}' is bound to ({labels}) could be asked. {string.Join(" ", reasons)}"));
    }

    private async Task<NodeReply> AskAsync(Peer peer, NodeRequest request, TimeSpan within, CancellationToken cancellationToken)
    {
        var (node, reasons) = (peer.Name, new List<string>());
        foreach (var address in peer.Addresses)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(within);
            try
            {
                return await AskAsync(peer, address, request, limit.Token).ConfigureAwait(false);
            }
            catch (HttpRequestException failure) when (failure.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError)
            {
                // Nothing arrived there: the next address may be one that can be reached.
                reasons.Add($"{address}: {failure.Message}");
            }
            catch (Exception failure) when (failure is HttpRequestException or JsonException)
            {
                return Unavailable($"The node {node} gave no answer that could be read; whether it was done is unknown: {failure.Message}", mayHaveArrived: true);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return Unavailable($"The node {node} did not answer within {within.TotalSeconds} s; whether it was done is unknown.", mayHaveArrived: true);
            }
        }

        return Unavailable($"The node {node} cannot be reached: {(reasons.Count == 0 ? "it tells no address" : string.Join("; ", reasons))}");
    }

    private async Task<NodeReply> AskAsync(Peer peer, Uri address, NodeRequest request, CancellationToken cancellationToken)
    {
        using var content = JsonContent.Create(request, NodeRequestJson.Default.NodeRequest);
        await content.LoadIntoBufferAsync(cancellationToken).ConfigureAwait(false);
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(address, NodeRequest.Path)) { Content = content };
        using var response = await connections.To(peer.Name).SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        await response.Content.LoadIntoBufferAsync(NodeRequest.BytesMax, cancellationToken).ConfigureAwait(false);
        return await response.Content.ReadFromJsonAsync(NodeRequestJson.Default.NodeReply, cancellationToken).ConfigureAwait(false) ?? throw new JsonException("the answer is empty.");
    }

    private static NodeReply Unavailable(string reason, bool mayHaveArrived = false) => new() { Unavailable = reason, MayHaveArrived = mayHaveArrived, IsNodeSilent = true };
}
