using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Core.Decisions;

/// <summary>Whether a change may be written to an account that is itself a source's.</summary>
public enum MutualVerdict
{
    /// <summary>It may.</summary>
    Write,

    /// <summary>Something is being written to the account that the change comes from: what that leads to must be known first.</summary>
    Wait,

    /// <summary>This product has written a newer password to the account that the change comes from.</summary>
    Overwritten,

    /// <summary>The target's account has a password of its own that is newer.</summary>
    TargetIsNewer,
}

/// <summary>
/// Decides between changes that were made in two domains, each the other's target, before either has reached the other. Both sides come to the same answer, each for its
/// own delivery: causality where it is known, else the originating time, then the configured precedence of the sources, then their names. Pure.
/// </summary>
/// <remarks>
/// To be asked while the intent to write the target's account is open, with what was read since: whoever delivers the other way then sees that intent, or this one's end.
/// </remarks>
public static class MutualTargets
{
    /// <param name="change">What is to be written.</param>
    /// <param name="target">The account that it is to be written to.</param>
    /// <param name="present">The stamp of the password that the target's account has now; null if that is not known, or not to be judged by: then only what this product knows counts.</param>
    /// <param name="atTarget">What this product wrote to the target's account.</param>
    /// <param name="atSource">What this product wrote to the account that the change comes from.</param>
    /// <param name="now">The time.</param>
    /// <param name="rules">For the precedence of sources.</param>
    public static MutualVerdict Judge(Change change, AccountId target, Stamp? present, OwnWrites atTarget, OwnWrites atSource, DateTimeOffset now, DecisionRules rules)
    {
        ArgumentNullException.ThrowIfNull(change);
        ArgumentNullException.ThrowIfNull(atTarget);
        ArgumentNullException.ThrowIfNull(atSource);
        ArgumentNullException.ThrowIfNull(rules);
        if (atSource.LastWrittenStamp > change.Stamp) return MutualVerdict.Overwritten;
        if (atSource.IntentOpenUntil > now) return MutualVerdict.Wait;
        if (present is not { } there || atTarget.LastWrittenStamp >= there) return MutualVerdict.Write;

        // What the target has now was brought to the account before it got this change: it came later, whatever the clocks say.
        if (atSource.Origin is { } brought && brought.Account == target && brought.Stamp >= there) return MutualVerdict.Write;
        return rules.CompareAcrossSources((change.Stamp, change.Account.Source), (there, target.Source)) > 0 ? MutualVerdict.Write : MutualVerdict.TargetIsNewer;
    }
}
