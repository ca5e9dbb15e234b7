using PasswordSync.Chaos.Cluster;
using PasswordSync.Core.Captures;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Chaos;

/// <summary>What is checked after each trouble fails where it should: each break that it looks for is planted in the database once.</summary>
public sealed class What_the_chaos_checks
{
    private const string User = "user0";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 900_000)]
    public async Task Planted_breaks_of_I1_I3_I4_and_I6_are_found()
    {
        await using var cluster = await ChaosCluster.StartAsync(["north"], options => options, Token);
        await cluster.Edge.ChangeAsync(User, Token);
        await cluster.ComeToRestAsync(mayGoBack: false, Token);

        // The target has the password before its node could write down that it has.
        await Eventually.HoldsAsync("the end of the attempt in the journal", ChaosCluster.Bound, async token => await cluster.CountAsync("SELECT count(*) FROM passwordsync.event WHERE kind LIKE 'attempt-finished.%'", token) > 0, Token);
        await using var database = new ChaosDatabaseReader([cluster.Postgres.Port]);
        var acknowledged = cluster.Edge.AcknowledgedCaptures;

        await FindsAsync(() => Witness.DecidedOnceAsync(database, [.. acknowledged, new CaptureId(Guid.NewGuid())], Token), "each acknowledged capture is decided");
        await FindsAsync(() => Witness.DecidedOnceAsync(database, [], Token), "nothing is decided that nobody acknowledged");
        const string Again = "INSERT INTO passwordsync.event SELECT identity_id, seq + 1000, shard_id, kind, body, at FROM passwordsync.event WHERE kind LIKE 'capture-accepted.%'";
        await database.RunAsync(Again, Token);
        await FindsAsync(() => Witness.DecidedOnceAsync(database, acknowledged, Token), "no capture is decided twice");
        await FindsAsync(() => Witness.EpochsHadOneOwnerAsync(database, Token), "only the owner of an epoch writes under it");
        await database.RunAsync($"DELETE FROM passwordsync.event WHERE seq > 1000; DELETE FROM witness.written WHERE seq > 1000; SET session_replication_role = replica; {Again}; RESET session_replication_role", Token);
        await FindsAsync(() => Witness.EpochsHadOneOwnerAsync(database, Token), "was not seen to be written");
        await database.RunAsync("DELETE FROM passwordsync.event WHERE seq > 1000", Token);

        // An attempt that another process ends before its deadline, and one that begins while another is under way.
        await database.RunAsync("UPDATE witness.written SET sessions = 'another' FROM passwordsync.event WHERE written.identity_id = event.identity_id AND written.seq = event.seq AND kind LIKE 'attempt-finished.%'", Token);
        await FindsAsync(() => Witness.DeadlinesWereHeededAsync(database, Token), "a new owner lets recorded deadlines pass");
        await database.RunAsync("DELETE FROM passwordsync.event WHERE kind LIKE 'attempt-finished.%'; INSERT INTO passwordsync.event SELECT identity_id, seq + 1000, shard_id, kind, body, at FROM passwordsync.event WHERE kind LIKE 'attempt-started.%'", Token);
        await FindsAsync(() => Witness.DeadlinesWereHeededAsync(database, Token), "one attempt at a time");
        await database.RunAsync("DELETE FROM passwordsync.event; DELETE FROM witness.written", Token);
        await Witness.EpochsHadOneOwnerAsync(database, Token);

        await TakeOvers.AllHadAReasonAsync(database, cluster.Nodes, Token);
        await database.RunAsync("UPDATE passwordsync.shard SET owner = 'thief', incarnation = gen_random_uuid(), epoch = epoch + 1 WHERE shard_id = 0", Token);
        await Witness.EpochsHadOneOwnerAsync(database, Token);
        await FindsAsync(() => TakeOvers.AllHadAReasonAsync(database, cluster.Nodes, Token), "thief took shard 0 from north");
        await database.RunAsync("UPDATE passwordsync.shard SET incarnation = gen_random_uuid() WHERE shard_id = 1", Token);
        await FindsAsync(() => Witness.EpochsHadOneOwnerAsync(database, Token), "of shard 1 had 2 owners");
        await database.RunAsync("UPDATE passwordsync.shard SET epoch = epoch - 1 WHERE shard_id = 2", Token);
        await FindsAsync(() => Witness.EpochsHadOneOwnerAsync(database, Token), "shard 2 went from epoch");
    }

    private static async Task FindsAsync(Func<Task> check, string says) => (await Assert.ThrowsAsync<ShouldAssertException>(check)).Message.ShouldContain(says);
}
