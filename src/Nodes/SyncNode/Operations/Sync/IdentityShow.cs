using System.Collections.Immutable;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Operations;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary><c>sync identity show</c></summary>
internal sealed class IdentityShow(OperationServices services) : Operation
{
    private static readonly ImmutableArray<ColumnDescription> AccountColumns = [Column.Text("account"), Column.Text("login"), Column.Text("latestStamp", "latest stamp")];

    private static readonly ImmutableArray<ColumnDescription> PointColumns = [Column.Text("point"), Column.Text("state"), Column.Text("capture"), Column.Number("attempts"), Column.Time("at"), Column.Text("doubt")];

    public override CommandDescription Description { get; } = Show("sync", "identity show", "Shows the state of one identity as its actor has it: accounts, stamps, points.", "sync identity show ada") with { Parameters = [Parameter.User] };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var (identity, refusal) = await services.FindOneAsync(call.Needed("user"), cancellationToken).ConfigureAwait(false);
        if (refusal is not null) return refusal;
        var state = await services.StateOfAsync(identity, cancellationToken).ConfigureAwait(false);
        var accounts = await services.Queries.ListAccountsAsync(identity, cancellationToken).ConfigureAwait(false);
        return new OperationResult.Answered(Answer.Of(
            Section.Facts(
                null, ("identity", $"{identity}"), ("shard", identity.Shard(services.Store.Leases.ShardCount)), ("sequence", state.Sequence), ("newest change", state.Newest is { } newest ? $"{newest.CaptureId}" : "none"),
                ("sealed passwords needed", string.Join(", ", state.NeededSecrets)), ("next wake-up", state.NextWakeUp(services.Configuration.Rules))),
            Section.Table("accounts", "account|accounts", AccountColumns, accounts.Select(account => Column.Row(
                $"{account}", state.Newest is { } change && change.Account == account ? change.Names.SamAccountName : null, state.LatestStamps.TryGetValue(account.Source, out var stamp) ? $"{stamp}" : null))),
            Section.Table("sync points", "sync point|sync points", PointColumns, state.Points.Select(entry => Row(entry.Key.Value, entry.Value)))));
    }

    private static ImmutableArray<object?> Row(string point, PointState state)
    {
        (string? Capture, int? Attempts, DateTimeOffset? At) shown = state switch
        {
            PointState.Idle { Last: { } last } => ($"{last.CaptureId}", null, last.At),
            PointState.Waiting waiting => ($"{waiting.Delivery.CaptureId}", waiting.Delivery.FailedAttempts, waiting.DueAt),
            PointState.InFlight flight => ($"{flight.Delivery.CaptureId}", flight.Delivery.FailedAttempts, flight.Attempt.Deadline),
            PointState.Parked parked => ($"{parked.Delivery.CaptureId}", parked.Delivery.FailedAttempts, null),
            PointState.Rechecking rechecking => ($"{rechecking.Delivery.CaptureId}", rechecking.Delivery.FailedAttempts, rechecking.DueAt),
            _ => (null, null, null),
        };
        var doubt = state.Doubt.Unresolved is { } unresolved ? $"{unresolved.Count} attempts of unknown outcome since {Stories.Time(unresolved.Since)}" : state.Doubt.LateRiskSince is { } late ? $"an attempt may land late since {Stories.Time(late)}" : null;
        return Column.Row(point, Stories.WordOf(state), shown.Capture, shown.Attempts, shown.At, doubt);
    }
}
