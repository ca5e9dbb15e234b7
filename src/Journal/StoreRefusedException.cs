namespace PasswordSync.Journal;

/// <summary>A store cannot be opened as it was asked for. Trying again does not help: the message says what to change.</summary>
public sealed class StoreRefusedException(StoreRefusal refusal, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Why.</summary>
    public StoreRefusal Refusal { get; } = refusal;
}

/// <summary>Why a store was not opened.</summary>
public enum StoreRefusal
{
    /// <summary>Another process uses the database.</summary>
    InUse,

    /// <summary>A newer version of this product changed the database's schema.</summary>
    NewerSchema,

    /// <summary>The database was made for another number of shards.</summary>
    OtherShardCount,

    /// <summary>The file is a database of something else, or no database; or the server has no such database.</summary>
    NotAStore,

    /// <summary>The files beside the database cannot be made or opened; or the server refuses the role, its password, or what it would do.</summary>
    NoAccess,

    /// <summary>The database server is older than this version needs.</summary>
    OldServer,

    /// <summary>A pooler in front of the database server lets connections share its sessions.</summary>
    SharedSessions,

    /// <summary>A setting is outside its bounds.</summary>
    BadOption,
}

/// <summary>
/// What is stored cannot be understood: written by a newer version, or damaged. Nothing is skipped: whoever decides by it must not go on with the rest, and whoever only shows it says that it is there.
/// </summary>
public sealed class UnreadableRecordException(string message, Exception? inner = null) : Exception(message, inner);
