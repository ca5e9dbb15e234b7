using System.Security.Cryptography;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Ports;
using PasswordSync.Hosting.Certificates;
using PasswordSync.SyncNode.Cluster.Requests;
using PasswordSync.SyncNode.Operations.Sync;

namespace PasswordSync.SyncNode.Operations.Edges;

/// <summary><c>edge sign</c></summary>
internal sealed class EdgeSign(OperationServices services) : Operation
{
    public override CommandDescription Description { get; } = Change(
        OperatorRole.Administrator, "edge", "sign", "Signs the certificate request of an edge, for one source and one domain controller; the answer is the certificate. Whoever has it and its key may bring passwords of that source: sign only what you know.",
        "edge sign dc1.corp.example -s corp -request dc1.csr > dc1.pem")
        with
    { Parameters = [EdgeParameter.Controller, EdgeParameter.Source, new ParameterDescription("request", "-r", "file", "The edge's request, a PEM file (PasswordSync.EdgeNode request).", Required: true, Repeatable: false, Positional: false, null)] };

    public override Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken) => Task.FromResult(Sign(call));

    private OperationResult Sign(OperationCall call)
    {
        var (source, controller, refusal) = EdgeParameter.Read(call, services);
        if (refusal is not null) return refusal;
        if (services.Parts.Credentials.Authority is not { } authority) return new OperationResult.Refused(RefusalReason.Conflict, "The authority's key (ca.key) is not at this node: ask the node that has it ('cluster leader' there says so).");
        var name = new PeerName.Edge(services.Configuration.Node.Cluster, source, controller);
        try
        {
            using var certificate = authority.SignEdge(call.Needed("request"), name, services.Now);
            if (services.Revocations.Find(name, ClusterAuthority.SignedAt(certificate)) is { } revocation)
            {
                return new OperationResult.Refused(RefusalReason.Conflict, $"The edge was revoked at {Stories.Time(revocation.At)}, which by this node's clock is now or still to come: try again in some seconds, and compare the nodes' clocks.");
            }

            return new OperationResult.Answered(
                Answer.Of(Section.File($"{controller}.pem", certificate.ExportCertificatePem() + "\n")),
                After: $"{name.ToUri()}, serial {certificate.SerialNumber}, until {certificate.NotAfter.ToUniversalTime():u}, key {Convert.ToHexStringLower(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()))}");
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            return new OperationResult.Refused(RefusalReason.Invalid, $"The request cannot be signed: {failure.Message} Make it with 'PasswordSync.EdgeNode request'.");
        }
    }
}

/// <summary><c>edge revoke</c></summary>
internal sealed class EdgeRevoke(OperationServices services) : Operation
{
    public override CommandDescription Description { get; } = Change(
        OperatorRole.Administrator, "edge", "revoke", "Refuses every certificate that was signed for an edge until now, at all nodes, for ever. What waits in its spool stays there until a new request of it is signed.",
        "edge revoke dc1.corp.example -s corp -reason \"stolen\"")
        with
    { Parameters = [EdgeParameter.Controller, EdgeParameter.Source, Parameter.Option("reason", "r", "Why, for those who wonder.")] };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var (source, controller, refusal) = EdgeParameter.Read(call, services);
        if (refusal is not null) return refusal;
        var before = services.Revocations.LastOf(source, controller);
        await services.Store.Edges.RevokeAsync(new EdgeRevocation(source, controller, services.Now, call.Caller.Name, call.Text("reason")), cancellationToken).ConfigureAwait(false);
        await services.Revocations.ReadAsync(cancellationToken).ConfigureAwait(false);
        var late = await services.TellOthersAsync(new NodeRequest.ReadRevocations(call.Caller.Name), cancellationToken).ConfigureAwait(false);
        var now = services.Revocations.LastOf(source, controller)!;
        return new OperationResult.Answered(
            Answer.Of(Section.Facts(
                null,
                ("edge", $"{source}/{controller}"),
                ("refused", $"certificates signed until {Stories.Time(now.At)}"),
                ("nodes", late.IsEmpty ? "all that live refuse them now" : $"all that live, but {string.Join(", ", late)} within 5 s"))),
            Before: before is null ? "never revoked" : $"revoked until {Stories.Time(before.At)}", After: $"revoked until {Stories.Time(now.At)}");
    }
}
