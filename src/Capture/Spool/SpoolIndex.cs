using System.Diagnostics.CodeAnalysis;
using PasswordSync.Core.Captures;

namespace PasswordSync.Capture.Spool;

/// <summary>
/// Where everything is. Changed by the one writer, after a flush; read by anyone: hence the lock, never held over a wait or a disk.
/// </summary>
internal sealed class SpoolIndex(int settledIdsMax)
{
    private readonly Lock gate = new();
    private readonly Dictionary<CaptureId, Place> held = [];
    private readonly Dictionary<Guid, AccountPlace> accounts = [];
    private readonly HashSet<CaptureId> settled = [];
    private readonly Queue<CaptureId> settledInOrder = [];

    /// <summary>Where a held capture's record is.</summary>
    public readonly record struct Place(SpoolSegment Segment, long Offset, int Length, DateTimeOffset SpooledAt);

    private readonly record struct AccountPlace(SpoolSegment Segment, int Length, ReadOnlyMemory<byte> State);

    public int HeldCount
    {
        get { lock (gate) return held.Count; }
    }

    public int AccountCount
    {
        get { lock (gate) return accounts.Count; }
    }

    /// <summary>Takes note of a flushed record.</summary>
    public void Apply(SpoolRecord record, SpoolSegment segment, long offset, int length)
    {
        lock (gate)
        {
            switch (record)
            {
                case SpoolRecord.Capture capture:
                    Release(capture.CaptureId);
                    held[capture.CaptureId] = new Place(segment, offset, length, capture.SpooledAt);
                    segment.Held.Add(capture.CaptureId);
                    segment.LiveBytes += length;
                    break;
                case SpoolRecord.Settled settlement:
                    Release(settlement.CaptureId);
                    if (settled.Add(settlement.CaptureId)) settledInOrder.Enqueue(settlement.CaptureId);
                    if (settledInOrder.Count > settledIdsMax) settled.Remove(settledInOrder.Dequeue());
                    break;
                case SpoolRecord.Account account:
                    Release(account.ObjectGuid);
                    accounts[account.ObjectGuid] = new AccountPlace(segment, length, account.State.ToArray());
                    segment.Accounts.Add(account.ObjectGuid);
                    segment.LiveBytes += length;
                    break;
                default:
                    throw new InvalidOperationException($"Internal error: unknown record {record.GetType()}.");
            }
        }
    }

    /// <summary>Held, or settled not long ago.</summary>
    public bool IsKnown(CaptureId captureId)
    {
        lock (gate) return held.ContainsKey(captureId) || settled.Contains(captureId);
    }

    public bool TryFind(CaptureId captureId, out Place place)
    {
        lock (gate) return held.TryGetValue(captureId, out place);
    }

    public bool TryGetAccount(Guid objectGuid, [NotNullWhen(true)] out ReadOnlyMemory<byte>? state)
    {
        lock (gate)
        {
            var known = accounts.TryGetValue(objectGuid, out var entry);
            state = known ? entry.State : null;
            return known;
        }
    }

    /// <summary>Everything held, with the time of spooling.</summary>
    public IReadOnlyList<(CaptureId CaptureId, DateTimeOffset SpooledAt)> ListHeld()
    {
        lock (gate) return [.. held.Select(entry => (entry.Key, entry.Value.SpooledAt))];
    }

    public IReadOnlyList<(Guid ObjectGuid, ReadOnlyMemory<byte> State)> ListAccounts()
    {
        lock (gate) return [.. accounts.Select(entry => (entry.Key, entry.Value.State))];
    }

    /// <summary>The held captures and the account states that would be lost with the segment.</summary>
    public (IReadOnlyList<CaptureId> Held, IReadOnlyList<SpoolRecord.Account> Accounts) ContentsOf(SpoolSegment segment)
    {
        lock (gate) return ([.. segment.Held], [.. segment.Accounts.Select(guid => new SpoolRecord.Account(guid, accounts[guid].State))]);
    }

    /// <summary>Forgets what only the segment knew.</summary>
    public void Drop(SpoolSegment segment)
    {
        lock (gate)
        {
            foreach (var captureId in segment.Held.ToList()) Release(captureId);
            foreach (var guid in segment.Accounts.ToList()) Release(guid);
        }
    }

    /// <summary>Forgets the accounts whose last record is in the segment.</summary>
    public void DropAccounts(SpoolSegment segment)
    {
        lock (gate)
        {
            foreach (var guid in segment.Accounts.ToList()) Release(guid);
        }
    }

    private void Release(CaptureId captureId)
    {
        if (!held.Remove(captureId, out var place)) return;
        place.Segment.Held.Remove(captureId);
        place.Segment.LiveBytes -= place.Length;
    }

    private void Release(Guid objectGuid)
    {
        if (!accounts.Remove(objectGuid, out var place)) return;
        place.Segment.Accounts.Remove(objectGuid);
        place.Segment.LiveBytes -= place.Length;
    }
}
