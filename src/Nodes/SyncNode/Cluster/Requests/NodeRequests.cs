using System.Collections.Immutable;
using System.Text.Json;
using PasswordSync.Core.Ports;

namespace PasswordSync.SyncNode.Cluster.Requests;

/// <summary>Asks other nodes for what only they can do, over the nodes' own mutual TLS.</summary>
internal sealed class NodeRequests(Func<CancellationToken, ValueTask<ImmutableArray<Peer>>> others, PeerConnections connections)
{
    /// <summary>How long another node may take: as long as an ask of one of its actors, and a little.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(12);

    /// <summary>Asks one living node by name.</summary>
    /// <returns>Its reply; one that says why, if it lives no more or cannot be reached.</returns>
    /// <exception cref="StorageUnavailableException">Which nodes live cannot be read now.</exception>
    public async Task<NodeReply> AskAsync(string node, NodeRequest request, CancellationToken cancellationToken)
    {
        if ((await others(cancellationToken).ConfigureAwait(false)).FirstOrDefault(peer => peer.Name == node) is not { } found) return Unavailable($"The node {node} does not live now; another one takes its work within seconds.");
        var reasons = new List<string>();
        foreach (var address in found.Addresses)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(AnswerTimeout);
            try
            {
                return await AskAsync(found, address, request, limit.Token).ConfigureAwait(false);
            }
            catch (HttpRequestException failure) when (failure.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError)
            {
                // Nothing arrived there: the next address may be one that can be reached.
                reasons.Add($"{address}: {failure.Message}");
            }
            catch (Exception failure) when (failure is HttpRequestException or JsonException)
            {
                return Unavailable($"The node {node} gave no answer that could be read; whether it was done is unknown: {failure.Message}");
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return Unavailable($"The node {node} did not answer within {AnswerTimeout.TotalSeconds} s; whether it was done is unknown.");
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

    private static NodeReply Unavailable(string reason) => new() { Unavailable = reason };
}
