using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Core.Decisions;

/// <summary>Decides on captures: which one is the newest password of the identity.</summary>
internal static class CaptureDecider
{
    private const string OverwrittenReason = "This product wrote a newer password to the account.";

    public static Decision Decide(IdentityState state, IdentityCommand.DecideCapture c, DecisionRules rules) => Judge(state, c, rules) switch
    {
        Verdict.Wait => Decision.AskAgain(c.OwnWrites.IntentOpenUntil!.Value),
        Verdict.Confirm => Decision.ConfirmFirst,
        Verdict.Unconfirmed => Decision.Of(
            new IdentityEvent.CaptureReported(c.Now, c.Change.CaptureId, c.Change.Account, CaptureVerdict.Unconfirmed, c.Change.Stages.CapturedAt) { Trace = CaptureTrace.Of(c.Change) }),
        Verdict.Accept => Accept(state, c),
        Verdict.Echo => new Decision([Ignored(c, IgnoreReason.Echo), .. SupersedeEverywhere(state, c, OverwrittenReason)], null, null),
        Verdict.Overwritten => new Decision([Ignored(c, IgnoreReason.Older), .. SupersedeEverywhere(state, c, OverwrittenReason)], null, null),
        Verdict.OutOfScope => new Decision([.. ScopeDecider.Changes(state, c.Change.Account, c.Points, c.Now), Ignored(c, IgnoreReason.OutOfScope)], null, null),
        Verdict.TooOld => new Decision([Ignored(c, IgnoreReason.TooOld), .. SupersedeEverywhere(state, c, "A newer change, itself too old to deliver, is known.")], null, null),
        Verdict.Duplicate => Decision.Of(Ignored(c, IgnoreReason.Duplicate)),
        Verdict.SameStamp => Decision.Of(Ignored(c, IgnoreReason.SameStamp)),
        Verdict.Older => Decision.Of(Ignored(c, IgnoreReason.Older)),
        Verdict.OlderThanOtherSource => Decision.Of(Ignored(c, IgnoreReason.OlderThanOtherSource)),
        var verdict => throw new InvalidOperationException($"Internal error: unknown verdict {verdict}."),
    };

    private enum Verdict
    {
        Accept,
        Wait,
        Confirm,
        Unconfirmed,
        Duplicate,
        Echo,
        Overwritten,
        SameStamp,
        Older,
        OlderThanOtherSource,
        OutOfScope,
        TooOld,
    }

    // The order matters: what is known, or older than what is known, is so even while an intent is open; what this product wrote over is told before anything
    // that could accept it; and a stamp that must be confirmed first is not taken note of in any way, not even where its capture is too old.
    private static Verdict Judge(IdentityState state, IdentityCommand.DecideCapture c, DecisionRules rules)
    {
        var change = c.Change;
        var known = state.LatestStamps.TryGetValue(change.Account.Source, out var latest);
        if (state.RecentCaptures.Contains(change.CaptureId)) return Verdict.Duplicate;
        if (known && change.Stamp <= latest) return change.Stamp == latest ? Verdict.SameStamp : Verdict.Older;
        if (c.OwnWrites.LastWrittenStamp is { } written && change.Stamp <= written) return change.Stamp == written ? Verdict.Echo : Verdict.Overwritten;
        if (c.OwnWrites.IntentOpenUntil > c.Now) return Verdict.Wait;
        if (!c.IsConfirmedAtSource && IsJump(known ? latest : null, c, rules)) return change.ExpiresAt <= c.Now ? Verdict.Unconfirmed : Verdict.Confirm;
        if (IsBehindOtherSource(state.Newest, change, rules)) return Verdict.OlderThanOtherSource;
        if (change.ExpiresAt <= c.Now) return Verdict.TooOld;
        return c.Points.IsEmpty ? Verdict.OutOfScope : Verdict.Accept;
    }

