using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Npgsql;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres.Engine;

namespace PasswordSync.Journal.Postgres.Leases;

/// <summary>
/// Leases of many nodes. Each tells by a heartbeat that it lives, takes its share of what is free or whose owner is gone, and offers back what is beyond its share. A lease
/// counts from before the heartbeat was sent and ends well before anybody can have seen it stand still for the expiry.
/// </summary>
internal sealed partial class PostgresShardLeases(PostgresDatabase database, ArrivalSignal arrivals, TimeProvider time, ILogger logger) : IShardLeases, IClusterMembers, IDisposable
{
    /// <summary>How often it is logged that the server's clock is not believed: it is asked four times a second.</summary>
    private static readonly TimeSpan ClockLogInterval = TimeSpan.FromMinutes(10);

    private readonly SemaphoreSlim oneAtATime = new(1);
    private readonly LeaseRule rule = new(database.Options.Expiry, time);
    private volatile NodeDescription description = NodeDescription.None;
    private Guid introduced;
    private bool hasToldLeaving;
    private long lastBeat;
    private long? clockLoggedAt;

    public int ShardCount => database.Options.ShardCount;

    public void Describe(NodeDescription description) => this.description = description;

    public async ValueTask<LeaseView> KeepAsync(NodeId node, bool isLeaving, CancellationToken cancellationToken)
    {
        await oneAtATime.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await database.RunLeaseAsync((connection, token) => KeepAsync(connection, node, isLeaving, token), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    public async ValueTask ReleaseAsync(NodeId node, IReadOnlyCollection<int> shards, CancellationToken cancellationToken)
    {
        if (shards.Count == 0) return;
        await RunAsync((connection, token) => LeaseTable.ReleaseAsync(connection, node, shards, arrivals.Channel, token), cancellationToken).ConfigureAwait(false);
        LogReleased(node.Name, shards.Count);
    }

    public async ValueTask ReleaseAsync(NodeId node, CancellationToken cancellationToken)
    {
        await oneAtATime.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            introduced = Guid.Empty;
            arrivals.Own([]);
            await RunAsync((connection, token) => LeaseTable.ReleaseAsync(connection, node, shards: null, arrivals.Channel, token), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    public Task WaitForReleasesAsync(TimeSpan atMost, CancellationToken cancellationToken) => arrivals.Released.WaitAsync(atMost, time, cancellationToken);

    public async ValueTask<ImmutableArray<ClusterMember>> ListAsync(CancellationToken cancellationToken)
    {
        var expiry = database.Options.Expiry;
        return [.. await database.RunLeaseAsync(
            (connection, token) => connection.Command(
                """
                SELECT name, incarnation, addresses, labels, version, began_at, clock_timestamp() - heartbeat_at, has_left,
                  (SELECT count(*)::integer FROM shard WHERE shard.incarnation = node.incarnation)
                FROM node ORDER BY name
                """).RowsAsync(row => ToMember(row, expiry), token),
            cancellationToken).ConfigureAwait(false)];
    }

    public ValueTask<int> DownAsync(NodeId node, CancellationToken cancellationToken) =>
        database.RunLeaseAsync((connection, token) => LeaseTable.DownAsync(connection, node, database.Sessions, token), cancellationToken);

    public void Dispose() => oneAtATime.Dispose();

    private static ClusterMember ToMember(NpgsqlDataReader row, TimeSpan expiry)
    {
        var told = new NodeDescription([.. row.GetFieldValue<string[]>(2)], [.. row.GetFieldValue<string[]>(3)], row.GetString(4));
        var age = row.GetTimeSpan(6);
        return new ClusterMember(new NodeId(row.GetString(0), row.GetGuid(1)), told, row.GetFieldValue<DateTimeOffset>(5), age, age < expiry && !row.GetBoolean(7), row.GetInt32(8)) { HasLeft = row.GetBoolean(7) };
    }

    private async ValueTask RunAsync(Func<NpgsqlConnection, CancellationToken, Task> run, CancellationToken cancellationToken) => await database.RunLeaseAsync(
        async (connection, token) =>
        {
            await run(connection, token).ConfigureAwait(false);
            return true;
        },
        cancellationToken).ConfigureAwait(false);

    private async Task<LeaseView> KeepAsync(NpgsqlConnection connection, NodeId node, bool isLeaving, CancellationToken cancellationToken)
    {
        var askedAt = time.GetTimestamp();
        if (!await BeatAsync(connection, node, isLeaving, askedAt, cancellationToken).ConfigureAwait(false)) return Nothing(node);
        var lookedAt = time.GetTimestamp();
        var seen = await LeaseTable.LookAsync(connection, cancellationToken).ConfigureAwait(false);
        if (seen.Time is { } told && database.Options.Clock is { } clock) TakeTime(clock, told, lookedAt);
        var plan = rule.Look(node.Incarnation, isLeaving, seen);
        var taken = await TakeAsync(connection, node, plan, seen, cancellationToken).ConfigureAwait(false);
        var view = rule.View(node.Incarnation, seen, plan, taken, lastBeat, askedAt);
        arrivals.Own([.. view.Shards.Keys.Except(plan.GiveUp)]);
        return view;
    }

    private void TakeTime(DatabaseClock clock, DateTime told, long askedAt)
    {
        if (clock.Correct(told, askedAt))
        {
            clockLoggedAt = null;
        }
        else if (clockLoggedAt is not { } last || time.GetElapsedTime(last) >= ClockLogInterval)
        {
            clockLoggedAt = time.GetTimestamp();
            LogClockRefused(told, clock.GetUtcNow(), clock.Machine.GetUtcNow());
        }
    }

    private async Task<bool> BeatAsync(NpgsqlConnection connection, NodeId node, bool isLeaving, long askedAt, CancellationToken cancellationToken)
    {
        var isNew = introduced != node.Incarnation;
        if (!isNew && isLeaving == hasToldLeaving && time.GetElapsedTime(lastBeat, askedAt) < database.Options.Heartbeat) return true;
        if (isNew) await LeaseTable.IntroduceAsync(connection, node, database.Sessions, description, cancellationToken).ConfigureAwait(false);
        else if (!await LeaseTable.BeatAsync(connection, node, description, isLeaving, cancellationToken).ConfigureAwait(false))
        {
            isNew = await LeaseTable.IntroduceAgainAsync(connection, node, database.Sessions, description, cancellationToken).ConfigureAwait(false);
            if (!isNew) return false;
        }

        introduced = node.Incarnation;
        hasToldLeaving = isLeaving && !isNew;
        lastBeat = askedAt;
        return true;
    }

    // That it owns nothing is known as by any other answer: what it still has to record of its former shards is treated as of another node's.
    private LeaseView Nothing(NodeId node)
    {
        LogNameTaken(node.Name);
        arrivals.Own([]);
        return new LeaseView(ImmutableSortedDictionary<int, long>.Empty, database.Options.Expiry);
    }

    private async Task<List<(int Shard, long Epoch)>> TakeAsync(NpgsqlConnection connection, NodeId node, ShardPlan plan, SeenCluster seen, CancellationToken cancellationToken)
    {
        if (plan.Take.IsEmpty) return [];
        var stoodStill = rule.StoodStill(seen);
        if (stoodStill.Count > 0) await LeaseTable.EndSessionsAsync(connection, stoodStill, database.Sessions, cancellationToken).ConfigureAwait(false);
        var taken = await LeaseTable.TakeAsync(connection, node, plan.Take, stoodStill, cancellationToken).ConfigureAwait(false);
        foreach (var other in stoodStill.Where(other => plan.Take.Any(shard => shard.Owner == other.Incarnation))) LogTookOver(node.Name, other.Name);
        return taken;
    }

    [LoggerMessage(4121, LogLevel.Warning, "Node {Node} takes over from node {Other}, whose heartbeat stood still")]
    private partial void LogTookOver(string node, string other);

    [LoggerMessage(4122, LogLevel.Information, "Node {Node} gave back {Count} shards beyond its share")]
    private partial void LogReleased(string node, int count);

    [LoggerMessage(4123, LogLevel.Error, "Another process runs under the name of node {Node}; this one does nothing. Give each node a name of its own, and start this one again")]
    private partial void LogNameTaken(string node);

    [LoggerMessage(4124, LogLevel.Error, "The database server's clock says {Told:u}, where the cluster's time is {Known:u} and this machine's {Machine:u}: it is not believed, and the cluster's time goes on by elapsed time. Set right (NTP) the clocks that are wrong")]
    private partial void LogClockRefused(DateTimeOffset told, DateTimeOffset known, DateTimeOffset machine);
}
