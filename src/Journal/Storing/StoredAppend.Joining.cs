using PasswordSync.Core.Ports;

namespace PasswordSync.Journal.Storing;

/// <summary>Appends of one identity that rest on one another.</summary>
internal sealed partial class StoredAppend
{
    private readonly AppendMark[] marks;
    private readonly AppendMark? follows;

    // Of what changes twice, the later change counts.
    private StoredAppend(StoredAppend earlier, StoredAppend later)
    {
        (Identity, Shard, Epoch) = (earlier.Identity, earlier.Shard, earlier.Epoch);
        (Before, After) = (earlier.Before, later.After);
        Events = [.. earlier.Events, .. later.Events];
        var state = later.Snapshot is null ? earlier : later;
        (Snapshot, SnapshotAt, LastForgotten) = (state.Snapshot, state.SnapshotAt, state.LastForgotten);
        DecidedInbox = [.. earlier.DecidedInbox, .. later.DecidedInbox];
        var pending = later.WakeUpAt is null && !later.EndsPending ? earlier : later;
        (WakeUpAt, EndsPending) = (pending.WakeUpAt, pending.EndsPending);
        Names = [.. earlier.Names.Union(later.Names)];
        Parked = Join(earlier.Parked, later.Parked);
        Failing = Join(earlier.Failing, later.Failing);
        Missed = Join(earlier.Missed, later.Missed);
        Unconfirmed = later.Unconfirmed ?? earlier.Unconfirmed;
        ReleasedSecrets = [.. earlier.ReleasedSecrets.Union(later.ReleasedSecrets)];
        marks = [.. earlier.marks, .. later.marks];
        follows = earlier.follows;
    }

    /// <summary>Whether it rests on an append that was not written: then it must not be written either.</summary>
    public bool FollowsNothingWritten => follows is { IsWritten: false };

    /// <summary>This one and one that rests on it, as one; null if that does not rest on this one.</summary>
    public StoredAppend? TryJoin(StoredAppend later) => later.follows == marks[^1] && later.Epoch == Epoch && later.Before == After ? new StoredAppend(this, later) : null;

    /// <summary>Tells those that rest on it that it is written.</summary>
    public void SetMarks()
    {
        foreach (var mark in marks) mark.Set();
    }

    private static (string Point, long? Since)[] Join((string Point, long? Since)[] earlier, (string Point, long? Since)[] later) =>
        [.. earlier.ExceptBy(later.Select(change => change.Point), change => change.Point), .. later];
}
