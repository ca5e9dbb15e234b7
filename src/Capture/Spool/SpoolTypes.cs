namespace PasswordSync.Capture.Spool;

/// <summary>What became of a capture that was brought to the spool.</summary>
public enum SpoolAppend
{
    /// <summary>It is flushed.</summary>
    Flushed,

    /// <summary>It was here before (held, or settled not long ago). It counts as taken.</summary>
    AlreadyKnown,

    /// <summary>The spool is over its bound. Not taken.</summary>
    Full,

    /// <summary>The disk refused, or the spool is stopping. Not taken.</summary>
    NotWritable,
}

/// <summary>The spool at one moment.</summary>
/// <param name="Held">Captures that no node has.</param>
/// <param name="Accounts">Accounts whose stamp is remembered.</param>
/// <param name="Segments">Files.</param>
/// <param name="Bytes">Their size.</param>
/// <param name="Flushes">Flushed batches since the start.</param>
/// <param name="IsFull">Whether captures are refused.</param>
public sealed record SpoolStatus(int Held, int Accounts, int Segments, long Bytes, long Flushes, bool IsFull);

/// <summary>What was found when the spool was opened.</summary>
/// <param name="Held">Captures to go on with.</param>
/// <param name="Accounts">Accounts whose stamp is remembered.</param>
/// <param name="Damage">Bytes that could not be read.</param>
public sealed record SpoolRecovery(int Held, int Accounts, IReadOnlyList<SpoolDamage> Damage)
{
    public override string ToString() => $"{Held} captures held, {Accounts} accounts remembered, {Damage.Count} damaged places";
}
