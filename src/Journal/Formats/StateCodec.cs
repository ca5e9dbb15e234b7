using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Journal.Formats;

/// <summary>Snapshots of an identity's state, to and from their stored form: docs/spec/journal.md.</summary>
internal static class StateCodec
{
    public static StoredRecord Encode(IdentityState state) => StoredRecord.Write(
        "identity-state.1",
        new StateBody(
            state.Sequence,
            [.. state.LatestStamps.Select(entry => new LatestStampBody(entry.Key.Value, entry.Value.ToBody()))],
            [.. state.Points.Select(entry => new AssignedPointBody(entry.Key.Value, PointBodyOf(entry.Value)))],
            [.. state.RecentCaptures.Select(capture => capture.Value)],
            state.Newest?.ToBody(),
            state.LeftInDoubt.IsEmpty ? null : [.. state.LeftInDoubt.Select(entry => new LeftPointBody(entry.Key.Value, BodyOf(entry.Value.Unresolved), entry.Value.LateRiskSince))],
            state.Scopes.IsEmpty ? null : [.. state.Scopes.Select(scope => new AccountScopeBody(scope.Account.ToBody(), [.. scope.Points.Select(point => point.Value)]))]),
        JournalJson.Default.StateBody);

    /// <exception cref="UnreadableRecordException">The kind is unknown or the body is not of its shape.</exception>
    public static IdentityState Decode(StoredRecord record) =>
        record.Kind == "identity-state.1" ? Of(record.Read(JournalJson.Default.StateBody)) : throw record.Unknown("a snapshot");

    private static IdentityState Of(StateBody body) => new()
    {
        Sequence = body.Sequence,
        LatestStamps = body.LatestStamps.ToImmutableSortedDictionary(entry => entry.Source.ToSource(), entry => entry.Stamp.ToStamp()),
        Newest = body.Newest?.ToChange(),
        Points = body.Points.ToImmutableSortedDictionary(entry => entry.Point.ToPoint(), entry => Of(entry.State)),
        RecentCaptures = [.. body.RecentCaptures.Select(capture => new CaptureId(capture))],
        LeftInDoubt = (body.LeftInDoubt ?? []).ToImmutableSortedDictionary(entry => entry.Point.ToPoint(), entry => Of(entry.Unresolved, entry.LateRiskSince)),
        Scopes = [.. (body.Scopes ?? []).Select(scope => new AccountScope(scope.Account.ToAccount(), [.. scope.Points.Select(point => point.ToPoint())]))],
    };

    private static PointBody PointBodyOf(PointState point)
    {
        var body = point switch
        {
            PointState.Idle p => new PointBody("idle", Last: p.Last is { } last
                ? new SettlementBody(last.CaptureId.Value, Vocabulary.DeliveryEnds.Of(last.End), last.At, last.Reason)
                : null),
            PointState.Waiting p => new PointBody("waiting", Delivery: BodyOf(p.Delivery), DueAt: p.DueAt, LastFailure: p.LastFailure, AwaitsMend: p.AwaitsMend ? true : null),
            PointState.InFlight p => new PointBody(
                "in-flight",
                Delivery: BodyOf(p.Delivery),
                Attempt: p.Attempt.ToBody(),
                Next: p.Next is { } next ? BodyOf(next) : null,
                AfterFlight: Vocabulary.AfterFlights.Of(p.AfterFlight)),
            PointState.Parked p => new PointBody(
                "parked", Delivery: BodyOf(p.Delivery), ParkReason: Vocabulary.ParkReasons.Of(p.Reason), Explanation: p.Explanation),
            PointState.Rechecking p => new PointBody("rechecking", Delivery: BodyOf(p.Delivery), DueAt: p.DueAt, Mark: p.Mark?.Value),
            _ => throw new InvalidOperationException($"Internal error: the point state {point.GetType().Name} has no stored shape."),
        };
        return body with { Unresolved = BodyOf(point.Doubt.Unresolved), LateRiskSince = point.Doubt.LateRiskSince };
    }

    private static UnresolvedBody? BodyOf(UnresolvedAttempts? unresolved) =>
        unresolved is null ? null : new UnresolvedBody(unresolved.CaptureId.Value, unresolved.Count, unresolved.Since, unresolved.Baseline?.Value);

    private static Doubt Of(UnresolvedBody? unresolved, DateTimeOffset? lateRiskSince) => new(
        unresolved is null ? null : new UnresolvedAttempts(new CaptureId(unresolved.CaptureId), unresolved.Baseline.ToMark(), unresolved.Count, unresolved.Since),
        lateRiskSince);

    private static PointState Of(PointBody body)
    {
        var doubt = Of(body.Unresolved, body.LateRiskSince);
        return body.State switch
        {
            "idle" => new PointState.Idle(
                body.Last is { } last ? new Settlement(new CaptureId(last.CaptureId), Vocabulary.DeliveryEnds.Read(last.End), last.Reason, last.At) : null, doubt),
            "waiting" => new PointState.Waiting(DeliveryOf(body), body.DueAt.Needed("dueAt"), body.LastFailure, doubt) { AwaitsMend = body.AwaitsMend ?? false },
            "in-flight" => new PointState.InFlight(
                DeliveryOf(body),
                body.Attempt.Needed("attempt").ToAttempt(),
                body.Next is { } next ? Of(next) : null,
                Vocabulary.AfterFlights.Read(body.AfterFlight.Needed("afterFlight")),
                doubt),
            "parked" => new PointState.Parked(
                DeliveryOf(body), Vocabulary.ParkReasons.Read(body.ParkReason.Needed("parkReason")), body.Explanation.Needed("explanation"), doubt),
            "rechecking" => new PointState.Rechecking(DeliveryOf(body), body.DueAt.Needed("dueAt"), body.Mark.ToMark(), doubt),
            var word => throw new UnreadableRecordException($"The stored point state '{word}' is not one that this version knows."),
        };
    }

    private static DeliveryBody BodyOf(Delivery delivery) => new(delivery.Change.ToBody(), delivery.FailedAttempts);

    private static Delivery DeliveryOf(PointBody body) => Of(body.Delivery.Needed("delivery"));

    private static Delivery Of(DeliveryBody body) => new(body.Change.ToChange(), body.FailedAttempts);
}
