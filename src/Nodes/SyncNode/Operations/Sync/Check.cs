using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary>
/// <c>sync check</c>: whether the targets of a person have a password that the client asked for. One sign-in at each target that takes one, by the same probe that deliveries use: it makes none where a
/// failure could lock the account.
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
        var rows = await Task.WhenAll(points.Select(entry => AskAsync(entry.Key, entry.Value, newest, call.Secret("password"), cancellationToken))).ConfigureAwait(false);
        return new OperationResult.Answered(
            Answer.Of(Section.Table(null, "target|targets", Columns, rows)), After: string.Join(", ", rows.Select(row => $"{row[0]}: {row[2]}")));
    }

    private async Task<ImmutableArray<object?>> AskAsync(SyncPointId point, PointState state, Change newest, Secret password, CancellationToken cancellationToken)
    {
        var (target, result, reason) = await AskAsync(point, newest, password, cancellationToken).ConfigureAwait(false);
        return Column.Row(point.Value, target, result, reason, Stories.WordOf(state));
    }

    private async Task<(string? Target, string Result, string? Reason)> AskAsync(SyncPointId point, Change newest, Secret password, CancellationToken cancellationToken)
    {
        const string untold = "cannot be told";
        if (services.FindPoint(point.Value) is not { } settings || services.FindProvider(point.Value) is not { } provider) return (null, untold, "The sync point is not configured any more.");
        if (!services.Configuration.MayRun(settings)) return (null, untold, $"Only nodes with the labels {string.Join(", ", settings.Nodes)} reach it: ask one of them.");
        if (!provider.Description.CanProbeBySignIn) return (null, untold, "This kind of target does not let a password be tried.");
        if (PasswordRules.Check(password, provider.Description.Limits) is { } rule) return (null, "not that password", rule.Reason);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(settings.AttemptTimeout);
        try
        {
            var preparation = await provider.PrepareAsync(new TargetQuery(newest.CaptureId, newest.Account, newest.Names), limit.Token).ConfigureAwait(false);
            if (preparation is not Preparation.Found found) return (null, untold, ((Preparation.Obstacle)preparation).Outcome.Explain());

            // Without a mark to compare with, the probe is the sign-in alone.
            return await provider.ProbeAsync(new ProbeRequest(found.Target, AttemptKind.Write, Against: null), password, limit.Token).ConfigureAwait(false) switch
            {
                ProbeVerdict.Present => (found.Target.DisplayName, "has it", null),
                ProbeVerdict.Absent => (found.Target.DisplayName, "not that password", null),
                ProbeVerdict.Inconclusive inconclusive => (found.Target.DisplayName, untold, inconclusive.Reason),
                var verdict => throw new InvalidOperationException($"Internal error: unknown verdict {verdict.GetType().Name}."),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, untold, $"The target did not answer within {settings.AttemptTimeout.TotalSeconds} s.");
        }
#pragma warning disable CA1031 // A provider may be anyone's code: its fault is told of this target, without the message, which nobody has redacted.
        catch (Exception failure) when (failure is not OperationCanceledException)
#pragma warning restore CA1031
        {
            return (null, untold, $"The provider failed with {failure.GetType().Name}.");
        }
    }
}
