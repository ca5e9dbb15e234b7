using System.Collections.Immutable;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Settings;
using PasswordSync.Providers.Contract;
using PasswordSync.SyncNode.Cluster.Requests;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary><c>sync points</c></summary>
internal sealed class PointList(OperationServices services) : Operation
{
    public override CommandDescription Description { get; } = Show("sync", "points", "Lists the sync points: how they stand on the node that is asked (here), and what is parked in the whole cluster.", "sync points");

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken) =>
        new OperationResult.Answered(Answer.Of(await PointTable.MakeAsync(services, title: null, cancellationToken).ConfigureAwait(false)));
}

/// <summary>The table of sync points, as <c>sync points</c> and <c>sync status</c> show it. What waits and runs is this node's, since each node has its own queue; what is parked is the cluster's.</summary>
internal static class PointTable
{
    private static readonly ImmutableArray<ColumnDescription> Columns =
    [
        Column.Text("point"), Column.Text("provider"), Column.Text("state"), Column.Number("waiting", "waiting here"), Column.Number("running", "running here"), Column.Number("parked", "parked in all"), Column.Time("restingUntil", "rests here until"),
    ];

    public static async Task<Section> MakeAsync(OperationServices services, string? title, CancellationToken cancellationToken)
    {
        var live = await services.Engine.ShowPointsAsync(cancellationToken).ConfigureAwait(false);
        var parked = (await services.Queries.CountParkedAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(count => count.Point, count => count.Deliveries);
        return Section.Table(title, "point|points", Columns, services.Configuration.Points.Select(point =>
        {
            var id = new SyncPointId(point.Name);
            var status = live.GetValueOrDefault(id);
            var state = services.Switchboard.Current.GetValueOrDefault(id) is { } off ? off.IsDisabled ? "disabled" : "paused" : status is null ? "elsewhere" : status.RestingUntil is null ? "runs" : "rests";
            return Column.Row(point.Name, point.Provider, state, status?.Waiting, status?.Running, parked.GetValueOrDefault(id), status?.RestingUntil);
        }));
    }
}

/// <summary><c>sync point show</c></summary>
internal sealed class PointShow(OperationServices services) : Operation
{
    public override CommandDescription Description { get; } = Show("sync", "point show", "Shows one sync point: settings without secrets, limits, scopes that give it, and how it stands.", "sync point show mail") with { Parameters = [Parameter.Point] };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var name = call.Needed("point");
        if (services.FindPoint(name) is not { } point || services.FindProvider(name) is not { } provider) return services.NoSuchPoint(name);
        var id = new SyncPointId(name);
        var off = services.Switchboard.Current.GetValueOrDefault(id);
        var status = (await services.Engine.ShowPointsAsync(cancellationToken).ConfigureAwait(false)).GetValueOrDefault(id);
        var (about, limits) = (provider.Description, provider.Description.Limits);
        return new OperationResult.Answered(Answer.Of(
            Section.Facts(
                null,
                ("point", name),
                ("provider", point.Provider),
                ("state", off is null ? "as configured" : $"{(off.IsDisabled ? "disabled" : "paused")} by {off.By} since {Stories.Time(off.Since)}{(off.Reason is { } reason ? $": {reason}" : "")}"),
                ("waiting, running", status is null ? "not on this node" : $"{status.Waiting}, {status.Running}{(status.RestingUntil is { } until ? $"; rests here until {Stories.Time(until)}. {status.RestsFor}".TrimEnd() : "")}"),
                ("scopes", string.Join(", ", services.Configuration.Scopes.Where(scope => scope.Points.Contains(name)).Select(scope => $"{scope.Source}/{scope.Name}"))),
                ("concurrency", $"{point.Concurrency}{(point.Rate is { } rate ? $"; all nodes together begin at most {rate.Permits} in {DurationText.Format(rate.Per)}" : "")}"),
                ("attempt timeout", $"{point.AttemptTimeout.TotalSeconds} s"),
                ("retry", $"after {point.Retry.InitialDelay.TotalSeconds} s, times {point.Retry.Factor}, at most {point.Retry.DelayMax.TotalSeconds} s, {point.Retry.AttemptsMax} attempts"),
                ("password length", $"{limits.LengthMin} to {limits.LengthMax}"),
                ("shows a mark, can sign in, is a source", $"{YesNo(about.ShowsMark)}, {YesNo(about.CanProbeBySignIn)}, {YesNo(about.ReportsWrittenStamp)}")),

            // References to secrets are shown, since they are references; a provider refuses a secret that stands in its settings itself.
            Section.Facts("settings", NodeConfigurationView.Of(point).Select(entry => (entry.Key, (object?)entry.Value)))));
    }

    private static string YesNo(bool value) => value ? "yes" : "no";
}

/// <summary><c>sync point verify</c></summary>
internal sealed class PointVerify(OperationServices services) : Operation
{
    private static readonly ImmutableArray<ColumnDescription> Columns = [Column.Text("check"), Column.Text("result"), Column.Text("finding"), Column.Text("remedy")];

