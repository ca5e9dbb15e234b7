namespace PasswordSync.Journal.Sqlite.Engine;

/// <summary>
/// Whether secrets were deleted since the write-ahead log was last emptied: until then it holds the pages as they were before. Set by the writer,
/// cleared by the housekeeping.
/// </summary>
internal sealed class SecretTraces
{
    private volatile bool left = true;

    /// <summary>Whether there may be any. True at first: another process may have left some.</summary>
    public bool AreLeft => left;

    public void Leave() => left = true;

    public void Remove() => left = false;
}
