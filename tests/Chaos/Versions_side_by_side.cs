using PasswordSync.Chaos.Cluster;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Chaos;

/// <summary>A node that meets an event which only a newer version writes: it refuses that identity, serves everybody else, and loses nothing of the one it refused.</summary>
public sealed class Versions_side_by_side
{
    private const string Refused = "user0";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 900_000)]
    public async Task An_event_of_a_newer_version_is_refused_not_misread_and_everybody_else_is_served()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1", "Half a minute: set PASSWORDSYNC_LONG=1.");
        await using var cluster = await ChaosCluster.StartAsync(["north", "south"], options => options, Token);
        string[] users = [Refused, .. Enumerable.Range(1, 11).Select(number => $"user{number}")];
        await Task.WhenAll(users.Select(user => cluster.Edge.ChangeAsync(user, Token)));
        await cluster.ComeToRestAsync(mayGoBack: false, Token);

        // As a newer node would have left it behind: an event of a kind, or with a member, that this version does not know. Its owner starts anew and reads it.
        await cluster.Postgres.RunSqlAsync(
            $$"""
            INSERT INTO passwordsync.event (identity_id, seq, shard_id, kind, body, at)
            SELECT identity_id, max(seq) + 1, min(event.shard_id), 'capture-accepted.2', '{"at":"2030-01-01T00:00:00+00:00"}', max(event.at)
            FROM passwordsync.event JOIN passwordsync.account USING (identity_id) WHERE object_guid = '{{LoadingEdge.AccountOf(Refused)}}' GROUP BY identity_id
            """, Token);
        foreach (var node in cluster.Nodes)
        {
            await node.Process.StopAsync(Token);
            await node.Process.StartAsync(Token);
        }

        await Task.WhenAll(users.Select(user => cluster.Edge.ChangeAsync(user, Token)));
        await Eventually.HoldsAsync("the others' passwords", ChaosCluster.Bound, _ => Task.FromResult(users.Skip(1).All(user => cluster.Receiver.VersionOf(user) == 2)), Token);
        cluster.Receiver.VersionOf(Refused).ShouldBe(1, "nothing is sent on a guess");
        (await cluster.CountAsync("SELECT count(*) FROM passwordsync.inbox", Token)).ShouldBe(1, "its capture waits");

        // The version that knows the event takes over; here, the event goes instead.
        await cluster.Postgres.RunSqlAsync("DELETE FROM passwordsync.event WHERE kind = 'capture-accepted.2'", Token);
        foreach (var node in cluster.Nodes)
        {
            await node.Process.StopAsync(Token);
            await node.Process.StartAsync(Token);
        }

        await cluster.ComeToRestAsync(mayGoBack: false, Token);
    }
}
