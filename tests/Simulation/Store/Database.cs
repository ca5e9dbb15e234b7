using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres.Leases;
using PasswordSync.Simulation.Checks;
using PasswordSync.Simulation.World;

namespace PasswordSync.Simulation.Store;

/// <summary>What the database holds, and what it does in one transaction. Each method is one: nothing happens in between.</summary>
internal sealed class Database(EventLine line, Judge judge, Bugs bugs)
{
    public const int ShardCount = 4;

    private readonly SortedDictionary<int, (Guid? Owner, long Epoch)> shards = new(Enumerable.Range(0, ShardCount).ToDictionary(shard => shard, _ => ((Guid?)null, 0L)));
    private readonly SortedDictionary<string, NodeRow> nodes = new(StringComparer.Ordinal);
    private readonly SortedDictionary<long, InboxRow> inbox = [];
    private readonly HashSet<CaptureId> accepted = [];
    private readonly Dictionary<IdentityId, IdentityState> states = [];
    private readonly Dictionary<IdentityId, DateTimeOffset> pending = [];
    private TimeSpan awayUntil;
    private long sequence;

    private static readonly DateTime Begin = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>How long a heartbeat counts.</summary>
    public static TimeSpan Expiry { get; } = TimeSpan.FromSeconds(4);

    /// <summary>How wrong the database's clock is.</summary>
    public TimeSpan ClockError { get; set; }

    public bool IsAway => awayUntil > line.Now;

    public int InboxCount => inbox.Count;

    public IReadOnlyDictionary<IdentityId, IdentityState> States => states;

    public event Action? Arrived;

    private DateTime Now => Begin + line.Now + ClockError;

    /// <summary>The database cannot be used for some time.</summary>
    public void GoAway(TimeSpan forTime) => awayUntil = line.Now + forTime;

    /// <summary>Makes a process known, in the place of an earlier one of its name.</summary>
    public void Introduce(NodeId node)
    {
        var heartbeat = nodes.TryGetValue(node.Name, out var known) ? Later(known.Heartbeat) : Now;
        nodes[node.Name] = new NodeRow(node.Incarnation, heartbeat, IsLeaving: false, HasLeft: false);
    }

    /// <summary>A process tells that it lives; false if another one runs under its name.</summary>
    public bool Beat(NodeId node, bool isLeaving)
    {
        if (!nodes.TryGetValue(node.Name, out var known) || known.Incarnation != node.Incarnation) return false;
        nodes[node.Name] = known with { Heartbeat = Later(known.Heartbeat), IsLeaving = isLeaving, HasLeft = false };
        return true;
    }

    public SeenCluster Look() => new(
        [.. nodes.Select(node => new SeenNode(node.Key, node.Value.Incarnation, "", node.Value.Heartbeat, Now - node.Value.Heartbeat, node.Value.IsLeaving, node.Value.HasLeft))],
        [.. shards.Select(shard => new SeenShard(shard.Key, shard.Value.Epoch, shard.Value.Owner))]);

    /// <summary>Takes what is still as it was seen: shards of nobody, or of somebody who left or is gone and whose heartbeat still stands still.</summary>
    public List<(int Shard, long Epoch)> Take(NodeId node, IEnumerable<SeenShard> wanted, IReadOnlyCollection<SeenNode> stoodStill)
    {
        var taken = new List<(int, long)>();
        foreach (var seen in wanted)
        {
            if (shards[seen.Shard] != (seen.Owner, seen.Epoch) || Lives(seen.Owner, stoodStill)) continue;
            shards[seen.Shard] = (node.Incarnation, seen.Epoch + 1);
            taken.Add((seen.Shard, seen.Epoch + 1));
        }

        return taken;
    }

    public void Release(NodeId node, IEnumerable<int> some)
    {
        foreach (var shard in some.Where(shard => shards[shard].Owner == node.Incarnation)) shards[shard] = shards[shard] with { Owner = null };
    }

    public void Release(NodeId node)
    {
        if (nodes.TryGetValue(node.Name, out var known) && known.Incarnation == node.Incarnation) nodes[node.Name] = known with { HasLeft = true };
        Release(node, [.. shards.Keys]);
    }

    public AppendResult Append(NodeId node, JournalAppend append)
    {
        var (owner, epoch) = shards[append.Shard];
        if (bugs.ChecksEpoch && (epoch != append.Epoch || owner != node.Incarnation)) return AppendResult.Fenced;
        if (Load(append.Identity).Sequence != append.Before.Sequence) return AppendResult.Conflict;
        judge.Appended(node, append);
        states[append.Identity] = append.After;
        foreach (var row in append.DecidedInbox) inbox.Remove(row);
        if (!append.KeepsPending)
        {
            if (append.WakeUpAt is { } at) pending[append.Identity] = at;
            else pending.Remove(append.Identity);
        }

        return AppendResult.Appended;
    }

    public IdentityState Load(IdentityId identity) => states.GetValueOrDefault(identity, IdentityState.Initial);

    public ImmutableArray<AcceptResult> Accept(IReadOnlyList<Arrival> arrivals)
    {
        var results = arrivals.Select(Accept).ToImmutableArray();
        Arrived?.Invoke();
        return results;
    }

    public ImmutableArray<InboxRow> ReadInbox(IReadOnlyCollection<int> of, IReadOnlySet<long> except, int limit) =>
        [.. inbox.Values.Where(row => of.Contains(row.Shard) && !except.Contains(row.Sequence)).Take(limit).Select(bugs.Present)];

    public ImmutableArray<PendingIdentity> ReadPending(IReadOnlyCollection<int> of, DateTimeOffset dueBy, int limit) =>
        [.. from entry in pending
            let shard = entry.Key.Shard(ShardCount)
            where entry.Value <= dueBy && of.Contains(shard)
            orderby entry.Value, entry.Key.Value
            select new PendingIdentity(entry.Key, shard, entry.Value)];

    private AcceptResult Accept(Arrival arrival)
    {
        if (!accepted.Add(arrival.Id)) return AcceptResult.AlreadyHave;
        var identity = new IdentityId(arrival.Account.ObjectGuid);
        inbox.Add(++sequence, new InboxRow(sequence, identity, identity.Shard(ShardCount), arrival, OwnWrites.None));
        judge.Accepted(arrival.Id);
        return AcceptResult.Accepted;
    }

    private bool Lives(Guid? owner, IReadOnlyCollection<SeenNode> stoodStill) =>
        nodes.Values.Any(node => node.Incarnation == owner && !node.HasLeft && !stoodStill.Any(gone => gone.Incarnation == owner && gone.Heartbeat == node.Heartbeat));

    // It moves with every heartbeat, also when the clock was set back.
    private DateTime Later(DateTime heartbeat) => Now > heartbeat ? Now : heartbeat.AddMicroseconds(1);

    private sealed record NodeRow(Guid Incarnation, DateTime Heartbeat, bool IsLeaving, bool HasLeft);
}
