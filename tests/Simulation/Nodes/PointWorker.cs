using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;

namespace PasswordSync.Simulation.Nodes;

/// <summary>One sync point on one node, as the provider actor has it: one delivery of an identity at a time.</summary>
internal sealed class PointWorker(Surroundings around, SimulatedNode node, SyncPointId point)
{
    private readonly HashSet<IdentityId> running = [];

    public int Running => running.Count;

    public void Take(IdentityId identity, Offer offer)
    {
        if (!running.Add(identity)) return;
        var course = new DeliveryCourse(around, node, point, identity, offer, () => running.Remove(identity));
        node.Clock.Run(around.Line.Soon(), course.Begin);
    }
}
