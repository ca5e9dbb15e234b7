using System.Collections.Immutable;
using System.Globalization;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Ports;
using PasswordSync.SyncNode.Cluster.Requests;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary><c>sync parked list</c></summary>
internal sealed class ParkedList(OperationServices services) : Operation
{
    private static readonly ImmutableArray<ColumnDescription> Columns =
    [
        Column.Text("user"), Column.Text("point"), Column.Text("why"), Column.Text("reason"), Column.Number("attempts"), Column.Time("since"), Column.Time("expiresAt", "expires at"), Column.Text("identity"),
    ];

    public override CommandDescription Description { get; } = Show("sync", "parked list", "Lists deliveries that wait for an operator, the longest first.", "sync parked list", "sync parked list -p mail -l 20")
        with
    { Parameters = [Parameter.OnlyPoint, Parameter.Limit] };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var point = call.Text("point");

        // Also a point that is not configured any more may have something parked.
        if (point is not null && services.FindPoint(point) is null && (await services.Queries.CountParkedAsync(cancellationToken).ConfigureAwait(false)).All(parked => parked.Point.Value != point)) return services.NoSuchPoint(point);
        var rows = ImmutableArray.CreateBuilder<ImmutableArray<object?>>();
        var listed = await services.Queries.ListParkedAsync(point is null ? null : new SyncPointId(point), call.Rows(), cancellationToken).ConfigureAwait(false);

        // The list says where to look, the fold of the events says what is.
        foreach (var (row, loaded) in listed.Zip(await services.LoadAsync(listed.Select(row => row.Identity), cancellationToken).ConfigureAwait(false)))
        {
            if (loaded.State is not { } state)
            {
                var user = await services.NameOfUnreadableAsync(row.Identity, cancellationToken).ConfigureAwait(false);
                rows.Add(Column.Row(user, row.Point.Value, LoadedIdentity.Unreadable, loaded.UnreadableBecause, null, row.Since, null, row.Identity.ToString()));
                continue;
            }

            if (state.Points.GetValueOrDefault(row.Point) is not PointState.Parked parked) continue;
            rows.Add(Column.Row(
                parked.Delivery.Change.Names.SamAccountName, row.Point.Value, parked.Reason == ParkReason.RefusedByPolicy ? "refused by policy" : "attempts exhausted", parked.Explanation,
                parked.Delivery.FailedAttempts, row.Since, parked.Delivery.Change.ExpiresAt, row.Identity.ToString()));
        }

        // What was counted is what is parked a moment later: at least what is listed.
        var table = Section.Table(null, "parked delivery|parked deliveries", Columns, rows);
        if (listed.Length < call.Rows()) return new OperationResult.Answered(Answer.Of(table));
        var all = (await services.Queries.CountParkedAsync(cancellationToken).ConfigureAwait(false)).Where(row => point is null || row.Point.Value == point).Sum(row => row.Deliveries);
        return new OperationResult.Answered(all <= listed.Length ? Answer.Of(table) : Answer.Of(table, Section.Facts(
            null, ("not shown", string.Create(CultureInfo.InvariantCulture, $"{all - listed.Length} of {all}, which are parked for a shorter time: -l shows up to {Parameter.RowsMax}")))));
    }
}

/// <summary><c>sync parked retry</c> and <c>sync retry</c>, <c>sync parked discard</c> and <c>sync discard</c>, <c>sync resend</c>: one decision about one person at one or all points.</summary>
internal sealed class DecideForUser(OperationServices services, CommandDescription description, DecisionKind decision, Func<PointState, bool> concerns) : Operation
{
    private static readonly ImmutableArray<ColumnDescription> Columns = [Column.Text("point"), Column.Text("before"), Column.Text("after"), Column.Text("result")];

