using PasswordSync.Sealing.KeyRings;
using PasswordSync.Sealing.Keys;

namespace PasswordSync.SyncNode.Keys;

/// <summary>Asks one node for what its key ring knows.</summary>
internal static class KeyClient
{
    /// <summary>How long one question may take.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>What the node's ring knows.</summary>
    /// <exception cref="HttpRequestException">It cannot be reached, or its answer is none.</exception>
    /// <exception cref="OperationCanceledException">It did not answer in time, or the caller gave up.</exception>
    public static async Task<KeyReport> AskAsync(HttpClient http, Uri node, CancellationToken cancellationToken)
    {
        using var limit = Limit(cancellationToken);
        using var response = await http.GetAsync(new Uri(node, KeyReport.Path), HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        await response.Content.LoadIntoBufferAsync(KeyReport.BytesMax, limit.Token).ConfigureAwait(false);
        var report = await response.Content.ReadFromJsonAsync(KeyJson.Default.KeyReport, limit.Token).ConfigureAwait(false);
        return report is { Format: KeyReport.FormatKnown }
            ? report
            : throw new HttpRequestException($"{node} tells of its keys in format {report?.Format}; this version knows {KeyReport.FormatKnown}. Bring the nodes to neighbouring versions.");
    }

    /// <summary>Fetches the ring.</summary>
    /// <returns>The caller owns it.</returns>
    /// <exception cref="HttpRequestException">It cannot be reached, or its answer is none of this cluster.</exception>
    /// <exception cref="OperationCanceledException">It did not answer in time, or the caller gave up.</exception>
    public static async Task<KeyRing> FetchAsync(HttpClient http, Uri node, string cluster, CancellationToken cancellationToken)
    {
        using var limit = Limit(cancellationToken);
        using var receiver = PrivateSealingKey.Generate();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(node, KeyReport.TransferPath)) { Content = new StringContent(receiver.PublicKey.ToString()) };
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        await response.Content.LoadIntoBufferAsync(KeyRingTransfer.LengthMax, limit.Token).ConfigureAwait(false);
        var transfer = await response.Content.ReadAsByteArrayAsync(limit.Token).ConfigureAwait(false);
        return KeyRingTransfer.TryOpen(transfer, receiver, cluster, out var ring) ? ring : throw new HttpRequestException($"What {node} sent is no key ring of the cluster '{cluster}' in a format that this version knows.");
    }

    private static CancellationTokenSource Limit(CancellationToken cancellationToken)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Timeout);
        return limit;
    }
}
