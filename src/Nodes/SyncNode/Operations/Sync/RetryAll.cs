using System.Collections.Immutable;
using System.Globalization;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Operations;
using PasswordSync.SyncNode.Cluster.Requests;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary><c>sync parked retry-all</c>: each person by itself, so that one who cannot be asked costs nobody else; what was done is told, and audited, also where it was cut off.</summary>
internal sealed class RetryAll(OperationServices services) : Operation
{
    /// <summary>How many reasons are told.</summary>
    private const int ReasonsMax = 10;

    private static readonly ImmutableArray<ColumnDescription> Columns =
        [Column.Text("point"), Column.Number("retried"), Column.Number("inFlight", "in flight"), Column.Number("refused"), Column.Number("noAnswer", "no answer")];

    public override CommandDescription Description { get; } = Change(
        OperatorRole.Operator, "sync", "parked retry-all", "Tries everything that is parked now; with -waiting also what failed and waits for its time.", "sync parked retry-all -p mail -waiting")
        with
    {
        Parameters = [Parameter.OnlyPoint, new ParameterDescription("waiting", "-w", "flag", "Also what failed and waits.", false, false, false, null), Parameter.Limit with { Default = $"{Parameter.RowsMax}" }],
    };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var only = call.Text("point");
        if (only is not null && services.FindPoint(only) is null) return services.NoSuchPoint(only);
        var (wanted, isCut) = await FindAsync(only is null ? null : new SyncPointId(only), call, cancellationToken).ConfigureAwait(false);
        var results = new List<(SyncPointId Point, Decided Decided)>();
        var round = services.Decisions.Begin();
        try
        {
            foreach (var (identity, point) in wanted) results.Add((point, await round.DecideAsync(identity, point, DecisionKind.Retry, null, call.Caller.Name, cancellationToken).ConfigureAwait(false)));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Whoever asked has gone: what was done until then is written down below.
        }

        return Told(results, wanted.Count, isCut);
    }

    /// <summary>What became of them, for whoever asked and for the audit.</summary>
    /// <param name="results">Those that were decided about.</param>
    /// <param name="wanted">How many were to be.</param>
    /// <param name="isCut">Whether there are more than that.</param>
    internal static OperationResult.Answered Told(IReadOnlyList<(SyncPointId Point, Decided Decided)> results, int wanted, bool isCut)
    {
        var table = Section.Table(null, "point|points", Columns, results.GroupBy(result => result.Point).OrderBy(group => group.Key).Select(group => Column.Row(
            group.Key.Value,
            group.Count(result => result.Decided.IsDone),
            group.Count(result => result.Decided.Refusal is DecisionRefusal.AttemptInFlight),
            group.Count(result => result.Decided.Refusal is not (null or DecisionRefusal.AttemptInFlight)),
            group.Count(result => result.Decided.NoAnswerBecause is not null))));
        List<(string What, object? Value)> left =
        [
            .. from result in results
               where result.Decided.SilentNode is not null
               group result by result.Decided.SilentNode into silent
               orderby silent.Key
               select ("not asked", (object?)NotAsked(silent.Key!, silent.Count())),
            .. from why in results.Where(result => result.Decided.SilentNode is null).Select(result => result.Decided.NoAnswerBecause).OfType<string>().Distinct().Take(ReasonsMax) select ("no answer", (object?)why),
            .. isCut ? [("not tried", string.Create(CultureInfo.InvariantCulture, $"there are more than {wanted}, and only the oldest were tried: ask again for the others"))] : Array.Empty<(string, object?)>(),
        ];
        var notAsked = results.Count(result => result.Decided.SilentNode is not null);
        var noAnswer = results.Count(result => result.Decided.NoAnswerBecause is not null) - notAsked;
        return new OperationResult.Answered(
            left.Count == 0 ? Answer.Of(table) : Answer.Of(table, Section.Facts(null, left)),
            Before: $"{wanted} parked or failed{(isCut ? ", and more" : "")}",
            After: $"{results.Count(result => result.Decided.IsDone)} retried{(noAnswer == 0 ? "" : $", {noAnswer} without an answer")}{(notAsked == 0 ? "" : $", {notAsked} not asked")}{(results.Count == wanted ? "" : $", cut off after {results.Count}")}");
    }

    // Of the people of a node that is silent. What was retried is parked no more, so that asking again does nothing twice.
    private static string NotAsked(string node, int count) => string.Create(
        CultureInfo.InvariantCulture,
        $"{count} {(count == 1 ? "delivery" : "deliveries")} at the node {node}, which was silent {OperatorDecisions.SilencesMax} times in a row: look at it with 'pbm doctor' there and 'pbm cluster show', then ask again");

    private async Task<(List<(IdentityId Identity, SyncPointId Point)> Wanted, bool IsCut)> FindAsync(SyncPointId? point, OperationCall call, CancellationToken cancellationToken)
    {
        // One more than is wanted tells whether there are more.
        var most = call.Rows() + 1;
        var stuck = await services.Queries.ListParkedAsync(point, most, cancellationToken).ConfigureAwait(false);
        if (call.Flag("waiting")) stuck = stuck.AddRange(await services.Queries.ListFailingAsync(point, most, cancellationToken).ConfigureAwait(false));
        var all = stuck.Select(row => (row.Identity, row.Point)).Distinct().ToList();
        return ([.. all.Take(call.Rows())], all.Count > call.Rows());
    }
}
