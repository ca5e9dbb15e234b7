namespace PasswordSync.Sealing.Keys;

/// <summary>Where an opener finds private keys. Thread-safe.</summary>
public interface IPrivateKeySource
{
    /// <summary>Looks a key up. The source keeps owning it.</summary>
    PrivateKeyLookup Find(KeyId id);
}

/// <summary>What is known of a key id: at most one of the two is set.</summary>
/// <param name="Key">The private key; null if there is none.</param>
/// <param name="DestroyedAt">When the key was destroyed, as long as that is remembered; else null.</param>
public readonly record struct PrivateKeyLookup(PrivateSealingKey? Key, DateTimeOffset? DestroyedAt);
