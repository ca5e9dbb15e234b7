using PasswordSync.Core.Ports;
using PasswordSync.Hosting;
using PasswordSync.Hosting.Doctor;
using PasswordSync.SyncNode.Operations.Edges;
using PasswordSync.SyncNode.Operations.Sync;

namespace PasswordSync.SyncNode.Operations.Doctor;

/// <summary>The edges, as nodes hear of them: last contact, version, clock, what waits in their spools.</summary>
internal sealed class EdgeChecks(OperationServices services)
{
    public async Task<IEnumerable<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var edges = await services.Store.Edges.ListAsync(cancellationToken).ConfigureAwait(false);
            var unheard = services.Configuration.Node.Sources.Keys.Where(source => edges.All(edge => edge.Source.Value != source)).Order(StringComparer.Ordinal);
            return
            [
                .. unheard.Select(source => Finding.Bad($"source {source}: edges", "No edge of it was ever heard of: nothing is captured there.", "Install edges on its domain controllers, and run their doctor.")),
                .. edges.SelectMany(Look),
            ];
        }
        catch (StorageUnavailableException)
        {
            return [Finding.NotChecked("edges", "The database does not say which edges there are.")];
        }
    }

    private IEnumerable<Finding> Look(EdgeSighting edge)
    {
        var what = $"edge {edge.Source}/{edge.DomainController}";
        var heard = $"last heard of at {Stories.Time(edge.SeenAt)}";
        var state = EdgeTable.StateOf(edge, services);
        yield return state == EdgeTable.Revoked
            ? Finding.Good(what, $"It was revoked, {heard}.")
            : state == EdgeTable.Gone
            ? Finding.Bad(what, $"It is gone, {heard}.", "Run 'PasswordSync.EdgeNode doctor' on that domain controller.")
            : edge.Version.Length > 0 && edge.Version != ProductVersion.Text
            ? Finding.Warning(what, $"It is here and runs {edge.Version}, this node {ProductVersion.Text}.", "Bring edges and nodes to one version.")
            : Finding.Good(what, $"It is here, {heard}.");
        foreach (var words in EdgeTroubles.WordsOf(edge, services)) yield return Finding.Bad($"{what}: alarm", $"It tells: {words}.", $"{EdgeTroubles.RemedyOf(edge)}.");
        if (services.Parts.Reports.List().FirstOrDefault(one => one.Edge.Source == edge.Source && one.Edge.DomainController == edge.DomainController) is not { } told) yield break;
        yield return MachineChecks.Clock($"{what}: clock", told.ClockOffset);
        yield return Finding.Good($"{what}: spool", $"{told.Report.Held} captures wait in it, {told.Report.SpoolBytes >> 10} KiB.");
    }
}
