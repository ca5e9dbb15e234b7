using PasswordSync.Core.Captures;
using PasswordSync.SyncNode.Cluster;

namespace PasswordSync.SyncNode.Deliveries.Remote;

/// <summary>
/// Which node found an account for a change, for the write and the probe that follow. Of one account there may be several: the next change of its person, and those of others whom the
/// matching rules lead there too; none may take the place of another, or the node would open another change's password. Safe from any thread.
/// </summary>
internal sealed class RemoteGrants
{
    /// <summary>How many are remembered; far more than a point carries out at once. The oldest are forgotten first: who loses one is told so at its write, and tries again.</summary>
    public const int GrantsMax = 10_000;

    private readonly Lock gate = new();
    private readonly Dictionary<(string Key, CaptureId CaptureId), Grant> grants = [];
    private readonly Queue<((string Key, CaptureId CaptureId) Place, Grant Grant)> order = new();

    public void Put(string targetKey, CaptureId captureId, Grant grant)
    {
        lock (gate)
        {
            grants[(targetKey, captureId)] = grant;
            order.Enqueue(((targetKey, captureId), grant));
            if (order.Count <= GrantsMax) return;

            // One that was granted anew since has another place further back.
            var (place, oldest) = order.Dequeue();
            if (ReferenceEquals(grants.GetValueOrDefault(place), oldest)) grants.Remove(place);
        }
    }

    /// <summary>Null if there is none, or it is forgotten.</summary>
    public Grant? Find(string targetKey, CaptureId captureId)
    {
        lock (gate) return grants.GetValueOrDefault((targetKey, captureId));
    }
}

/// <summary>That a node found an account.</summary>
/// <param name="Peer">The node.</param>
/// <param name="Address">Where it was asked.</param>
/// <param name="Step">What it was asked, without the names.</param>
/// <param name="Ticket">To be shown with the write: the node counts the window from its making.</param>
/// <param name="ReceivedAt">This node's timestamp when the ticket was here; it was made before.</param>
internal sealed record Grant(Peer Peer, Uri Address, RemoteStep Step, Guid Ticket, long ReceivedAt);