    public override CommandDescription Description { get; } =
        Change(OperatorRole.Operator, "sync", "point verify", "Checks a sync point against its target: reachability, certificate, credentials, rights; and what its password policy refuses that the source takes. Changes nothing there; if all is well, what waits because the point was misconfigured is tried now.", "sync point verify mail") with { Parameters = [Parameter.Point] };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var name = call.Needed("point");
        if (services.FindPoint(name) is not { } point) return services.NoSuchPoint(name);
        var checks = await services.Questions.VerifyAsync(point, call.Caller.Name, cancellationToken).ConfigureAwait(false);
        var table = Section.Table(null, "check|checks", Columns, checks.Select(check => Column.Row(check.Name, check.Result == VerificationResult.NotRun ? "not checked" : $"{check.Result}".ToLowerInvariant(), check.Finding, check.Remedy)));
        if (checks.Any(check => check.Result == VerificationResult.Failed)) return new OperationResult.Answered(Answer.Of(table) with { IsBadNews = true });
        var untold = await HeedAsync(name, call.Caller.Name, cancellationToken).ConfigureAwait(false);
        return new OperationResult.Answered(untold.IsEmpty
            ? Answer.Of(table)
            : Answer.Of(table, Section.Facts(null, ("not told", $"{string.Join(", ", untold)}: what waits there is tried at its own time, or when you verify there"))));
    }

    // What waits is tried by the nodes that own it.
    private async Task<ImmutableArray<string>> HeedAsync(string name, string by, CancellationToken cancellationToken)
    {
        services.Mending.VerifiedElsewhere(new SyncPointId(name));
        try
        {
            return await services.TellOthersAsync(new NodeRequest.HeedVerification(by, name), cancellationToken).ConfigureAwait(false);
        }
        catch (StorageUnavailableException)
        {
            return ["the other nodes, since the database is away"];
        }
    }
}

/// <summary><c>sync point pause</c> and <c>sync point disable</c></summary>
internal sealed class PointSwitchOff(OperationServices services, bool disables) : Operation
{
    public override CommandDescription Description { get; } =
        (disables
            ? Change(OperatorRole.Operator, "sync", "point disable", "Takes a sync point out: nothing is begun there, and new changes are not queued for it.", "sync point disable mail -reason \"the server is given up\"")
            : Change(OperatorRole.Operator, "sync", "point pause", "Lets a sync point begin nothing new; changes wait, until it is resumed or they expire.", "sync point pause mail -reason \"maintenance until noon\""))
        with
        { Parameters = [Parameter.Point, Parameter.Option("reason", "r", "Why, for those who wonder.")] };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var name = call.Needed("point");
        if (services.FindPoint(name) is null) return services.NoSuchPoint(name);
        var value = new PointSwitch(new SyncPointId(name), disables, call.Caller.Name, call.Text("reason"), services.Now);
        var before = services.Switchboard.Current.GetValueOrDefault(value.Point);
        await services.Operations.Points.SetAsync(value, cancellationToken).ConfigureAwait(false);
        await services.Switchboard.ApplyAsync(services.Engine, cancellationToken).ConfigureAwait(false);
        var word = disables ? "disabled" : "paused";
        return new OperationResult.Answered(
            Answer.Of(Section.Facts(null, ("point", name), ("state", word))), Before: before is null ? "as configured" : before.IsDisabled ? "disabled" : "paused", After: word);
    }
}

/// <summary><c>sync point resume</c> and <c>sync point enable</c></summary>
internal sealed class PointSwitchOn(OperationServices services, bool enables) : Operation
{
    public override CommandDescription Description { get; } =
        (enables
            ? Change(OperatorRole.Operator, "sync", "point enable", "Takes a disabled sync point in again: changes from now on are queued for it.", "sync point enable mail")
            : Change(OperatorRole.Operator, "sync", "point resume", "Lets a paused sync point go on.", "sync point resume mail"))
        with
        { Parameters = [Parameter.Point] };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var name = call.Needed("point");
        if (services.FindPoint(name) is null) return services.NoSuchPoint(name);
        var point = new SyncPointId(name);
        var before = services.Switchboard.Current.GetValueOrDefault(point);
        if (before is null) return new OperationResult.Refused(RefusalReason.Conflict, $"The sync point '{name}' is neither paused nor disabled.");
        if (before.IsDisabled != enables) return new OperationResult.Refused(RefusalReason.Conflict, $"The sync point '{name}' is {(before.IsDisabled ? "disabled: use 'sync point enable'" : "paused: use 'sync point resume'")}.");
        await services.Operations.Points.ClearAsync(point, cancellationToken).ConfigureAwait(false);
        await services.Switchboard.ApplyAsync(services.Engine, cancellationToken).ConfigureAwait(false);
        return new OperationResult.Answered(Answer.Of(Section.Facts(null, ("point", name), ("state", "runs"))), Before: before.IsDisabled ? "disabled" : "paused", After: "as configured");
    }
}
