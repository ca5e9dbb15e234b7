using System.Text.Json;
using PasswordSync.Actors;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Hosting.Certificates;
using PasswordSync.SyncNode.Deliveries;
using PasswordSync.SyncNode.Intake;

namespace PasswordSync.SyncNode.Cluster.Requests;

/// <summary>Does what operators asked of another node and only this one can do. Only a node's certificate may ask.</summary>
internal sealed partial class NodeRequestEndpoint(SyncEngine engine, Departure departure, EdgeRevocations revocations, PointMending mending, PointQuestions questions, ILogger<NodeRequestEndpoint> logger)
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapPost("/" + NodeRequest.Path, AnswerAsync);

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Features.Get<PeerName>() is not PeerName.Node node)
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        if (await ReadAsync(context).ConfigureAwait(false) is not { } request) return;
        LogAsked(node.Name, request.GetType().Name, request.Operator);
        context.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(context.Response.Body, await DoAsync(request, context.RequestAborted).ConfigureAwait(false), NodeRequestJson.Default.NodeReply, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task<NodeReply> DoAsync(NodeRequest request, CancellationToken cancellationToken)
    {
        switch (request)
        {
            case NodeRequest.Decide decide:
                return await DecideAsync(decide, cancellationToken).ConfigureAwait(false);
            case NodeRequest.Leave leave:
                departure.Request(leave.Operator);
                return new NodeReply();
            case NodeRequest.CountIdentities:
                return new NodeReply { Count = engine.CountIdentities() };
            case NodeRequest.ShowRests:
                return new NodeReply { Rests = RestingPoint.Of(await engine.ShowPointsAsync(cancellationToken).ConfigureAwait(false)) };
            case NodeRequest.ReadRevocations:
                await revocations.ReadAsync(cancellationToken).ConfigureAwait(false);
                return new NodeReply();
            case NodeRequest.HeedVerification verified:
                mending.VerifiedElsewhere(new SyncPointId(verified.Point));
                return new NodeReply();
            case NodeRequest.VerifyPoint verify:
                return await questions.AnswerAsync(verify, cancellationToken).ConfigureAwait(false);
            case NodeRequest.TryPassword attempt:
                return await questions.AnswerAsync(attempt, cancellationToken).ConfigureAwait(false);
            default:
                throw new InvalidOperationException($"Internal error: unknown request {request.GetType().Name}.");
        }
    }

    private async Task<NodeReply> DecideAsync(NodeRequest.Decide decide, CancellationToken cancellationToken)
    {
        try
        {
            var point = new SyncPointId(decide.Point);
            var decision = await engine.Identities.DecideAsync(new IdentityId(decide.Identity), now => decide.Decision.ToCommand(now, point, decide.Reason), cancellationToken).ConfigureAwait(false);
            return new NodeReply { Refusal = decision.Refusal?.ToString() };
        }
        catch (IdentityUnavailableException failure)
        {
            return new NodeReply { Unavailable = failure.Message };
        }
    }

    private static async Task<NodeRequest?> ReadAsync(HttpContext context)
    {
        try
        {
            if (context.Request.ContentLength is > 0 and <= NodeRequest.BytesMax
                && await JsonSerializer.DeserializeAsync(context.Request.Body, NodeRequestJson.Default.NodeRequest, context.RequestAborted).ConfigureAwait(false) is { } request
                && IsValid(request))
            {
                return request;
            }
        }
        catch (Exception failure) when (failure is JsonException or NotSupportedException)
        {
            // Answered below: a newer node may ask for more than this one understands, and then nothing is done.
        }

        context.Response.StatusCode = StatusCodes.Status400BadRequest;
        return null;
    }

    private static bool IsValid(NodeRequest request) => request switch
    {
        NodeRequest.Decide decide => SyncPointId.IsValid(decide.Point) && Enum.IsDefined(decide.Decision),
        NodeRequest.HeedVerification verified => SyncPointId.IsValid(verified.Point),
        NodeRequest.VerifyPoint verify => SyncPointId.IsValid(verify.Point),
        NodeRequest.TryPassword attempt => SyncPointId.IsValid(attempt.Point) && SourceId.IsValid(attempt.Account.Source),
        _ => true,
    };

    [LoggerMessage(4051, LogLevel.Information, "Node {Node} asks for {Request}, as operator {Operator} wants.")]
    private partial void LogAsked(string node, string request, string @operator);
}
