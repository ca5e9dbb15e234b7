namespace PasswordSync.SyncNode.Sources;

/// <summary>What asking a source about a stamp came to.</summary>
internal enum StampFinding
{
    /// <summary>The source has the very stamp; after a sign-in: and takes the password.</summary>
    Same,

    /// <summary>The source has a greater stamp; after a sign-in: and takes the password.</summary>
    Greater,

    /// <summary>No server that answered has the stamp yet; after a sign-in: but they take the password.</summary>
    Behind,

    /// <summary>The password does not sign in.</summary>
    WrongPassword,

    /// <summary>It cannot be told: the account is disabled or locked, must change its password, or may not be read.</summary>
    Inconclusive,

    /// <summary>No server answered.</summary>
    Unreachable,

    /// <summary>This node does not hold the key of the envelope now.</summary>
    KeyMissing,
}
