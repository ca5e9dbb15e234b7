namespace PasswordSync.Providers.Contract;

/// <summary>What a provider can do with its settings.</summary>
/// <param name="Kind">The kind's name in the configuration (<c>activeDirectory</c>, <c>ldap</c>, …).</param>
/// <param name="Limits">What passwords it takes, as far as that is known without asking the target.</param>
/// <param name="ShowsMark">Whether it can read a mark of the account's password (<see cref="Core.Deliveries.TargetMark"/>).</param>
/// <param name="CanProbeBySignIn">Whether it can sign in with a password to tell whether it is there.</param>
/// <param name="ReportsWrittenStamp">Whether the target is itself a source, and the provider reports the stamp that its write caused.</param>
public sealed record ProviderDescription(
    string Kind,
    PasswordLimits Limits,
    bool ShowsMark,
    bool CanProbeBySignIn,
    bool ReportsWrittenStamp);

/// <summary>What passwords a target takes at all. The target's own policy may be narrower; it answers for itself.</summary>
/// <param name="LengthMin">The shortest password, in UTF-16 code units. 0 or greater.</param>
/// <param name="LengthMax">The longest password, in UTF-16 code units.</param>
/// <param name="NeedsWellFormedText">Whether a surrogate without its partner is refused, because the target takes UTF-8.</param>
/// <param name="AllowedCharacters">Which characters it takes, for people; null if all.</param>
/// <param name="HistoryLength">How many earlier passwords it refuses; null if that is not known.</param>
public sealed record PasswordLimits(int LengthMin, int LengthMax, bool NeedsWellFormedText, string? AllowedCharacters, int? HistoryLength)
{
    /// <summary>Whether it asks for three kinds of characters or the like; null if that is not known. The target judges it: nothing is refused here for it.</summary>
    public bool? IsComplex { get; init; }

    /// <summary>After how long a password expires in the target; <see cref="TimeSpan.MaxValue"/> if never, null if that is not known.</summary>
    public TimeSpan? AgeMax { get; init; }
}
