using System.Net;

namespace PasswordSync.Hosting.Certificates;

/// <summary>Asks nodes to sign a certificate request: at most one after the other, each for a bounded time.</summary>
public static class CertificateQuestion
{
    /// <summary>How large a request may be, in bytes. One of P-256 has 400.</summary>
    public const int RequestBytesMax = 8_192;

    /// <summary>How large an answer may be, in bytes. A certificate has 1,000.</summary>
    private const int AnswerBytesMax = 16_384;

    /// <summary>How long one node may take to answer.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Asks the nodes, one after the other.</summary>
    /// <param name="http">Talks to nodes of the cluster alone.</param>
    /// <param name="nodes">Where to ask.</param>
    /// <param name="path">Where at the node.</param>
    /// <param name="request">A PKCS #10 request in PEM.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What the first one signed, PEM.</returns>
    /// <exception cref="HttpRequestException">No node signed; the message has each one's answer.</exception>
    public static async Task<string> AskAsync(HttpClient http, IReadOnlyCollection<Uri> nodes, string path, string request, TimeProvider clock, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(nodes);
        var answers = new List<string>();
        foreach (var node in nodes)
        {
            using var timeout = new CancellationTokenSource(AnswerTimeout, clock);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
            try
            {
                using var question = new HttpRequestMessage(HttpMethod.Post, new Uri(node, path)) { Content = new StringContent(request) };
                using var answer = await http.SendAsync(question, HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false);
                await answer.Content.LoadIntoBufferAsync(AnswerBytesMax, limit.Token).ConfigureAwait(false);
                var text = await answer.Content.ReadAsStringAsync(limit.Token).ConfigureAwait(false);
                if (answer.StatusCode == HttpStatusCode.OK) return text;
                answers.Add($"{node} answers {(int)answer.StatusCode} {text.Trim()}");
            }
            catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                answers.Add($"{node} cannot be asked: {(failure is HttpRequestException ? failure.Message : "no answer in time")}");
            }
        }

        throw new HttpRequestException(answers.Count == 0 ? "No node is known to ask." : string.Join("; ", answers));
    }
}
