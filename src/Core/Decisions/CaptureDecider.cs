using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Core.Decisions;

/// <summary>Decides on captures: which one is the newest password of the identity.</summary>
internal static class CaptureDecider
{
    public static Decision Decide(IdentityState state, IdentityCommand.DecideCapture c, DecisionRules rules) => Judge(state, c, rules) switch
    {
        Verdict.Wait => Decision.AskAgain(c.OwnWrites.IntentOpenUntil!.Value),
        Verdict.Accept => new Decision(
            [.. ScopeDecider.Changes(state, c.Points, c.Now), new IdentityEvent.CaptureAccepted(c.Now, c.Change), .. QueueEverywhere(state, c)], null, null),
        Verdict.Echo => new Decision([Ignored(c, IgnoreReason.Echo), .. SupersedeEverywhere(state, c, "This product wrote a newer password to the account.")], null, null),
        Verdict.OutOfScope => new Decision([.. ScopeDecider.Changes(state, c.Points, c.Now), Ignored(c, IgnoreReason.OutOfScope)], null, null),
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
        Duplicate,
        Echo,
        SameStamp,
        Older,
        OlderThanOtherSource,
        OutOfScope,
        TooOld,
    }

    // The order matters: a repeat is a repeat even while an intent is open, and an echo is told before anything that compares stamps, since
    // its stamp is by nature the greatest.
    private static Verdict Judge(IdentityState state, IdentityCommand.DecideCapture c, DecisionRules rules)
    {
        var change = c.Change;
        var known = state.LatestStamps.TryGetValue(change.Account.Source, out var latest);
        if (state.RecentCaptures.Contains(change.CaptureId)) return Verdict.Duplicate;
        if (c.OwnWrites.IntentOpenUntil > c.Now) return Verdict.Wait;
        if (c.OwnWrites.LastWrittenStamp is { } written && change.Stamp <= written)
        {
            return change.Stamp < written ? Verdict.Older : known && latest >= written ? Verdict.SameStamp : Verdict.Echo;
        }

        if (known && change.Stamp <= latest) return change.Stamp == latest ? Verdict.SameStamp : Verdict.Older;
        if (IsBehindOtherSource(state.Newest, change, rules)) return Verdict.OlderThanOtherSource;
        if (change.ExpiresAt <= c.Now) return Verdict.TooOld;
        return c.Points.IsEmpty ? Verdict.OutOfScope : Verdict.Accept;
    }

    /// <summary>Stamps of different sources do not compare: the originating time decides, then the configured precedence, then the name.</summary>
    private static bool IsBehindOtherSource(Change? newest, Change change, DecisionRules rules)
    {
        if (newest is null || newest.Account.Source == change.Account.Source) return false;
        var byTime = change.Stamp.OriginatingSecond.CompareTo(newest.Stamp.OriginatingSecond);
        if (byTime != 0) return byTime < 0;
        var byPrecedence = rules.PrecedenceOf(change.Account.Source).CompareTo(rules.PrecedenceOf(newest.Account.Source));
        return byPrecedence != 0 ? byPrecedence > 0 : change.Account.Source > newest.Account.Source;
    }

    private static IdentityEvent.CaptureIgnored Ignored(IdentityCommand.DecideCapture c, IgnoreReason reason) =>
        new(c.Now, c.Change.CaptureId, c.Change.Account, c.Change.Stamp, reason);

    private static IEnumerable<IdentityEvent> QueueEverywhere(IdentityState state, IdentityCommand.DecideCapture c) =>
        from point in c.Points
        from happened in EndOfOlder(state, point, c, $"Change {c.Change.CaptureId} is newer.")
            .Append(new IdentityEvent.DeliveryQueued(c.Now, point, c.Change.CaptureId, c.Now))
        select happened;

    // Only deliveries of the same account: how changes of another account of the identity compare is not said by this stamp.
    private static IEnumerable<IdentityEvent> SupersedeEverywhere(IdentityState state, IdentityCommand.DecideCapture c, string reason) =>
        from point in state.Points
        where point.Value.Needed.All(change => change.Account == c.Change.Account)
        from happened in EndOfOlder(state, point.Key, c, reason).Concat(EndOfFlight(point.Key, point.Value, c, reason))
        select happened;

    private static IEnumerable<IdentityEvent> EndOfOlder(IdentityState state, SyncPointId point, IdentityCommand.DecideCapture c, string reason)
    {
        var older = state.Points.GetValueOrDefault(point) switch
        {
            PointState.Waiting p => p.Delivery,
            PointState.Parked p => p.Delivery,
            PointState.InFlight p => p.Next,
            _ => null,
        };
        if (older is not null) yield return new IdentityEvent.DeliveryEnded(c.Now, point, older.CaptureId, DeliveryEnd.Superseded, reason);
    }

    private static IEnumerable<IdentityEvent> EndOfFlight(SyncPointId point, PointState state, IdentityCommand.DecideCapture c, string reason)
    {
        if (state is PointState.InFlight { AfterFlight: AfterFlight.Continue } flight)
        {
            yield return new IdentityEvent.DeliveryEnded(c.Now, point, flight.Delivery.CaptureId, DeliveryEnd.Superseded, reason);
        }
    }
}
