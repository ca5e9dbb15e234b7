namespace PasswordSync.Capture.Listener;

/// <summary>What a look into the drop folder left there.</summary>
/// <param name="LeftBehind">Accounts of captures that the spool could not take: nothing may be concluded from their absence.</param>
/// <param name="UnreadUntil">
/// When the newest file was written that could not be read, so that nobody knows whose capture it holds; the greatest time if the folder could not be looked into. Nothing may be
/// concluded from the absence of any capture until then. Null if all could be read.
/// </param>
public sealed record DrainResult(IReadOnlySet<AccountKey> LeftBehind, DateTimeOffset? UnreadUntil)
{
    public static readonly DrainResult Complete = new(new HashSet<AccountKey>(), UnreadUntil: null);

    public static readonly DrainResult Unknown = Complete with { UnreadUntil = DateTimeOffset.MaxValue };
}
