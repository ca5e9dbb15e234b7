using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using PasswordSync.Core.Intake;

namespace PasswordSync.Capture.Tests.Pipeline;

/// <summary>The nodes, as an HTTP handler: keeps what came, answers as a test wants.</summary>
public sealed class ScriptedNodes : HttpMessageHandler
{
    /// <summary>Every item that was answered with "accepted", in order.</summary>
    public ConcurrentQueue<IntakeItem> Accepted { get; } = [];

    /// <summary>The answer for one item's captures; null: the node does not answer.</summary>
    public Func<IntakeItem, Core.Captures.CaptureId, CaptureAnswer?> Answer { get; set; } = (_, id) => CaptureAnswer.Accepted(id);

    public int Requests { get; private set; }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Requests++;
        var batch = await request.Content!.ReadFromJsonAsync(IntakeJson.Default.IntakeBatch, cancellationToken);
        var answers = batch!.Items.SelectMany(item => item.CaptureIds.Select(id => (Item: item, Answer: Answer(item, id)))).ToList();
        if (answers.Any(answer => answer.Answer is null)) throw new HttpRequestException("Connection refused.");
        foreach (var item in answers.Where(answer => answer.Answer!.Kind == AnswerKind.Accepted).Select(answer => answer.Item).Distinct()) Accepted.Enqueue(item);
        return new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = JsonContent.Create(new IntakeAnswer([.. answers.Select(answer => answer.Answer!)], [], 1), IntakeJson.Default.IntakeAnswer),
        };
    }
}