    public override CommandDescription Description { get; } = description with
    {
        Parameters = [Parameter.User, Parameter.OnlyPoint, .. description.Parameters],
    };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var (identity, refusal) = await services.FindOneAsync(call.Needed("user"), cancellationToken).ConfigureAwait(false);
        if (refusal is not null) return refusal;
        var only = call.Text("point");
        var before = await services.StateOfAsync(identity, cancellationToken).ConfigureAwait(false);
        if (only is not null && services.FindPoint(only) is null && before.Points.Keys.All(known => known.Value != only)) return services.NoSuchPoint(only);
        var points = before.Points.Where(entry => only is null ? concerns(entry.Value) : entry.Key.Value == only).Select(entry => entry.Key).ToList();
        if (points.Count == 0) return new OperationResult.Refused(RefusalReason.Conflict, only is null ? $"There is nothing to do for {call.Needed("user")}: 'sync explain {call.Needed("user")}' says how it stands." : $"The sync point '{only}' was not among those of {call.Needed("user")} when the last change was decided: once a scope gives it, have the password changed again. 'sync explain {call.Needed("user")}' says more.");
        var results = new List<(SyncPointId Point, Decided Decided)>();
        var round = services.Decisions.Begin();
        foreach (var point in points)
        {
            var reason = decision == DecisionKind.Discard ? call.Needed("reason") : null;
            results.Add((point, await round.DecideAsync(identity, point, decision, reason, call.Caller.Name, cancellationToken).ConfigureAwait(false)));
        }

        if (results.All(result => result.Decided.NoAnswerBecause is not null)) return new OperationResult.Refused(RefusalReason.Unavailable, $"It cannot be done now: {results[0].Decided.NoAnswerBecause}");
        if (results.All(result => !result.Decided.IsDone)) return new OperationResult.Refused(RefusalReason.Conflict, string.Join(" ", results.Select(result => $"{result.Point}: {Explain(result.Decided)}")));
        var after = await ReadAfterAsync(identity, cancellationToken).ConfigureAwait(false);
        return new OperationResult.Answered(
            Answer.Of(Section.Table(null, "delivery|deliveries", Columns, results.Select(result => Column.Row(
                result.Point.Value, Word(before, result.Point), Word(after, result.Point), Explain(result.Decided))))),
            Before: string.Join(", ", points.Select(point => $"{point}: {Word(before, point)}")),
            After: string.Join(", ", points.Select(point => $"{point}: {Word(after, point)}")));
    }

    public static IEnumerable<Operation> All(OperationServices services)
    {
        var reason = Parameter.Option("reason", "r", "Why, for the journal.", "An operator gave it up.");
        foreach (var name in (string[])["parked retry", "retry"])
        {
            yield return new DecideForUser(
                services, Change(OperatorRole.Operator, "sync", name, "Tries what waits or is parked for one person now.", $"sync {name} ada", $"sync {name} ada -p mail"),
                DecisionKind.Retry, state => state is PointState.Waiting or PointState.Parked || state.IsMissed);
        }

        foreach (var name in (string[])["parked discard", "discard"])
        {
            yield return new DecideForUser(
                services, Change(OperatorRole.Operator, "sync", name, "Gives up what is parked for one person (with -p also what waits); the target keeps its old password.", $"sync {name} ada -p mail -r \"left the company\"") with { Parameters = [reason] },
                DecisionKind.Discard, state => state is PointState.Parked);
        }

        yield return new DecideForUser(
            services, Change(OperatorRole.Operator, "sync", "resend", "Sends a person's newest change once more, while its sealed password is still held.", "sync resend ada -p mail"),
            DecisionKind.Resend, _ => true);
    }

    // It is done, whether or not it can be read what came of it.
    private async Task<IdentityState?> ReadAfterAsync(IdentityId identity, CancellationToken cancellationToken)
    {
        try
        {
            return await services.StateOfAsync(identity, cancellationToken).ConfigureAwait(false);
        }
        catch (StorageUnavailableException)
        {
            return null;
        }
    }

    private static string Word(IdentityState? state, SyncPointId point) => state is null ? "unknown" : state.Points.GetValueOrDefault(point) is { } known ? Stories.WordOf(known) : "not in scope";

    private static string Explain(Decided decided) => decided switch
    {
        { NoAnswerBecause: { } why } => $"It could not be asked: {why}",
        { Refusal: { } refusal } => Explain(refusal),
        _ => "done",
    };

    private static string Explain(DecisionRefusal refusal) => refusal switch
    {
        DecisionRefusal.PointNotAssigned => "The sync point is not in the person's scope.",
        DecisionRefusal.AttemptInFlight => "An attempt is in flight: wait for its end.",
        DecisionRefusal.Expired => "It is older than the maximum age: have the password changed again.",
        DecisionRefusal.NothingToDo => "Nothing waits or is parked there.",
        DecisionRefusal.SecretGone => "Its sealed password is not held any more: have the password changed again.",
        DecisionRefusal.NoChangeYet => "No change was ever accepted.",
        DecisionRefusal.NotTheCurrentDelivery => "The account has had a newer password since, which is not to be sent.",
        var other => $"Refused: {other}.",
    };
}

