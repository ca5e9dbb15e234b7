using System.Collections.Immutable;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Simulation.Checks;
using PasswordSync.Simulation.Store;
using PasswordSync.Simulation.World;

namespace PasswordSync.Simulation.Nodes;

/// <summary>What all nodes of a simulation live in.</summary>
internal sealed record Surroundings(EventLine Line, Trace Trace, Database Database, Weather Weather, Judge Judge, Bugs Bugs)
{
    public ImmutableArray<SyncPointId> Points { get; } = [new("beta"), new("gamma")];

    public Dictionary<(IdentityId Identity, SyncPointId Point), Target> Targets { get; } = [];

    /// <summary>The product's rules; retries come sooner, so that a history ends sooner.</summary>
    public DecisionRules Rules { get; } = DecisionRules.Default with
    {
        RetryPolicies = ImmutableDictionary.CreateRange<SyncPointId, RetryPolicy>(
        [
            new(new("beta"), RetryPolicy.Default with { InitialDelay = TimeSpan.FromMilliseconds(500), DelayMax = TimeSpan.FromSeconds(5) }),
            new(new("gamma"), RetryPolicy.Default with { InitialDelay = TimeSpan.FromMilliseconds(500), DelayMax = TimeSpan.FromSeconds(5) }),
        ]),
    };

    /// <summary>A process does nothing for a while, longer than the lease more often than not; its time of day may be another afterwards.</summary>
    public void Stop(SimulatedNode node)
    {
        var pause = Line.Within(TimeSpan.FromSeconds(12));
        Trace.Note($"{node.Id} stops for {pause}");
        node.Clock.Stop(pause);
        if (Weather.ClocksJump && Line.Happens(0.5)) Jump(node);
    }

    /// <summary>A machine's time of day jumps.</summary>
    public void Jump(SimulatedNode node)
    {
        node.Clock.Error = Line.Within(TimeSpan.FromSeconds(30)) - TimeSpan.FromSeconds(15);
        Trace.Note($"{node.Id}'s time of day is wrong by {node.Clock.Error}");
    }

    public Target TargetOf(IdentityId identity, SyncPointId point)
    {
        if (!Targets.TryGetValue((identity, point), out var target)) Targets.Add((identity, point), target = new Target());
        return target;
    }
}
