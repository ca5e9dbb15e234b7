namespace PasswordSync.Sealing.KeyRings;

/// <summary>Why an operation on a key ring, or on its file, was refused.</summary>
public enum KeyRingRefusalReason
{
    /// <summary>There is no file at the path.</summary>
    NotFound = 1,

    /// <summary>There is a file at the path already.</summary>
    AlreadyExists,

    /// <summary>Another process is changing the file at this moment.</summary>
    InUse,

    /// <summary>The file is no key ring, incomplete, or altered by accident.</summary>
    Damaged,

    /// <summary>The file has a format or parameters that this version does not read.</summary>
    UnknownVersion,

    /// <summary>The passphrase does not open the file.</summary>
    WrongPassphrase,

    /// <summary>The passphrase is too short or too long to protect a new file.</summary>
    UnfitPassphrase,

    /// <summary>The key ring is of another cluster.</summary>
    OtherCluster,

    /// <summary>The file is older than what was loaded from it before: somebody put an old copy back.</summary>
    Outdated,

    /// <summary>The file lacks a key that was loaded from it before and was not destroyed: it was changed in two places.</summary>
    Diverged,

    /// <summary>The ring never held a key of this id, or has forgotten it.</summary>
    UnknownKey,

    /// <summary>The key was destroyed.</summary>
    KeyDestroyed,

    /// <summary>The key was published or retired already.</summary>
    AlreadyDone,

    /// <summary>The key is not retired; only a retired key is destroyed.</summary>
    NotRetired,

    /// <summary>Without this key nothing could be sealed: publish another one first.</summary>
    NoSuccessor,

    /// <summary>The ring is full.</summary>
    TooManyKeys,
}

/// <summary>A refusal, as a value.</summary>
/// <param name="Reason">The rule that was broken.</param>
/// <param name="Message">A sentence for people that says what to do. Never holds a secret.</param>
public sealed record KeyRingRefusal(KeyRingRefusalReason Reason, string Message)
{
    public override string ToString() => $"{Reason}: {Message}";
}
