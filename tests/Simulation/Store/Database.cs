using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Simulation.Checks;
using PasswordSync.Simulation.World;

namespace PasswordSync.Simulation.Store;

/// <summary>What the database holds, and what it does in one transaction. Each method is one: nothing happens in between.</summary>
internal sealed class Database(EventLine line, Judge judge, Bugs bugs)
{
    public const int ShardCount = 4;

    private readonly Dictionary<int, (NodeId? Owner, long Epoch)> shards = Enumerable.Range(0, ShardCount).ToDictionary(shard => shard, _ => ((NodeId?)null, 0L));
    private readonly Dictionary<string, (Guid Incarnation, TimeSpan SeenAt, bool IsLeaving)> nodes = [];
    private readonly SortedDictionary<long, InboxRow> inbox = [];
    private readonly HashSet<CaptureId> accepted = [];
    private readonly Dictionary<IdentityId, IdentityState> states = [];
    private readonly Dictionary<IdentityId, DateTimeOffset> pending = [];
    private TimeSpan awayUntil;
    private TimeSpan upSince;
    private long sequence;

    /// <summary>After how long without a sign a node counts as dead.</summary>
    public static TimeSpan Expiry { get; } = TimeSpan.FromSeconds(4);

    /// <summary>How wrong the database's clock is.</summary>
    public TimeSpan ClockError { get; set; }

    public bool IsAway => awayUntil > line.Now;

    public int InboxCount => inbox.Count;

    public IReadOnlyDictionary<IdentityId, IdentityState> States => states;

    public event Action? Arrived;

    private TimeSpan Clock => line.Now + ClockError;

    /// <summary>The database cannot be used for some time.</summary>
    public void GoAway(TimeSpan forTime)
    {
        awayUntil = line.Now + forTime;
        upSince = Clock + forTime;
    }

    public LeaseView Keep(NodeId node, bool isLeaving)
    {
        if (nodes.TryGetValue(node.Name, out var known) && known.Incarnation != node.Incarnation) Free(new NodeId(node.Name, known.Incarnation));
        nodes[node.Name] = (node.Incarnation, Clock, isLeaving);
        var live = nodes.Count(entry => !entry.Value.IsLeaving && !IsDead(entry.Key, entry.Value.Incarnation));
        var share = isLeaving ? 0 : (ShardCount + live - 1) / live;
        var owned = shards.Where(shard => shard.Value.Owner == node).Select(shard => shard.Key).ToList();
        var free = shards.Where(shard => shard.Value.Owner is not { } owner || IsDead(owner.Name, owner.Incarnation)).Select(shard => shard.Key).ToList();
        foreach (var shard in free.Take(share - owned.Count)) shards[shard] = (node, shards[shard].Epoch + 1);
        var kept = shards.Where(shard => shard.Value.Owner == node).ToImmutableSortedDictionary(shard => shard.Key, shard => shard.Value.Epoch);
        return new LeaseView(kept, Expiry) { Surplus = [.. kept.Keys.Skip(share)] };
    }

    public void Release(NodeId node, IEnumerable<int> some)
    {
        foreach (var shard in some.Where(shard => shards[shard].Owner == node)) shards[shard] = shards[shard] with { Owner = null };
    }

    public void Release(NodeId node)
    {
        Free(node);
        nodes.Remove(node.Name);
    }

    public AppendResult Append(NodeId node, JournalAppend append)
    {
        var (owner, epoch) = shards[append.Shard];
        if (bugs.ChecksEpoch && (epoch != append.Epoch || owner != node)) return AppendResult.Fenced;
        if (Load(append.Identity).Sequence != append.Before.Sequence) return AppendResult.Conflict;
        judge.Appended(node, append);
        states[append.Identity] = append.After;
        foreach (var row in append.DecidedInbox) inbox.Remove(row);
        if (append.WakeUpAt is { } at) pending[append.Identity] = at;
        else pending.Remove(append.Identity);
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

    // After an outage nobody is taken for dead before everybody had the time to show that they live.
    private bool IsDead(string name, Guid incarnation) =>
        !nodes.TryGetValue(name, out var node) || node.Incarnation != incarnation || (Clock - node.SeenAt > Expiry && Clock - upSince > Expiry);

    private void Free(NodeId node)
    {
        Release(node, [.. shards.Keys]);
    }
}
