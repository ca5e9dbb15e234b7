using PasswordSync.SyncNode.Operations.Access;
using PasswordSync.SyncNode.Operations.Cluster;
using PasswordSync.SyncNode.Operations.Doctor;
using PasswordSync.SyncNode.Operations.Edges;
using PasswordSync.SyncNode.Operations.Keys;
using PasswordSync.SyncNode.Operations.Machine;
using PasswordSync.SyncNode.Operations.Sync;

namespace PasswordSync.SyncNode.Operations;

/// <summary>Everything that operators can ask or do.</summary>
internal static class OperationCatalogue
{
    public static IEnumerable<Operation> All(OperationServices services) =>
    [
        new NodeDoctor(services),
        new Status(services),
        new PointList(services),
        new PointShow(services),
        new PointVerify(services),
        new PointSwitchOff(services, disables: false),
        new PointSwitchOff(services, disables: true),
        new PointSwitchOn(services, enables: false),
        new PointSwitchOn(services, enables: true),
        new IdentityShow(services),
        new Explain(services),
        new History(services),
        new LogStream(services, follows: true),
        new LogStream(services, follows: false),
        new Check(services),
        new InSyncReport(services),
        new Queue(services),
        new ParkedList(services),
        new MissedList(services),
        new InboxList(services),
        new RetryAll(services),
        .. DecideForUser.All(services),
        new ClusterShow(services),
        new ClusterStatus(services),
        new ClusterLeader(services),
        new ClusterTail(services),
        new ClusterJoin(services),
        new ClusterLeave(services),
        new ClusterDown(services),
        new ClusterDownUnreachable(services),
        new RegionList(services),
        new ShardList(services),
        new RegionStats(services),
        new EdgeList(services),
        new EdgeShow(services),
        new EdgeSign(services),
        new EdgeRevoke(services),
        new KeyList(services),
        new KeyRotate(services),
        new OperatorList(services),
        new OperatorAdd(services),
        new OperatorRemove(services),
        new AuditTail(services),
        new AuditList(services),
        new AuditVerify(services),
        new LogPeek(services),
        new LogTail(services),
        new LogLevelSet(services),
        new ActorSystemShow(services),
        new ActorHierarchy(services),
    ];
}
