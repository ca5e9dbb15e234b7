using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Formats;

namespace PasswordSync.Journal.Storing;

/// <summary>An append in its stored form, made on the caller's thread: whoever writes it has only to write.</summary>
internal sealed partial class StoredAppend
{
    private StoredAppend(JournalAppend append, StoreOptions options)
    {
        Identity = append.Identity.Value;
        Shard = append.Shard;
        Epoch = append.Epoch;
        Before = append.Before.Sequence;
        After = append.After.Sequence;
        Events = [.. append.Events.Select(happened => new EventRow(EventCodec.Encode(happened), happened.At.ToColumn()))];
        Snapshot = After / options.SnapshotEvery > Before / options.SnapshotEvery ? StateCodec.Encode(append.After) : null;
        SnapshotAt = After;
        LastForgotten = Snapshot is null ? 0 : Math.Max(0, After - options.EventsKeptMax);
        DecidedInbox = [.. append.DecidedInbox];
        WakeUpAt = append.KeepsPending ? null : append.WakeUpAt?.ToColumn();
        EndsPending = !append.KeepsPending && append.WakeUpAt is null;
        Names = NewNamesOf(append);
        Parked = [.. ChangesOfParked(append)];
        Failing = [.. ChangesOfFailing(append)];
        Missed = [.. ChangesOfMissed(append)];
        Unconfirmed = UnconfirmedOf(append);
        ReleasedSecrets = [.. append.ReleasedSecrets.Select(capture => capture.Value)];
        marks = [append.Mark];
        follows = append.Follows;
    }

    public Guid Identity { get; }

    public int Shard { get; }

    public long Epoch { get; }

    /// <summary>The sequence that must be the last journalled.</summary>
    public long Before { get; }

    /// <summary>The sequence after it.</summary>
    public long After { get; }

    public EventRow[] Events { get; }

    /// <summary>A snapshot, when one is due.</summary>
    public StoredRecord? Snapshot { get; }

    /// <summary>The sequence of the last event in it.</summary>
    public long SnapshotAt { get; }

    /// <summary>Events up to this sequence number go with the snapshot; 0 for none.</summary>
    public long LastForgotten { get; }

    public long[] DecidedInbox { get; }

    /// <summary>When the pending-work row is due from now on; null where that does not change, or the row goes.</summary>
    public long? WakeUpAt { get; }

    /// <summary>Whether the pending-work row goes.</summary>
    public bool EndsPending { get; }

    public Guid[] ReleasedSecrets { get; }

    /// <summary>Names that the identity bears from now on, for whoever looks for it.</summary>
    public string[] Names { get; }

    /// <summary>Points at which a delivery is parked since a time, or, without a time, no longer.</summary>
    public (string Point, long? Since)[] Parked { get; }

    /// <summary>Points at which a delivery that was captured at a time has failed and is tried again, or, without a time, no longer. With each failure anew: journals of before this was kept come in with the next one.</summary>
    public (string Point, long? Since)[] Failing { get; }

    /// <summary>Points that missed their last change since a time, or, without a time, no longer.</summary>
    public (string Point, long? Since)[] Missed { get; }

    /// <summary>The last event that reports a capture as unconfirmed, and its time; null if there is none.</summary>
    public (long Sequence, long Since)? Unconfirmed { get; }

    /// <exception cref="ArgumentException">The parts of the append contradict each other.</exception>
    public static StoredAppend Of(JournalAppend append, StoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(append);
        if (append.Shard != append.Identity.Shard(options.ShardCount))
        {
            throw new ArgumentException($"The shard {append.Shard} is not that of the identity, {append.Identity.Shard(options.ShardCount)}.", nameof(append));
        }

        if (append.After.Sequence != append.Before.Sequence + append.Events.Length)
        {
            throw new ArgumentException(
                $"The states' sequences {append.Before.Sequence} and {append.After.Sequence} do not fit {append.Events.Length} events.", nameof(append));
        }

        return new StoredAppend(append, options);
    }

    // Those of the change before were written with it.
    private static string[] NewNamesOf(JournalAppend append)
    {
        var names = append.Events.SelectMany(StoredName.AllOf).Distinct();
        return append.Before.Newest is { } known ? [.. names.Except(StoredName.AllOf(known.Names))] : [.. names];
    }

    private static IEnumerable<(string Point, long? Since)> ChangesOfParked(JournalAppend append)
    {
        foreach (var (point, state) in append.After.Points)
        {
            if (state is PointState.Parked && !IsParked(append.Before, point)) yield return (point.Value, append.Events[^1].At.ToColumn());
        }

        foreach (var (point, state) in append.Before.Points)
        {
            if (state is PointState.Parked && !IsParked(append.After, point)) yield return (point.Value, null);
        }
    }

    private static IEnumerable<(string Point, long? Since)> ChangesOfFailing(JournalAppend append)
    {
        foreach (var (point, state) in append.After.Points)
        {
            if (state is PointState.Waiting { LastFailure: not null } waiting && append.Events.Any(happened => IsOutcomeAt(happened, point))) yield return (point.Value, waiting.Delivery.Change.Stages.CapturedAt.ToColumn());
        }

        foreach (var (point, state) in append.Before.Points)
        {
            if (state.IsFailing && append.After.Points.GetValueOrDefault(point) is not { IsFailing: true }) yield return (point.Value, null);
        }
    }

    private static IEnumerable<(string Point, long? Since)> ChangesOfMissed(JournalAppend append)
    {
        foreach (var (point, state) in append.After.Points)
        {
            if (state is PointState.Idle { IsMissed: true, Last: { } last } && (append.Before.Points.GetValueOrDefault(point) as PointState.Idle)?.Last != last) yield return (point.Value, last.At.ToColumn());
        }

        foreach (var (point, state) in append.Before.Points)
        {
            if (state.IsMissed && append.After.Points.GetValueOrDefault(point) is not { IsMissed: true }) yield return (point.Value, null);
        }
    }

    private static (long Sequence, long Since)? UnconfirmedOf(JournalAppend append)
    {
        for (var i = append.Events.Length - 1; i >= 0; i--)
        {
            if (append.Events[i] is IdentityEvent.CaptureReported { Verdict: CaptureVerdict.Unconfirmed } reported) return (append.Before.Sequence + 1 + i, reported.At.ToColumn());
        }

        return null;
    }

    private static bool IsOutcomeAt(IdentityEvent happened, SyncPointId point) => happened switch
    {
        IdentityEvent.AttemptFinished finished => finished.Point == point,
        IdentityEvent.ObstacleMet met => met.Point == point,
        _ => false,
    };

    private static bool IsParked(IdentityState state, SyncPointId point) => state.Points.GetValueOrDefault(point) is PointState.Parked;
}

/// <summary>An event and its time, as they stand in columns.</summary>
internal readonly record struct EventRow(StoredRecord Record, long At);
