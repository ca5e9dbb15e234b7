using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Intake;
using PasswordSync.Core.Ports;
using PasswordSync.Hosting.Certificates;
using PasswordSync.SyncNode.Metrics;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Intake;

/// <summary>What edges talk to. Every request comes with an edge's certificate, and serves that edge's source and DC only.</summary>
internal sealed partial class IntakeEndpoint(
    NodeConfiguration configuration, IInbox inbox, IEdgeRegistry edges, IControllerNames controllers, IntakeKeys keys, Func<long> configurationVersion, Func<PeerName.Edge, ImmutableArray<Uri>> nodes, EdgeReports reports, NodeMetrics metrics, TimeProvider clock, ILogger<IntakeEndpoint> logger)
{
    /// <summary>How often it is written down that an edge was heard of.</summary>
    private static readonly TimeSpan NoteInterval = TimeSpan.FromSeconds(10);

    /// <summary>How many edges' last notes are remembered.</summary>
    private const int NotedMax = 10_000;

    private readonly ConcurrentDictionary<(PeerName.Edge Edge, string Version, bool TellsOfItself), (DateTimeOffset At, string? Alarms)> noted = new();
    private readonly ConcurrentDictionary<PeerName.Edge, Guid> invocations = new();

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/" + IntakeBatch.Path, AcceptAsync);
        routes.MapGet("/" + EdgeConfiguration.Path, ConfigureAsync);
    }

    private async Task AcceptAsync(HttpContext context)
    {
        var edge = context.Features.Get<PeerName>() as PeerName.Edge;
        if (edge is null)
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, "Only an edge's certificate may bring captures.").ConfigureAwait(false);
            return;
        }

        if (await ReadAsync(context).ConfigureAwait(false) is not { } batch) return;
        if (batch.Source != edge.Source || batch.DomainController != edge.DomainController)
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, $"The batch is of {batch.Source}/{batch.DomainController}, the certificate of {edge.Source}/{edge.DomainController}.").ConfigureAwait(false);
            return;
        }

        var begun = clock.GetTimestamp();
        var answers = await AcceptAsync(edge, batch, context.RequestAborted).ConfigureAwait(false);
        await NoteAsync(context, edge, batch.EdgeVersion).ConfigureAwait(false);
        metrics.Answered(edge.Source.Value, answers, clock.GetElapsedTime(begun));
        await WriteAsync(context, new IntakeAnswer(answers, nodes(edge), configurationVersion()), IntakeJson.Default.IntakeAnswer).ConfigureAwait(false);
    }

    private async Task<ImmutableArray<CaptureAnswer>> AcceptAsync(PeerName.Edge edge, IntakeBatch batch, CancellationToken cancellationToken)
    {
        var mayLackKeys = await keys.MayLackAsync(batch, cancellationToken).ConfigureAwait(false);
        var mapping = new IntakeMapping(edge, GenerationOf(edge), configuration.Node.MaximumAge, keys.Private, mayLackKeys, clock.GetUtcNow());
        var mapped = batch.Items.Select(item => (Item: item, Result: mapping.Map(item))).ToList();
        var arrivals = mapped.Where(entry => entry.Result.Arrival is not null).ToList();
        var answers = ImmutableArray.CreateBuilder<CaptureAnswer>();
        try
        {
            answers.AddRange(await RefuseAsync(edge, mapped.SelectMany(entry => entry.Result.Answers.Select(answer => (entry.Item, answer))), cancellationToken).ConfigureAwait(false));
            var results = arrivals.Count == 0 ? [] : await inbox.AcceptAsync([.. arrivals.Select(entry => entry.Result.Arrival!)], cancellationToken).ConfigureAwait(false);
            for (var i = 0; i < arrivals.Count; i++)
            {
                var known = results[i] == AcceptResult.AlreadyHave;
                answers.AddRange(arrivals[i].Item.CaptureIds.Select(id => known ? CaptureAnswer.AlreadyHave(id) : CaptureAnswer.Accepted(id)));
            }

            LogAccepted(edge.Source.Value, edge.DomainController, batch.Items.Length, results.Count(result => result == AcceptResult.Accepted));
        }
        catch (StorageUnavailableException failure)
        {
            LogTryAgain(failure.Message);
            answers.Clear();
            answers.AddRange(mapped.SelectMany(entry => entry.Item.CaptureIds).Select(id => CaptureAnswer.TryAgain(id, "The node's database cannot be used now.")));
        }

        await NameAsync(edge, arrivals.Select(entry => entry.Result.Arrival).OfType<Arrival.Confirmed>().LastOrDefault(), cancellationToken).ConfigureAwait(false);
        return answers.ToImmutable();
    }

    // What is too old or cannot be opened any more may have been accepted in its time: then it is a late repeat, and no cause for an alarm.
    private async Task<IReadOnlyList<CaptureAnswer>> RefuseAsync(PeerName.Edge edge, IEnumerable<(IntakeItem Item, CaptureAnswer Answer)> refusals, CancellationToken cancellationToken)
    {
        var found = refusals.ToList();
        var late = found.Where(entry => entry.Answer.Reason is RefusalReason.TooOld or RefusalReason.UnknownKey).Select(entry => entry.Answer.CaptureId).ToList();
        var known = ImmutableHashSet<CaptureId>.Empty;
        foreach (var some in late.Chunk(IInbox.ArrivalsMax)) known = known.Union(await inbox.FindKnownAsync(some, cancellationToken).ConfigureAwait(false));
        var answers = new List<CaptureAnswer>();
        foreach (var (item, answer) in found)
        {
            var isRepeat = known.Contains(answer.CaptureId);
            if (answer.Kind == AnswerKind.Refused && !isRepeat) LogRefused(edge.Source.Value, edge.DomainController, $"{answer.CaptureId}", NameOf(item), $"{answer.Reason}", answer.Detail);
            answers.Add(isRepeat ? CaptureAnswer.AlreadyHave(answer.CaptureId) : answer);
        }

        return answers;
    }

    private static string NameOf(IntakeItem item) => item switch
    {
        ConfirmedCapture confirmed => confirmed.Names.SamAccountName,
        AmbiguousCaptures ambiguous => ambiguous.Names.SamAccountName,
        CaptureReport report => report.AccountName,
        _ => throw new InvalidOperationException($"Internal error: unknown item {item.GetType().Name}."),
    };

    private async Task ConfigureAsync(HttpContext context)
    {
        if (context.Features.Get<PeerName>() is not PeerName.Edge edge)
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, "Only an edge's certificate may ask for an edge's configuration.").ConfigureAwait(false);
            return;
        }

        var answer = new EdgeConfiguration(
            configurationVersion(), configuration.Node.Cluster, edge.Source, configuration.ScopeRulesOf(edge.Source), [.. keys.Published.PublicKeys()], nodes(edge), (int)configuration.Node.Grace.TotalSeconds);
        await WriteAsync(context, answer, IntakeJson.Default.EdgeConfiguration).ConfigureAwait(false);

        // An edge without captures lives, too.
        reports.Note(edge, context.Request.Headers[EdgeReport.Header]);
        await NoteAsync(context, edge, VersionOf(context.Request.Headers.UserAgent)).ConfigureAwait(false);
    }

    // As the edge says it: "PasswordSync-Edge/0.1.0+3f2c".
    private static string VersionOf(string? userAgent) => userAgent?.Split('/', 2) is ["PasswordSync-Edge", { Length: <= 100 } version] ? version : "";

    private int GenerationOf(PeerName.Edge edge) => configuration.Node.Sources.TryGetValue(edge.Source.Value, out var source) ? source.Generation : 0;

    // A write for each batch would cost as much as the batch.
    private async Task NoteAsync(HttpContext context, PeerName.Edge edge, string version)
    {
        var now = clock.GetUtcNow();
        var spool = EdgeReport.Parse(context.Request.Headers[EdgeReport.Header])?.Held;
        var alarms = spool is null ? null : EdgeAlarms.ToHeader(EdgeAlarms.Parse(context.Request.Headers[EdgeAlarms.Header]));
        var key = (edge, version, spool is not null);
        if (noted.TryGetValue(key, out var last) && now - last.At < NoteInterval && last.At <= now && last.Alarms == alarms) return;
        if (noted.Count >= NotedMax) noted.Clear();
        noted[key] = (now, alarms);
        var certificate = context.Connection.ClientCertificate;
        var sighting = new EdgeSighting(edge.Source, edge.DomainController, certificate?.SerialNumber ?? "", now, version)
        {
            CertificateUntil = certificate is null ? null : CertificateTerm.EndOf(certificate),
            Spool = spool,
            Alarms = alarms is null ? null : new EdgeAlarmsTold(alarms, now),
        };
        try
        {
            await edges.SawAsync(sighting, context.RequestAborted).ConfigureAwait(false);
        }
        catch (StorageUnavailableException failure)
        {
            // The captures are answered already; the sighting is only for people. What was not written is written at the edge's next question.
            noted.TryRemove(key, out _);
            LogTryAgain(failure.Message);
        }
    }

    // The stamp of a confirmed capture bears the invocation id of the edge's own DC: docs/spec/stamp-proof.md.
    private async Task NameAsync(PeerName.Edge edge, Arrival.Confirmed? arrival, CancellationToken cancellationToken)
    {
        if (arrival is null || (invocations.TryGetValue(edge, out var known) && known == arrival.Change.Stamp.InvocationId)) return;
        if (invocations.Count >= NotedMax) invocations.Clear();
        invocations[edge] = arrival.Change.Stamp.InvocationId;
        try
        {
            await controllers.NoteAsync(new ControllerName(edge.Source, arrival.Change.Stamp.InvocationId, edge.DomainController), cancellationToken).ConfigureAwait(false);
        }
        catch (StorageUnavailableException failure)
        {
            invocations.TryRemove(edge, out _);
            LogTryAgain(failure.Message);
        }
    }

    private static async Task<IntakeBatch?> ReadAsync(HttpContext context)
    {
        try
        {
            var batch = await JsonSerializer.DeserializeAsync(context.Request.Body, IntakeJson.Default.IntakeBatch, context.RequestAborted).ConfigureAwait(false);
            if (batch is { Items.Length: > 0 and <= IntakeBatch.ItemsMax } && batch.Items.All(item => item is not null)) return batch;
            await RefuseAsync(context, StatusCodes.Status400BadRequest, $"A batch has 1 to {IntakeBatch.ItemsMax} items, none of them null.").ConfigureAwait(false);
        }
        catch (BadHttpRequestException failure)
        {
            // Larger than allowed, or cut off: the sender's trouble, and no cause for a stack trace.
            await RefuseAsync(context, failure.StatusCode, failure.Message).ConfigureAwait(false);
        }
        catch (JsonException failure)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, $"The batch is malformed at {failure.Path}.").ConfigureAwait(false);
        }

        return null;
    }

    private static async Task WriteAsync<T>(HttpContext context, T answer, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        context.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(context.Response.Body, answer, type, context.RequestAborted).ConfigureAwait(false);
    }

    private static Task RefuseAsync(HttpContext context, int status, string reason)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(reason, context.RequestAborted);
    }

    [LoggerMessage(4301, LogLevel.Debug, "{Source}/{DomainController} brought {Items} items; {Accepted} are new.")]
    private partial void LogAccepted(string source, string domainController, int items, int accepted);

    [LoggerMessage(4302, LogLevel.Error, "{Source}/{DomainController}: capture {CaptureId} of '{Account}' is refused: {Reason} {Detail}")]
    private partial void LogRefused(string source, string domainController, string captureId, string account, string reason, string? detail);

    [LoggerMessage(4303, LogLevel.Warning, "The edge is told to try again: {Reason}")]
    private partial void LogTryAgain(string reason);
}