/// <summary><c>sync queue</c></summary>
internal sealed class Queue(OperationServices services) : Operation
{
    /// <summary>How many people are loaded from the journal at once.</summary>
    private const int LoadsMax = 256;

    private static readonly ImmutableArray<ColumnDescription> Columns =
    [
        Column.Text("user"), Column.Text("point"), Column.Text("state"), Column.Time("dueAt", "due at"), Column.Number("attempts"), Column.Time("capturedAt", "captured at"), Column.Text("reason"),
    ];

    public override CommandDescription Description { get; } = Show("sync", "queue", "Lists what is not done: what waits or is to be checked again, with when it is due, and what is in flight; the earliest due first.", "sync queue", "sync queue -p mail")
        with
    { Parameters = [Parameter.OnlyPoint, Parameter.Limit] };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var only = call.Text("point");
        if (only is not null && services.FindPoint(only) is null) return services.NoSuchPoint(only);
        var rows = ImmutableArray.CreateBuilder<ImmutableArray<object?>>();
        var pending = await services.Queries.ListPendingAsync(after: null, Parameter.RowsMax, cancellationToken).ConfigureAwait(false);
        foreach (var some in pending.Chunk(LoadsMax).TakeWhile(_ => rows.Count < call.Rows()))
        {
            foreach (var (one, loaded) in some.Zip(await services.LoadAsync(some.Select(one => one.Identity), cancellationToken).ConfigureAwait(false)))
            {
                // At which points somebody waits who cannot be read, nobody can tell.
                if (loaded.State is { } state) AddTo(rows, state, only);
                else rows.Add(Column.Row(await services.NameOfUnreadableAsync(one.Identity, cancellationToken).ConfigureAwait(false) ?? $"{one.Identity}", null, LoadedIdentity.Unreadable, one.DueAt, null, null, loaded.UnreadableBecause));
            }
        }

        // More people than this wait: what is due later was not looked at.
        var table = Section.Table(null, "delivery|deliveries", Columns, rows.Take(call.Rows()));
        return new OperationResult.Answered(pending.Length < Parameter.RowsMax || rows.Count >= call.Rows() ? Answer.Of(table) : Answer.Of(table, Section.Facts(
            null, ("not looked at", string.Create(CultureInfo.InvariantCulture, $"what is due after {Stories.Time(pending[^1].DueAt)}: only the {Parameter.RowsMax} people that are due first were looked at")))));
    }

    // What is in flight is due no more, and a newer change behind it is not due yet.
    private static void AddTo(ImmutableArray<ImmutableArray<object?>>.Builder rows, IdentityState state, string? only)
    {
        foreach (var (point, known) in state.Points.Where(entry => only is null || entry.Key.Value == only))
        {
            switch (known)
            {
                case PointState.Waiting waiting:
                    rows.Add(Row(point, Stories.WordOf(waiting), waiting.Delivery, waiting.DueAt, Stories.ReasonOf(waiting)));
                    break;
                case PointState.Rechecking rechecking:
                    rows.Add(Row(point, Stories.WordOf(rechecking), rechecking.Delivery, rechecking.DueAt, Stories.ReasonOf(rechecking)));
                    break;
                case PointState.InFlight flight:
                    rows.Add(Row(point, Stories.WordOf(flight), flight.Delivery, dueAt: null, Stories.ReasonOf(flight)));
                    if (flight.Next is { } next) rows.Add(Row(point, "waits", next, dueAt: null, "It waits for the end of the attempt in flight."));
                    break;
            }
        }
    }

    private static ImmutableArray<object?> Row(SyncPointId point, string state, Delivery delivery, DateTimeOffset? dueAt, string? reason) => Column.Row(
        delivery.Change.Names.SamAccountName, point.Value, state, dueAt, delivery.FailedAttempts, delivery.Change.Stages.CapturedAt, reason);
}