    /// <summary>Whether the stamp is so far ahead of what is known that it could keep all that follow from being believed.</summary>
    private static bool IsJump(Stamp? latest, IdentityCommand.DecideCapture c, DecisionRules rules)
    {
        var stamp = c.Change.Stamp;
        var ours = c.OwnWrites.LastWrittenStamp;
        if (latest is null || ours > latest) latest = ours ?? latest;
        return latest is { } before && before.Generation == stamp.Generation
            ? unchecked(stamp.Version - before.Version) > rules.VersionJumpMax
            : stamp.Version > rules.FirstVersionMax;
    }

    private static bool IsBehindOtherSource(Change? newest, Change change, DecisionRules rules)
    {
        if (newest is null || newest.Account.Source == change.Account.Source) return false;
        return rules.CompareAcrossSources((change.Stamp, change.Account.Source), (newest.Stamp, newest.Account.Source)) < 0;
    }

    private static IdentityEvent.CaptureIgnored Ignored(IdentityCommand.DecideCapture c, IgnoreReason reason) =>
        new(c.Now, c.Change.CaptureId, c.Change.Account, c.Change.Stamp, reason) { Trace = CaptureTrace.Of(c.Change) };

    // What the change replaces ends before: only where nothing waits can it be queued.
    private static Decision Accept(IdentityState state, IdentityCommand.DecideCapture c)
    {
        var points = ScopeDecider.AllOf(state, c.Change.Account, c.Points);
        return new Decision(
        [
            .. ScopeDecider.Changes(state, c.Change.Account, c.Points, c.Now),
            .. points.SelectMany(point => EndOfOlder(state, point, c)),
            new IdentityEvent.CaptureAccepted(c.Now, c.Change) { Scopes = c.Scopes, Queued = points },
            .. points.SelectMany(point => EndAtDisabled(state, point, c)),
        ], null, null);
    }

    // The point stays assigned, so that it is told of, and can be sent to again as soon as it is enabled. Behind an attempt in flight the change waits
    // for that to end and then for the point, as it does at a paused one: the end of the older one must not be the last that is known.
    private static IEnumerable<IdentityEvent> EndAtDisabled(IdentityState state, SyncPointId point, IdentityCommand.DecideCapture c)
    {
        if (c.Disabled.Contains(point) && state.Points.GetValueOrDefault(point) is not PointState.InFlight) yield return new IdentityEvent.DeliveryEnded(c.Now, point, c.Change.CaptureId, DeliveryEnd.Disabled, "The sync point was disabled when the change came.");
    }

    private static IEnumerable<IdentityEvent> SupersedeEverywhere(IdentityState state, IdentityCommand.DecideCapture c, string reason) =>
        from point in state.Points
        from ending in EndingsOf(point.Value)
        where ending.Delivery.Change.Account == c.Change.Account
        select new IdentityEvent.DeliveryEnded(c.Now, point.Key, ending.Delivery.CaptureId, ending.End, reason);

    // Only deliveries of the same account: how changes of another account of the identity compare is not said by this stamp. A recheck ends too: it
    // would take the newer password for an older one that landed late, and write over it.
    private static IEnumerable<(Delivery Delivery, DeliveryEnd End)> EndingsOf(PointState point)
    {
        if (point.Unsent is { } unsent) yield return (unsent, DeliveryEnd.Superseded);
        if (point is PointState.Rechecking rechecking) yield return (rechecking.Delivery, DeliveryEnd.Delivered);
        if (point is PointState.InFlight { AfterFlight: AfterFlight.Continue } flight) yield return (flight.Delivery, DeliveryEnd.Superseded);
    }

    private static IEnumerable<IdentityEvent> EndOfOlder(IdentityState state, SyncPointId point, IdentityCommand.DecideCapture c)
    {
        if (state.Points.GetValueOrDefault(point)?.Unsent is { } older)
        {
            yield return new IdentityEvent.DeliveryEnded(c.Now, point, older.CaptureId, DeliveryEnd.Superseded, $"Change {c.Change.CaptureId} is newer.");
        }
    }
}
