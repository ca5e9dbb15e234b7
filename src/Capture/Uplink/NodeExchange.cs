using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.Logging;
using PasswordSync.Core.Intake;

namespace PasswordSync.Capture.Uplink;

/// <summary>Brings one batch to whichever node takes it.</summary>
internal sealed partial class NodeExchange(HttpClient http, EdgeName edge, NodeList nodes, UplinkOptions options, TimeProvider clock, ILogger logger)
{
    private long configurationVersion;

    /// <summary>The version of the configuration that nodes gave last; 0 before the first answer.</summary>
    public long ConfigurationVersion => Interlocked.Read(ref configurationVersion);

    /// <summary>Asks one node after the other, until one settles something.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async Task<Exchanged> SendAsync(IReadOnlyCollection<WaitingItem> items, CancellationToken cancellationToken)
    {
        var batch = new IntakeBatch(edge.Source, edge.DomainController, edge.Version, [.. items.Select(waiting => waiting.Item)]);
        Exchanged best = new Exchanged.NotAnswered("There is no node to ask.", IsRefusalOfEdge: false);
        foreach (var node in nodes.InOrder())
        {
            var result = await SendAsync(node, batch, cancellationToken).ConfigureAwait(false);
            if (result is Exchanged.Answered { Answer: var answer })
            {
                var settles = answer.Captures.Any(one => one.Kind != AnswerKind.TryAgain);
                if (settles) nodes.Prefer(node);
                nodes.Learn(answer.Nodes);
                if (settles) return result;
            }

            if (Rank(result) >= Rank(best)) best = result;
        }

        return best;
    }

    // What says most about the items: "try again" for each, a refusal of the batch, a refusal of the edge, silence.
    private static int Rank(Exchanged result) => result switch
    {
        Exchanged.Answered => 3,
        Exchanged.Refused => 2,
        Exchanged.NotAnswered { IsRefusalOfEdge: true } => 1,
        _ => 0,
    };

    private async Task<Exchanged> SendAsync(Uri node, IntakeBatch batch, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.RequestTimeout, clock);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            using var response = await http.PostAsJsonAsync(new Uri(node, IntakeBatch.Path), batch, IntakeJson.Default.IntakeBatch, ending.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode) return Judge(node, response.StatusCode);
            var answer = await response.Content.ReadFromJsonAsync(IntakeJson.Default.IntakeAnswer, ending.Token).ConfigureAwait(false);
            if (answer is null || answer.Captures.Any(one => one is null)) return Fail(node, "its answer is none.");
            Interlocked.Exchange(ref configurationVersion, answer.ConfigurationVersion);
            return new Exchanged.Answered(answer);
        }
#pragma warning disable CA1031 // Whatever stands at that address may answer anything, and nothing of it may end the uplink.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            // What breaks while the edge ends is no news, whatever it says.
            cancellationToken.ThrowIfCancellationRequested();
            return Fail(node, failure is OperationCanceledException ? $"no answer within {options.RequestTimeout}" : failure.Message);
        }
    }

    private Exchanged Judge(Uri node, HttpStatusCode status)
    {
        LogRefused(node, (int)status);
        var reason = $"{node} answered with status {(int)status}.";
        return status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
                new Exchanged.NotAnswered($"{reason} It does not accept this edge's certificate for this source and domain controller.", IsRefusalOfEdge: true),
            HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity or HttpStatusCode.InternalServerError => new Exchanged.Refused(reason),
            _ => new Exchanged.NotAnswered(reason, IsRefusalOfEdge: false),
        };
    }

    private Exchanged.NotAnswered Fail(Uri node, string reason)
    {
        LogNoAnswer(node, reason);
        return new Exchanged.NotAnswered($"{node}: {reason}", IsRefusalOfEdge: false);
    }

    [LoggerMessage(2601, LogLevel.Warning, "{Node} did not take the batch: {Reason}")]
    private partial void LogNoAnswer(Uri node, string reason);

    [LoggerMessage(2602, LogLevel.Error, "{Node} refused the batch with status {Status}.")]
    private partial void LogRefused(Uri node, int status);
}

/// <summary>What bringing a batch to the nodes came to. A closed set.</summary>
internal abstract record Exchanged
{
    private Exchanged() { }

    /// <summary>A node answered.</summary>
    public sealed record Answered(IntakeAnswer Answer) : Exchanged;

    /// <summary>A node refused the batch as it is: something in it may be at fault.</summary>
    public sealed record Refused(string Reason) : Exchanged;

    /// <summary>No node did anything.</summary>
    public sealed record NotAnswered(string Reason, bool IsRefusalOfEdge) : Exchanged;
}
