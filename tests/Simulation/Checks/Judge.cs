using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Simulation.Store;
using PasswordSync.Simulation.World;

namespace PasswordSync.Simulation.Checks;

/// <summary>
/// Watches what becomes durable and what is sent, with the true order of all changes in hand, and knows nothing of how the product decides.
/// </summary>
internal sealed class Judge(Trace trace)
{
    private readonly Dictionary<CaptureId, Change> changes = [];
    private readonly Dictionary<int, (long Epoch, NodeId Node)> writers = [];
    private readonly Dictionary<(IdentityId, SyncPointId), Change> begun = [];
    private readonly Dictionary<(IdentityId, SyncPointId), Change> sent = [];
    private readonly HashSet<CaptureId> accepted = [];
    private readonly Dictionary<CaptureId, int> decided = [];

    /// <summary>Counts of what happened, for tests that the simulation does something at all.</summary>
    public int Decisions { get; private set; }

    public int Sendings { get; private set; }

    public int Takeovers { get; private set; }

    /// <summary>A change was made in the domain.</summary>
    public void Made(Change change) => changes.Add(change.CaptureId, change);

    /// <summary>A capture became durable in the inbox; from here on it must be accounted for.</summary>
    public void Accepted(CaptureId captureId) => accepted.Add(captureId);

    /// <summary>An append became durable.</summary>
    public void Appended(NodeId node, JournalAppend append)
    {
        var known = writers.TryGetValue(append.Shard, out var last);
        if (known && append.Epoch < last.Epoch) throw new ViolationException($"I4 broken: {node} wrote for shard {append.Shard} under epoch {append.Epoch} after {last.Node} did under {last.Epoch}.");
        if (known && append.Epoch == last.Epoch && node != last.Node) throw new ViolationException($"I4 broken: {node} and {last.Node} both wrote for shard {append.Shard} under epoch {append.Epoch}.");
        if (known && append.Epoch > last.Epoch) Takeovers++;
        writers[append.Shard] = (append.Epoch, node);
        foreach (var happened in append.Events)
        {
            trace.Note($"{node} shard {append.Shard} epoch {append.Epoch}: {happened}");
            Note(append.Identity, happened);
        }
    }

    /// <summary>An attempt got the last permission before its write.</summary>
    public void Sent(NodeId node, IdentityId identity, SyncPointId point, CaptureId captureId)
    {
        trace.Note($"{node} sends {captureId} to {point}");
        Sendings++;
        var change = changes[captureId];
        if (sent.TryGetValue((identity, point), out var before) && Order.Of(change) < Order.Of(before))
        {
            throw new ViolationException($"I3 broken: {node} sent {captureId} to {point} after the newer {before.CaptureId} was sent.");
        }

        sent[(identity, point)] = change;
    }

    /// <summary>All is quiet: nothing may be missing.</summary>
    public void AtRest(Database database, IReadOnlyDictionary<(IdentityId Identity, SyncPointId Point), Target> targets)
    {
        if (database.InboxCount > 0) throw new ViolationException($"I1 broken: {database.InboxCount} rows stay in the inbox.");
        foreach (var captureId in accepted.Where(captureId => decided.GetValueOrDefault(captureId) != 1))
        {
            throw new ViolationException($"I6 broken: {captureId} was accepted and decided {decided.GetValueOrDefault(captureId)} times.");
        }

        foreach (var identity in accepted.Select(captureId => changes[captureId]).GroupBy(change => new IdentityId(change.Account.ObjectGuid)))
        {
            var kept = identity.MaxBy(Order.Of)!;
            foreach (var ((_, point), target) in targets.Where(entry => entry.Key.Identity == identity.Key))
            {
                if (target.Holds != kept.CaptureId) throw new ViolationException($"I2 broken: {point} holds {target.Holds} of {identity.Key}; the domain kept {kept.CaptureId}.");
            }
        }
    }

    private void Note(IdentityId identity, IdentityEvent happened)
    {
        switch (happened)
        {
            case IdentityEvent.CaptureAccepted e:
                Decide(e.Change.CaptureId);
                break;
            case IdentityEvent.CaptureIgnored e:
                Decide(e.CaptureId);
                break;
            case IdentityEvent.AttemptStarted e:
                var change = changes[e.CaptureId];
                if (begun.TryGetValue((identity, e.Point), out var before) && Order.Of(change) < Order.Of(before))
                {
                    throw new ViolationException($"I3 broken: an attempt of {e.CaptureId} began at {e.Point} after one of the newer {before.CaptureId}.");
                }

                begun[(identity, e.Point)] = change;
                break;
        }
    }

    private void Decide(CaptureId captureId)
    {
        Decisions++;
        decided[captureId] = decided.GetValueOrDefault(captureId) + 1;
    }
}

/// <summary>The order that Active Directory gives changes, in the judge's own words.</summary>
internal readonly record struct Order(uint Version, long Second, Guid Invocation) : IComparable<Order>
{
    public static Order Of(Change change) => new(change.Stamp.Version, change.Stamp.OriginatingSecond, change.Stamp.InvocationId);

    public static bool operator <(Order left, Order right) => left.CompareTo(right) < 0;

    public static bool operator >(Order left, Order right) => left.CompareTo(right) > 0;

    public static bool operator <=(Order left, Order right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Order left, Order right) => left.CompareTo(right) >= 0;

    public int CompareTo(Order other) =>
        Version != other.Version ? Version.CompareTo(other.Version)
        : Second != other.Second ? Second.CompareTo(other.Second)
        : string.CompareOrdinal(Invocation.ToString("D"), other.Invocation.ToString("D"));
}

/// <summary>An invariant does not hold.</summary>
internal sealed class ViolationException(string message) : Exception(message);
