using System.Collections.Immutable;
using PasswordSync.Core.Operations;
using PasswordSync.Hosting.Doctor;

namespace PasswordSync.SyncNode.Operations.Doctor;

/// <summary><c>doctor</c>: looks at everything that this node needs, and says what to do about what is wrong.</summary>
internal sealed class NodeDoctor(OperationServices services) : Operation
{
    private static readonly ImmutableArray<ColumnDescription> Columns = [Column.Text("what"), Column.Text("result"), Column.Text("found"), Column.Text("remedy")];

    public override CommandDescription Description { get; } =
        Show("doctor", "", "Checks this node: itself, its files, the database, the other nodes, sources, sync points and edges. Changes nothing.", "doctor", "doctor -faults")
        with
        { Role = "operator", Parameters = [new ParameterDescription("faults", "-f", "flag", "Only what is not good.", Required: false, Repeatable: false, Positional: false, null)] };

    // A database that is away, or whose disk is full, is what it is asked about.
    public override bool RunsUnaudited => true;

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var checks = await Task.WhenAll(
            new OwnChecks(services).RunAsync(cancellationToken),
            new StoreChecks(services.Store, services.Configuration.Node.Database.RequireSynchronousStandby, services.MachineClock).RunAsync(cancellationToken),
            new PeerChecks(services).RunAsync(cancellationToken),
            new TargetChecks(services).RunAsync(cancellationToken),
            new EdgeChecks(services).RunAsync(cancellationToken)).ConfigureAwait(false);
        var found = checks.SelectMany(one => one).Concat(Audit(call)).ToList();
        var shown = call.Flag("faults") ? found.Where(one => one.Result != FindingResult.Good) : found;
        var answer = Answer.Of(
            Section.Facts(null, ("node", services.Configuration.Node.Name), ("verdict", Finding.Verdict(found))),
            Section.Table("checks", "check|checks", Columns, shown.Select(one => Column.Row(one.What, one.Word, one.Found, one.Remedy))));
        return new OperationResult.Answered(answer with { IsBadNews = found.Any(one => one.Result == FindingResult.Bad) });
    }

    // A database that answers may still take nothing: a full disk, a standby.
    private static IEnumerable<Finding> Audit(OperationCall call)
    {
        if (call.UnauditedBecause is { } why) yield return Finding.Bad("audit", $"That you asked could not be written down: {why}", "See that the database can be written: its disk, its rights, whether it is a standby. Nothing is changed by operators until then.");
    }
}
