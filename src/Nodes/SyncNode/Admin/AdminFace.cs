using System.Net.Sockets;
using PasswordSync.Actors;
using PasswordSync.SyncNode.Cluster;
using PasswordSync.SyncNode.Cluster.Requests;
using PasswordSync.SyncNode.Deliveries;
using PasswordSync.SyncNode.Intake;
using PasswordSync.SyncNode.Keys;
using PasswordSync.SyncNode.Metrics;
using PasswordSync.SyncNode.Operations;

namespace PasswordSync.SyncNode.Admin;

/// <summary>The operators' side of a node: the layer of operations, and the listener in front of it.</summary>
internal sealed partial class AdminFace : IAsyncDisposable
{
    private AdminServer? server;

    /// <summary>Where operators are listened to; empty if nowhere.</summary>
    public IReadOnlyList<Uri> Addresses => server is null ? [] : server.Addresses;

    /// <summary>Begins to listen. An address that is taken is told of loudly, and the node goes on without: passwords matter more than who watches them.</summary>
    public static async Task<AdminFace> StartAsync(
        NodeParts parts, SyncEngine engine, KeyService keys, PointSwitchboard switchboard, PointMending mending, Departure departure, EdgeRevocations revocations, LogRing log, NodeHealth health, NodeMonitoring monitoring, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var (node, clock, logger) = (parts.Configuration.Node, parts.Clock, loggers.CreateLogger<AdminFace>());
        var face = new AdminFace();
        if (node.Admin.Listen.IsEmpty) return face;
        try
        {
            await new FirstAdministrator(parts.Store.Operations.Operators, parts.Configuration.DataFolder, clock, loggers.CreateLogger<FirstAdministrator>()).EnsureAsync(cancellationToken).ConfigureAwait(false);
            var nodes = new NodeRequests(parts.Members, parts.Connections, parts.Configuration.AskTimeout);
            var services = new OperationServices(parts, engine, keys, switchboard, mending, log, health, clock.GetUtcNow())
            {
                Nodes = nodes,
                Decisions = new OperatorDecisions(engine, parts.Store.Leases, parts.Store.Operations.Queries, nodes),
                Questions = new PointQuestions(parts, nodes),
                Departure = departure,
                Revocations = revocations,
            };
            var layer = new OperationsLayer(OperationCatalogue.All(services), parts.Store.Operations.Audit, node.Name, node.Cluster, clock, loggers.CreateLogger<OperationsLayer>());
            var authentication = new OperatorAuthentication(parts.Store.Operations.Operators, parts.Store.Operations.Audit, node.Name, new FailureLimiter(clock, OperatorAuthentication.FailuresMax), clock, loggers.CreateLogger<OperatorAuthentication>());
            await authentication.LearnAsync(cancellationToken).ConfigureAwait(false);
            face.server = await AdminServer.StartAsync(node.Admin.Listen, parts.AdminCertificate, authentication, layer, new HealthEndpoints(health, monitoring), loggers, cancellationToken).ConfigureAwait(false);
            LogListening(logger, string.Join(", ", face.Addresses), AdminCertificate.FingerprintOf(parts.AdminCertificate));
        }
        catch (Exception failure) when (failure is IOException or SocketException)
        {
            LogNotListening(logger, string.Join(", ", node.Admin.Listen), failure.Message);
        }

        return face;
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null) await server.DisposeAsync().ConfigureAwait(false);
    }

    [LoggerMessage(4816, LogLevel.Information, "Operators are listened to on {Addresses}; the certificate's fingerprint is {Fingerprint}.")]
    private static partial void LogListening(ILogger logger, string addresses, string fingerprint);

    [LoggerMessage(4817, LogLevel.Error, "Operators cannot be listened to on {Addresses}: {Reason} The node goes on without; free the address or change admin.listen, then restart.")]
    private static partial void LogNotListening(ILogger logger, string addresses, string reason);
}
