using PasswordSync.Sealing.Keys;

namespace PasswordSync.Sealing.KeyRings;

/// <summary>A key of the ring with its validity.</summary>
public sealed class RingKey
{
    internal RingKey(PrivateSealingKey privateKey, DateTimeOffset createdAt, DateTimeOffset? publishedFrom, DateTimeOffset? retiresAt)
    {
        PrivateKey = privateKey;
        CreatedAt = createdAt;
        PublishedFrom = publishedFrom;
        RetiresAt = retiresAt;
    }

    /// <summary>The name of the key.</summary>
    public KeyId Id => PublicKey.Id;

    /// <summary>What passwords are sealed to.</summary>
    public PublicSealingKey PublicKey => PrivateKey.PublicKey;

    /// <summary>When the key was made.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>From when on edges seal to it; null if that was not decided yet.</summary>
    public DateTimeOffset? PublishedFrom { get; }

    /// <summary>From when on edges no longer seal to it, while nodes still open; null if that was not decided yet.</summary>
    public DateTimeOffset? RetiresAt { get; }

    internal PrivateSealingKey PrivateKey { get; }

    /// <summary>Whether edges may seal to this key at a point in time.</summary>
    public bool IsForSealing(DateTimeOffset at) => PublishedFrom <= at && !(RetiresAt <= at);

    /// <summary>When the key may be destroyed: its retirement and then the maximum age of a capture; null as long as it is not retired.</summary>
    public DateTimeOffset? DestroyedAfter(TimeSpan captureAgeMax) => RetiresAt + captureAgeMax;

    /// <summary>Always without the private key.</summary>
    public override string ToString() => $"key {Id}, created {CreatedAt:u}, published from {PublishedFrom:u}, retires at {RetiresAt:u}";

    internal RingKey With(DateTimeOffset? publishedFrom, DateTimeOffset? retiresAt) => new(PrivateKey, CreatedAt, publishedFrom, retiresAt);

    internal RingKey With(PrivateSealingKey privateKey) => new(privateKey, CreatedAt, PublishedFrom, RetiresAt);
}

/// <summary>What remains of a destroyed key.</summary>
/// <param name="Id">The name of the key.</param>
/// <param name="CreatedAt">When the key was made.</param>
/// <param name="DestroyedAt">When the key was destroyed.</param>
public sealed record DestroyedKey(KeyId Id, DateTimeOffset CreatedAt, DateTimeOffset DestroyedAt);
