using System.Text.Json;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Secrets;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Providers.Contract;

namespace PasswordSync.SyncNode.Deliveries.Remote;

/// <summary>Does the steps of deliveries that other nodes own and only this one may carry out. Decides nothing: the owner has journalled the attempt before it asks for the write.</summary>
/// <param name="providers">The providers of the points that this node may run, by name.</param>
/// <param name="envelopes">Opens passwords.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed partial class RemoteEndpoint(IReadOnlyDictionary<string, IProvider> providers, EnvelopeReader envelopes, TimeProvider clock, ILogger<RemoteEndpoint> logger)
{
    /// <summary>The longest window that is taken: the longest time that an attempt may be given.</summary>
    private static readonly TimeSpan WindowMax = TimeSpan.FromMinutes(5);

    private readonly RemoteTickets tickets = new(clock);

    public void Map(IEndpointRouteBuilder routes) => routes.MapPost("/" + RemoteStep.Path, AnswerAsync);

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Features.Get<PeerName>() is not PeerName.Node node)
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        if (await ReadAsync(context).ConfigureAwait(false) is not { } step) return;
        LogStep(node.Name, step.Point, step.CaptureId);
        if (!providers.TryGetValue(step.Point, out var provider))
        {
            // Its labels, or the sync point's nodes, have changed: another node may be able to, and the one that asks goes on to that.
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var answer = await PerformAsync(provider, step, context.RequestAborted).ConfigureAwait(false);
        context.Response.ContentType = "application/json";
        RemoteHeaders.Write(answer, context.Response.Headers);
        await JsonSerializer.SerializeAsync(context.Response.Body, answer, RemoteJson.Default.RemoteAnswer, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task<RemoteAnswer> PerformAsync(IProvider provider, RemoteStep step, CancellationToken cancellationToken)
    {
        if (step.Names is { } names) return await PrepareAsync(provider, new TargetQuery(new CaptureId(step.CaptureId), step.Account.ToAccount(), names), cancellationToken).ConfigureAwait(false);
        if (step.Target?.ToTarget() is not { } target || (step.Write is null && step.Probe is null)) return Answer(new DeliveryOutcome.Transient("The step is incomplete; nothing was written."));
        try
        {
            switch (await envelopes.ReadAsync(new CaptureId(step.CaptureId), step.Account.ToAccount().Source, cancellationToken).ConfigureAwait(false))
            {
                case SecretReading.Opened opened:
                    using (opened.Secret) return await WithSecretAsync(provider, step, target, opened.Secret, cancellationToken).ConfigureAwait(false);
                case SecretReading.KeyMissing missing:
                    return Answer(new DeliveryOutcome.Transient(missing.Reason));
                default:
                    return Answer(new DeliveryOutcome.Transient("The sealed secret cannot be opened here; nothing was written."));
            }
        }
        catch (StorageUnavailableException failure)
        {
            return Answer(new DeliveryOutcome.Transient($"The database cannot be used at the node that would write; nothing was written. {failure.Message}"));
        }
    }

    private async Task<RemoteAnswer> PrepareAsync(IProvider provider, TargetQuery query, CancellationToken cancellationToken) =>
        await provider.PrepareAsync(query, cancellationToken).ConfigureAwait(false) switch
        {
            Preparation.Found found => new RemoteAnswer { Found = new RemoteFinding(RemoteTarget.Of(found.Target), found.Mark?.Value, tickets.Make()), PresentStamp = RemoteOutcomes.Write(found.PresentStamp) },
            Preparation.Obstacle obstacle => Answer(obstacle.Outcome),
            var other => throw new InvalidOperationException($"Internal error: unknown preparation {other.GetType().Name}."),
        };

    private async Task<RemoteAnswer> WithSecretAsync(IProvider provider, RemoteStep step, TargetAccount target, Secret secret, CancellationToken cancellationToken)
    {
        if (step.Probe is { } kind) return new RemoteAnswer { Probe = RemoteOutcomes.Write(await provider.ProbeAsync(new ProbeRequest(target, kind, RemoteOutcomes.MarkOf(step.Mark)) { CaptureId = new CaptureId(step.CaptureId) }, secret, cancellationToken).ConfigureAwait(false)) };
        var write = step.Write!;
        if (tickets.Redeem(write.Ticket, write.Window < WindowMax ? write.Window : WindowMax) is not { } window) return Answer(new DeliveryOutcome.Transient("The node that would write was started anew meanwhile; nothing was written."));
        var permit = new WritePermit(DateTimeOffset.MaxValue, window, clock);
        return Answer(await WriteAsync(provider, step, target, write, permit, secret, cancellationToken).ConfigureAwait(false)) with { Server = permit.Server };
    }

    private async Task<DeliveryOutcome> WriteAsync(IProvider provider, RemoteStep step, TargetAccount target, RemoteWrite write, WritePermit permit, Secret secret, CancellationToken cancellationToken)
    {
        using var atEnd = new CancellationTokenSource(permit.Remaining, clock);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, atEnd.Token);
        try
        {
            return await provider.SetPasswordAsync(new SetRequest(target, RemoteOutcomes.MarkOf(step.Mark), new CaptureId(step.CaptureId), write.MustChangeAtNextLogon, permit), secret, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return permit.IsUsed
                ? new DeliveryOutcome.Unknown("The attempt's time was over after the password may have been sent and before the target answered.")
                : new DeliveryOutcome.Transient("The attempt's time was over before the password was sent.");
        }
#pragma warning disable CA1031 // A provider may be anyone's code: its fault must end as the outcome of this one attempt and nowhere else.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            LogBroke(step.Point, failure.GetType(), failure.StackTrace);
            return permit.IsUsed
                ? new DeliveryOutcome.Unknown($"The provider failed with {failure.GetType().Name} after the password may have been sent.")
                : new DeliveryOutcome.Transient($"The provider failed with {failure.GetType().Name} before the password was sent.");
        }
    }

    private static async Task<RemoteStep?> ReadAsync(HttpContext context)
    {
        try
        {
            if (context.Request.ContentLength is > 0 and <= RemoteStep.BytesMax
                && await JsonSerializer.DeserializeAsync(context.Request.Body, RemoteJson.Default.RemoteStep, context.RequestAborted).ConfigureAwait(false) is { Format: RemoteStep.FormatKnown } step
                && SourceId.IsValid(step.Account.Source)
                && (step.Target?.AsSourceAccount is not { } source || SourceId.IsValid(source.Source)))
            {
                return step;
            }
        }
        catch (JsonException)
        {
            // Answered below: a newer node may say more than this one understands, and then nothing is done.
        }

        context.Response.StatusCode = StatusCodes.Status400BadRequest;
        return null;
    }

    private static RemoteAnswer Answer(DeliveryOutcome outcome) => new() { Outcome = RemoteOutcomes.Write(outcome) };

    [LoggerMessage(4031, LogLevel.Debug, "Node {Node} asks for a step of {Point} for change {CaptureId}.")]
    private partial void LogStep(string node, string point, Guid captureId);

    [LoggerMessage(4032, LogLevel.Error, "The provider of {Point} broke with {ExceptionType} in a write for another node.\n{StackTrace}")]
    private partial void LogBroke(string point, Type exceptionType, string? stackTrace);
}
