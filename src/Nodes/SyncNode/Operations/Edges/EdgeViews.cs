using System.Collections.Immutable;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Ports;
using PasswordSync.SyncNode.Operations.Sync;

namespace PasswordSync.SyncNode.Operations.Edges;

/// <summary><c>edge list</c></summary>
internal sealed class EdgeList(OperationServices services) : Operation
{
    public override CommandDescription Description { get; } = Show("edge", "list", "Lists the edges that were ever heard of: when, what they run, what waits in their spool, until when their certificate is good.", "edge list");

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken) =>
        new OperationResult.Answered(Answer.Of(await EdgeTable.MakeAsync(services, title: null, cancellationToken).ConfigureAwait(false)));
}

/// <summary>The table of edges, as <c>edge list</c> and <c>sync status</c> show it.</summary>
internal static class EdgeTable
{
    public const string Gone = "gone";

    public const string Revoked = "revoked";

    private static readonly ImmutableArray<ColumnDescription> Columns =
    [
        Column.Text("source"), Column.Text("controller", "domain controller"), Column.Text("state"), Column.Time("seenAt", "last heard of"), Column.Text("version"), Column.Number("spool", "in its spool"),
        Column.Time("certificateUntil", "certificate until"),
    ];

    private static readonly ImmutableArray<ColumnDescription> GoneColumns =
        [Column.Text("source"), Column.Text("controller", "domain controller"), Column.Time("seenAt", "last heard of"), Column.Text("meaning", "what it means"), Column.Text("action", "you can")];

    public static async Task<Section> MakeAsync(OperationServices services, string? title, CancellationToken cancellationToken) =>
        Section.Table(title, "edge|edges", Columns, (await services.Store.Edges.ListAsync(cancellationToken).ConfigureAwait(false)).Select(edge => Column.Row(
            edge.Source.Value, edge.DomainController, StateOf(edge, services), edge.SeenAt, edge.Version, edge.Spool, edge.CertificateUntil)));

    /// <summary>The edges of some sources that are gone, for whom their people wonder; no section if all are here.</summary>
    public static async Task<ImmutableArray<Section>> GoneAsync(OperationServices services, IEnumerable<SourceId> sources, CancellationToken cancellationToken)
    {
        var concerned = sources.ToHashSet();
        var gone = (await services.Store.Edges.ListAsync(cancellationToken).ConfigureAwait(false)).Where(edge => concerned.Contains(edge.Source) && StateOf(edge, services) == Gone).ToList();
        if (gone.Count == 0) return [];
        return
        [
            Section.Table("edges that are gone", "edge|edges", GoneColumns, gone.Select(edge => Column.Row(
                edge.Source.Value, edge.DomainController, edge.SeenAt, "A password that was changed there since waits in its spool, and comes when it is back.",
                $"See that passwordsync-edge runs there and reaches this node: PasswordSync.EdgeNode doctor, on {edge.DomainController}."))),
        ];
    }

    /// <summary>An edge that was revoked and not heard of since is not missed.</summary>
    public static string StateOf(EdgeSighting edge, OperationServices services) =>
        services.Revocations.LastOf(edge.Source, edge.DomainController) is { } revocation && edge.SeenAt <= revocation.At ? Revoked
        : services.Now - edge.SeenAt > services.Configuration.Node.EdgeGoneAfter ? Gone
        : "here";
}

/// <summary><c>edge show</c></summary>
internal sealed class EdgeShow(OperationServices services) : Operation
{
    public override CommandDescription Description { get; } = Show("edge", "show", "Shows one edge.", "edge show dc1.corp.example", "edge show dc1.corp.example -s corp") with { Parameters = [EdgeParameter.Controller, EdgeParameter.Source] };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var (source, controller, refusal) = EdgeParameter.Read(call, services);
        if (refusal is not null) return refusal;
        var edge = (await services.Store.Edges.ListAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(known => known.Source == source && known.DomainController == controller);
        var revocation = services.Revocations.LastOf(source, controller);
        if (edge is null && revocation is null) return new OperationResult.Refused(RefusalReason.NotFound, $"Nothing was ever heard of an edge {source}/{controller}: 'edge list' has those known.");
        var names = (await services.Operations.Controllers.ListAsync(cancellationToken).ConfigureAwait(false)).Where(name => name.Source == source && name.Name == controller).Select(name => $"{name.InvocationId}");
        return new OperationResult.Answered(Answer.Of(Section.Facts(
            null,
            ("source", source.Value),
            ("domain controller", controller),
            ("state", edge is null ? "never heard of" : EdgeTable.StateOf(edge, services)),
            ("last heard of", edge?.SeenAt),
            ("version", edge?.Version),
            ("captures in its spool", edge?.Spool),
            ("certificate", edge?.CertificateSerial),
            ("certificate until", edge?.CertificateUntil),
            ("invocation ids", string.Join(", ", names)),
            ("revoked", revocation is null ? "never" : $"certificates signed until {Stories.Time(revocation.At)}, by {revocation.By}{(revocation.Reason is { } reason ? $": {reason}" : "")}"),
            ("scopes", string.Join(", ", services.Configuration.Scopes.Where(scope => scope.Source == source.Value).Select(scope => scope.Name))))));
    }
}

/// <summary>How commands name an edge.</summary>
internal static class EdgeParameter
{
    private const int HostNameLengthMax = 253;

    public static ParameterDescription Controller { get; } = new("controller", "-d", "text", "The DNS host name of the edge's domain controller.", Required: true, Repeatable: false, Positional: true, null);

    public static ParameterDescription Source { get; } = Parameter.Option("source", "s", "The source that the edge serves; may be left out where there is one only.");

    /// <summary>Source and host name, or what is wrong with them.</summary>
    public static (SourceId Source, string Controller, OperationResult.Refused? Refusal) Read(OperationCall call, OperationServices services)
    {
        var known = services.Configuration.Node.Sources.Keys.Order(StringComparer.Ordinal).ToList();
        var source = call.Text("source") ?? (known.Count == 1 ? known[0] : null);
        var controller = call.Needed("controller").ToLowerInvariant();
        if (source is null || !known.Contains(source)) return (default, controller, new OperationResult.Refused(RefusalReason.NotFound, $"{(source is null ? "There are several sources" : $"There is no source '{source}'")}: name one of {string.Join(", ", known)} with -s."));
        return controller.Length <= HostNameLengthMax && Uri.CheckHostName(controller) == UriHostNameType.Dns
            ? (new SourceId(source), controller, null)
            : (default, controller, new OperationResult.Refused(RefusalReason.Invalid, $"'{controller}' is not a DNS host name."));
    }
}
