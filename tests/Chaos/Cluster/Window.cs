using System.Globalization;
using PasswordSync.Lab;
using Xunit;

namespace PasswordSync.Chaos.Cluster;

/// <summary>What went through the cluster since a moment. Of a user it counts as served only what was chosen, acknowledged and delivered after it: nothing that was under way before.</summary>
internal sealed class Window(ChaosCluster cluster)
{
    private readonly Dictionary<string, int> chosen = cluster.Edge.Chosen;
    private readonly int acknowledged = cluster.Edge.AcknowledgedCount;
    private readonly int delivered = cluster.Receiver.Count;
    private readonly int turnedAway = cluster.Edge.TurnedAway;
    private readonly long opened = TimeProvider.System.GetTimestamp();

    /// <summary>How many captures were acknowledged.</summary>
    public int Acknowledged => cluster.Edge.AcknowledgedCount - acknowledged;

    /// <summary>How often an edge was told to try again, or got no answer.</summary>
    public int TurnedAway => cluster.Edge.TurnedAway - turnedAway;

    /// <summary>How many users have at the target a password that they chose since.</summary>
    public int Served => cluster.Edge.Acknowledged.Keys.Count(WasServed);

    /// <summary>Whether a user has at the target a password chosen since.</summary>
    public bool WasServed(string user) => cluster.Receiver.Of(user).Any(version => version > chosen.GetValueOrDefault(user));

    /// <summary>How many users chose a password since that a node has acknowledged.</summary>
    public int AcknowledgedUsers => cluster.Edge.Acknowledged.Keys.Count(WasAcknowledged);

    /// <summary>Whether a node has acknowledged a password that a user chose since.</summary>
    public bool WasAcknowledged(string user) => cluster.Edge.Acknowledged.GetValueOrDefault(user) > chosen.GetValueOrDefault(user);

    /// <summary>Waits until so many users were served: the load that a test speaks of really runs.</summary>
    public Task<TimeSpan> ServesAsync(int users, CancellationToken cancellationToken) => Eventually.HoldsAsync($"{users} users to be served meanwhile", ChaosCluster.Bound, _ => Task.FromResult(Served >= users), cancellationToken);

    /// <summary>Waits until edges were turned away so often.</summary>
    public Task<TimeSpan> TurnsAwayAsync(int asks, CancellationToken cancellationToken) => Eventually.HoldsAsync($"{asks} asks of edges in vain", ChaosCluster.Bound, _ => Task.FromResult(TurnedAway >= asks), cancellationToken);

    /// <summary>Tells it to whoever reads the test's output.</summary>
    public void Tell(string of) => TestContext.Current.SendDiagnosticMessage(string.Create(
        CultureInfo.InvariantCulture, $"{of}: {Acknowledged} captures acknowledged, {cluster.Receiver.Count - delivered} deliveries, {Served} users served, {TurnedAway} asks in vain in {TimeProvider.System.GetElapsedTime(opened).TotalSeconds:F1} s"));
}
