using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Ports;
using PasswordSync.SyncNode.Deliveries;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary>
/// <c>sync check</c>: whether the targets of a person have a password that the client asked for. A target that only other nodes may reach is asked by one of them.
/// </summary>
internal sealed class Check(OperationServices services) : Operation
{
    /// <summary>How often one person's password may be tried in the whole cluster: a target that does not show how many sign-ins failed must not be locked out by operators who guess.</summary>
    public static readonly RateRule Limit = new(3, TimeSpan.FromMinutes(30));

    private static readonly ImmutableArray<ColumnDescription> Columns = [Column.Text("point"), Column.Text("target"), Column.Text("result"), Column.Text("reason"), Column.Text("state")];

    public override CommandDescription Description { get; } = Show(
        "sync", "check", "Asks each target of a person whether it has a password, which you are asked for. Changes nothing; one sign-in at a target that takes one, and none where a failure could lock the account.", "sync check ada", "sync check ada -p mail")
        with
    {
        Role = "operator",
        Method = "POST",
        Parameters = [Parameter.User, Parameter.OnlyPoint, new ParameterDescription("password", null, "secret", "The password to look for.", Required: true, Repeatable: false, Positional: false, null)],
    };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var (identity, refusal) = await services.FindOneAsync(call.Needed("user"), cancellationToken).ConfigureAwait(false);
        if (refusal is not null) return refusal;
        var only = call.Text("point");
        if (only is not null && services.FindPoint(only) is null) return services.NoSuchPoint(only);
        var state = await services.StateOfAsync(identity, cancellationToken).ConfigureAwait(false);
        var points = state.Points.Where(entry => only is null || entry.Key.Value == only).ToList();
        if (state.Newest is not { } newest || points.Count == 0) return new OperationResult.Refused(RefusalReason.Conflict, $"{call.Needed("user")} has no sync point{(only is null ? "" : $" '{only}'")} to ask: 'sync explain {call.Needed("user")}' says why.");
        var grant = await services.Store.Rates.TakeAsync($"check {identity}", Limit, 1, cancellationToken).ConfigureAwait(false);
        if (grant.Permits == 0) return new OperationResult.Refused(RefusalReason.Conflict, $"The password of {call.Needed("user")} was tried {Limit.Permits} times within {Limit.Per.TotalMinutes} minutes, which is the most: wait {Math.Ceiling(grant.Wait.TotalMinutes)} minutes.");
        var asked = await Task.WhenAll(points.Select(entry => AskAsync(entry.Key, entry.Value, newest, call, cancellationToken))).ConfigureAwait(false);
        var table = Section.Table(null, "target|targets", Columns, asked.Select(one => one.Row));
        return new OperationResult.Answered(Answer.Of(table) with { IsBadNews = asked.Any(one => one.HasIt is false) }, After: string.Join(", ", asked.Select(one => $"{one.Row[0]}: {one.Row[2]}")));
    }

    private async Task<(ImmutableArray<object?> Row, bool? HasIt)> AskAsync(SyncPointId point, PointState state, Change newest, OperationCall call, CancellationToken cancellationToken)
    {
        var trial = services.FindPoint(point.Value) is { } settings
            ? await services.Questions.TryAsync(settings, newest, call.Secret("password"), call.Caller.Name, cancellationToken).ConfigureAwait(false)
            : PasswordTrial.Untold("The sync point is not configured any more.");
        var result = trial.HasIt switch { true => "has it", false => "not that password", null => "cannot be told" };
        return (Column.Row(point.Value, trial.Target, result, trial.Reason, Stories.WordOf(state)), trial.HasIt);
    }
}
