using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Capture.StampProof;

/// <summary>A capture that waits for its verdict.</summary>
/// <param name="CaptureId">Its id.</param>
/// <param name="CapturedAt">When the hook ran.</param>
public readonly record struct OpenCapture(CaptureId CaptureId, DateTimeOffset CapturedAt) : IComparable<OpenCapture>
{
    /// <summary>By time; captures of the same moment by id, so that the order is the same everywhere.</summary>
    public int CompareTo(OpenCapture other)
    {
        var byTime = CapturedAt.CompareTo(other.CapturedAt);
        return byTime != 0 ? byTime : CaptureId.Value.CompareTo(other.CaptureId.Value);
    }

    public static bool operator <(OpenCapture left, OpenCapture right) => left.CompareTo(right) < 0;

    public static bool operator >(OpenCapture left, OpenCapture right) => left.CompareTo(right) > 0;

    public static bool operator <=(OpenCapture left, OpenCapture right) => left.CompareTo(right) <= 0;

    public static bool operator >=(OpenCapture left, OpenCapture right) => left.CompareTo(right) >= 0;
}

/// <summary>The stamp that was seen before another one.</summary>
/// <param name="Stamp">The stamp; null: the account had no password.</param>
/// <param name="FirstSeenAt">When the first look that saw it ended.</param>
/// <param name="LastStartedAt">When the last look that saw it began: what came after it was not there then.</param>
public sealed record FormerStamp(Stamp? Stamp, DateTimeOffset FirstSeenAt, DateTimeOffset LastStartedAt);

/// <summary>
/// Whom a stamp was given to. Remembered by name, because those captures may still be waiting for a node when the edge is started again: what was proven of them once
/// could not be proven again.
/// </summary>
/// <param name="Captures">The capture that caused it; or, if <paramref name="IsAmbiguous"/>, those that may have, 1 to 16.</param>
/// <param name="IsAmbiguous">It was handed over as ambiguous.</param>
public sealed record SpokenFor(ImmutableArray<CaptureId> Captures, bool IsAmbiguous)
{
    /// <summary>Whom these verdicts give the known stamp to; null: nobody.</summary>
    internal static SpokenFor? By(ImmutableArray<StampVerdict> verdicts) =>
        verdicts.FirstOrDefault(verdict => verdict is StampVerdict.Confirmed or StampVerdict.Ambiguous) is { } given
            ? new SpokenFor([.. given.Captures.Select(capture => capture.CaptureId)], given is StampVerdict.Ambiguous)
            : null;

    public bool Equals(SpokenFor? other) => other is not null && IsAmbiguous == other.IsAmbiguous && Captures.SequenceEqual(other.Captures);

    public override int GetHashCode() => HashCode.Combine(IsAmbiguous, Captures.Length, Captures[0]);
}

/// <summary>The stamp that was seen last.</summary>
/// <param name="Stamp">The stamp; null: the account has no password.</param>
/// <param name="WrittenAt">Its writing time, where known.</param>
/// <param name="FirstSeenAt">When the first look that saw it ended: it was there then.</param>
/// <param name="LastStartedAt">When the last look that saw it began.</param>
/// <param name="Before">What was seen before it; null if nothing is remembered.</param>
/// <param name="SpokenFor">Whom it was given to; null: to nobody yet.</param>
public sealed record KnownStamp(
    Stamp? Stamp,
    DateTimeOffset? WrittenAt,
    DateTimeOffset FirstSeenAt,
    DateTimeOffset LastStartedAt,
    FormerStamp? Before,
    SpokenFor? SpokenFor)
{
    /// <summary>What is known after one more look.</summary>
    public static KnownStamp After(KnownStamp? known, AccountLook look)
    {
        if (known is not null && known.Stamp == look.Stamp)
        {
            return known with { LastStartedAt = look.StartedAt, WrittenAt = known.WrittenAt ?? look.WrittenAt };
        }

        // A DC's stamps only grow, unless it was restored: then what was known of it is of another time.
        var before = known is null || IsLesser(look.Stamp, known.Stamp) ? null : new FormerStamp(known.Stamp, known.FirstSeenAt, known.LastStartedAt);
        return new KnownStamp(look.Stamp, look.WrittenAt, look.CompletedAt, look.StartedAt, before, SpokenFor: null);
    }

    /// <summary>How often the password was written since the stamp before, here or elsewhere; null if that is not known.</summary>
    public uint? Rises => Before is null || Stamp is null ? null : unchecked(Stamp.Value.Version - (Before.Stamp?.Version ?? 0));

    private static bool IsLesser(Stamp? left, Stamp? right) => right is not null && (left is null || left.Value < right.Value);
}

/// <summary>All that is known of one account's captures and stamp. A value; <see cref="StampProver"/> makes the next one of it.</summary>
/// <param name="Known">The stamp that was seen last; null before the first look.</param>
/// <param name="Open">Captures without a verdict, oldest first.</param>
/// <param name="SettledThrough">The time of the newest capture that has one; null if there is none.</param>
public sealed record AccountProof(KnownStamp? Known, ImmutableArray<OpenCapture> Open, DateTimeOffset? SettledThrough)
{
    /// <summary>Of an account that nothing is known of.</summary>
    public static readonly AccountProof Unknown = new(null, [], null);

    /// <summary>Adds a capture. Nothing happens if it is open already.</summary>
    public AccountProof Observe(OpenCapture capture)
    {
        if (Open.Contains(capture)) return this;
        var at = Open.BinarySearch(capture);
        return this with { Open = Open.Insert(~at, capture) };
    }
}
