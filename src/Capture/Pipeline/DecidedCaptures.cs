using PasswordSync.Capture.Listener;
using PasswordSync.Capture.Resolution;
using PasswordSync.Capture.StampProof;

namespace PasswordSync.Capture.Pipeline;

/// <summary>Captures of which it is known what they are. A closed set.</summary>
/// <param name="Captures">The captures, oldest first.</param>
/// <param name="DecidedAt">When it was known.</param>
internal abstract record DecidedCaptures(IReadOnlyList<ObservedCapture> Captures, DateTimeOffset DecidedAt)
{
    /// <summary>The stamp proof came to a verdict.</summary>
    public sealed record Proven(IReadOnlyList<ObservedCapture> Captures, DateTimeOffset DecidedAt, StampVerdict Verdict, DirectoryAccount Account)
        : DecidedCaptures(Captures, DecidedAt);

    /// <summary>The directory has no account for them until the bound.</summary>
    public sealed record WithoutAccount(IReadOnlyList<ObservedCapture> Captures, DateTimeOffset DecidedAt) : DecidedCaptures(Captures, DecidedAt);

    /// <summary>Of an account that is never captured.</summary>
    public sealed record Excluded(IReadOnlyList<ObservedCapture> Captures, DateTimeOffset DecidedAt, AccountExclusion Reason) : DecidedCaptures(Captures, DecidedAt);
}
