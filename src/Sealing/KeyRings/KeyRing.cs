using System.Collections.Frozen;
using System.Collections.Immutable;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.Keys;

namespace PasswordSync.Sealing.KeyRings;

/// <summary>
/// The envelope keys of one cluster and what became of the former ones. Immutable: each operation gives a new version, and versions share
/// their private keys, so dispose only the last one. <see cref="KeyRingStore"/> keeps a ring in its file and wipes what was destroyed.
/// </summary>
public sealed class KeyRing : IPrivateKeySource, IDisposable
{
    /// <summary>The most keys that are not destroyed: hourly rotation with a maximum age of ten days stays below it.</summary>
    public const int KeysMax = 256;

    /// <summary>The most destroyed keys that are remembered; the oldest are forgotten first. At daily rotation: more than two years.</summary>
    public const int DestroyedKeysMax = 768;

    private readonly FrozenDictionary<KeyId, PrivateKeyLookup> lookups;

    internal KeyRing(string cluster, ulong revision, ImmutableArray<RingKey> keys, ImmutableArray<DestroyedKey> destroyedKeys)
    {
        Cluster = cluster;
        Revision = revision;
        Keys = keys;
        DestroyedKeys = destroyedKeys;
        var found = new Dictionary<KeyId, PrivateKeyLookup>();
        foreach (var destroyed in destroyedKeys) found[destroyed.Id] = new PrivateKeyLookup(Key: null, destroyed.DestroyedAt);
        foreach (var key in keys) found[key.Id] = new PrivateKeyLookup(key.PrivateKey, DestroyedAt: null);
        lookups = found.ToFrozenDictionary();
    }

    /// <summary>The cluster's name.</summary>
    public string Cluster { get; }

    /// <summary>Rises by one with each version that is saved; 0 for a ring that never was.</summary>
    public ulong Revision { get; }

    /// <summary>The keys that are not destroyed, in the order of their making. At most <see cref="KeysMax"/>.</summary>
    public ImmutableArray<RingKey> Keys { get; }

    /// <summary>What remains of destroyed keys, oldest first. At most <see cref="DestroyedKeysMax"/>.</summary>
    public ImmutableArray<DestroyedKey> DestroyedKeys { get; }

    /// <summary>A ring with one key, published at once. The caller owns it.</summary>
    /// <param name="cluster">The cluster's name: 1 to 64 bytes of UTF-8.</param>
    /// <param name="now">The time of its making.</param>
    public static KeyRing Begin(string cluster, DateTimeOffset now)
    {
        EnvelopeDescription.CheckText(cluster, EnvelopeDescription.ClusterBytesMax, nameof(cluster));
        var key = new RingKey(PrivateSealingKey.Generate(), now, publishedFrom: now, retiresAt: null);
        return new KeyRing(cluster, revision: 0, [key], []);
    }

    /// <summary>The key that edges seal to at a point in time: of those published and not retired, the one published last; null if there is none.</summary>
    public RingKey? CurrentKey(DateTimeOffset at) => Keys.Where(key => key.IsForSealing(at)).MaxBy(key => (key.PublishedFrom, key.CreatedAt));

    /// <summary>Whether the interval has passed since the newest key was published; also if none is. A key that is about to be published counts.</summary>
    public bool IsRotationDue(DateTimeOffset now, KeyRotation rotation)
    {
        ArgumentNullException.ThrowIfNull(rotation);
        var newest = Keys.Where(key => key.RetiresAt is null).Max(key => key.PublishedFrom);
        return newest is null || newest + rotation.Interval <= now;
    }

    /// <summary>What this ring knows, as a short text without secrets: rings of two nodes with the same one need not be merged.</summary>
    public string Fingerprint => KeyRingMerge.Fingerprint(this);

    /// <inheritdoc/>
    public PrivateKeyLookup Find(KeyId id) => lookups.GetValueOrDefault(id);

    /// <summary>Adds a new key that is not yet published.</summary>
    /// <returns>Refused as <see cref="KeyRingRefusalReason.TooManyKeys"/> if the ring is full.</returns>
    public KeyRingChange Create(DateTimeOffset now)
    {
        if (Keys.Length >= KeysMax)
        {
            return KeyRingChange.Refused(
                KeyRingRefusalReason.TooManyKeys, $"The key ring holds {Keys.Length} keys, the most it may: rotate less often or lower the maximum age of captures.");
        }

        var key = new RingKey(PrivateSealingKey.Generate(), now, publishedFrom: null, retiresAt: null);
        return KeyRingChange.Done(With(Keys.Add(key)), key.Id);
    }

    /// <summary>Decides from when on edges seal to a key; that may be in the future.</summary>
    public KeyRingChange Publish(KeyId id, DateTimeOffset from) => Replace(id, key =>
        key.PublishedFrom is { } already ? KeyRingChange.Refused(KeyRingRefusalReason.AlreadyDone, $"Key {id} was published from {already:u} already.")
        : key.RetiresAt is { } retired ? KeyRingChange.Refused(KeyRingRefusalReason.AlreadyDone, $"Key {id} was retired at {retired:u}: publish another one.")
        : KeyRingChange.Done(With(Keys.Replace(key, key.With(from, retiresAt: null))), id));

    /// <summary>
    /// Publishes a key from now on and retires the ones in use: the second half of a rotation in a cluster, where every node must hold a key before an edge may
    /// seal to it.
    /// </summary>
    public KeyRingChange Introduce(KeyId id, DateTimeOffset now)
    {
        var published = Publish(id, now);
        if (!published.IsDone) return published;
        var keys = published.Ring.Keys.Select(key => key.Id != id && key.IsForSealing(now) ? key.With(key.PublishedFrom, retiresAt: now) : key);
        return KeyRingChange.Done(published.Ring.With([.. keys]), id);
    }

    /// <summary>Decides from when on edges no longer seal to a key; nodes still open with it. Another key must be there for sealing by then.</summary>
    public KeyRingChange Retire(KeyId id, DateTimeOffset at) => Replace(id, key =>
        key.RetiresAt is { } already ? KeyRingChange.Refused(KeyRingRefusalReason.AlreadyDone, $"Key {id} was retired at {already:u} already.")
        : !Keys.Any(other => other != key && other.PublishedFrom <= at && other.RetiresAt is null)
            ? KeyRingChange.Refused(KeyRingRefusalReason.NoSuccessor, $"Without key {id} there is none to seal to at {at:u}: publish another one first, or rotate.")
        : KeyRingChange.Done(With(Keys.Replace(key, key.With(key.PublishedFrom, at))), id));

    /// <summary>
    /// Removes a retired key and remembers only that it was. What is still sealed to it can never be opened again. The private key is wiped when
    /// the store has saved the new version.
    /// </summary>
    public KeyRingChange Destroy(KeyId id, DateTimeOffset now) => Replace(id, key =>
        key.RetiresAt <= now
            ? KeyRingChange.Done(WithDestroyed(now, candidate => candidate == key), id)
            : KeyRingChange.Refused(KeyRingRefusalReason.NotRetired, $"Key {id} is not retired: retire it first."));

    /// <summary>Destroys the keys whose retirement is at least the maximum age of captures ago, and makes none; for the time between two rotations.</summary>
    public KeyRingChange DestroyExpired(DateTimeOffset now, KeyRotation rotation)
    {
        ArgumentNullException.ThrowIfNull(rotation);
        return KeyRingChange.Done(WithDestroyed(now, key => key.DestroyedAfter(rotation.CaptureAgeMax) <= now), key: null);
    }

    /// <summary>
    /// Creates a new key, publishes it from the end of the publication delay on, retires the ones in use at that time, and destroys those
    /// whose retirement is at least the maximum age ago.
    /// </summary>
    /// <returns>The change's key is the new one.</returns>
    public KeyRingChange Rotate(DateTimeOffset now, KeyRotation rotation)
    {
        ArgumentNullException.ThrowIfNull(rotation);
        var created = DestroyExpired(now, rotation).Ring!.Create(now);
        if (!created.IsDone) return created;
        var id = created.Key!.Value;
        var from = now + rotation.PublicationDelay;
        var keys = created.Ring.Keys.Select(key =>
            key.Id == id ? key.With(publishedFrom: from, retiresAt: null)
            : key.IsForSealing(from) ? key.With(key.PublishedFrom, retiresAt: from)
            : key);
        return KeyRingChange.Done(created.Ring.With([.. keys]), id);
    }

    /// <summary>Wipes all private keys of this version.</summary>
    public void Dispose()
    {
        foreach (var key in Keys) key.PrivateKey.Dispose();
    }

    /// <summary>Always without private keys.</summary>
    public override string ToString() => $"key ring of {Cluster}, revision {Revision}, {Keys.Length} keys, {DestroyedKeys.Length} destroyed";

    /// <summary>The next version to be saved.</summary>
    internal KeyRing WithNextRevision() => new(Cluster, checked(Revision + 1), Keys, DestroyedKeys);

    /// <summary>Wipes the private keys of this version that the other one does not use.</summary>
    internal void WipeKeysNotIn(KeyRing other)
    {
        var kept = other.Keys.Select(key => key.PrivateKey).ToHashSet();
        foreach (var key in Keys.Where(key => !kept.Contains(key.PrivateKey))) key.PrivateKey.Dispose();
    }

    /// <summary>This ring with the private keys of an older version wherever both have them; the doubles of this one are wiped.</summary>
    internal KeyRing AdoptPrivateKeysOf(KeyRing older)
    {
        var known = older.Keys.ToDictionary(key => key.Id, key => key.PrivateKey);
        var adopted = new KeyRing(Cluster, Revision, [.. Keys.Select(key => known.TryGetValue(key.Id, out var privateKey) ? key.With(privateKey) : key)], DestroyedKeys);
        WipeKeysNotIn(adopted);
        return adopted;
    }

    private KeyRing With(ImmutableArray<RingKey> keys) => new(Cluster, Revision, keys, DestroyedKeys);

    private KeyRing WithDestroyed(DateTimeOffset now, Func<RingKey, bool> isDestroyed)
    {
        var remembered = DestroyedKeys.AddRange(Keys.Where(isDestroyed).Select(key => new DestroyedKey(key.Id, key.CreatedAt, now)));
        if (remembered.Length > DestroyedKeysMax) remembered = remembered.RemoveRange(0, remembered.Length - DestroyedKeysMax);
        return new KeyRing(Cluster, Revision, [.. Keys.Where(key => !isDestroyed(key))], remembered);
    }

    private KeyRingChange Replace(KeyId id, Func<RingKey, KeyRingChange> change)
    {
        var key = Keys.FirstOrDefault(key => key.Id == id);
        if (key is not null) return change(key);
        return Find(id).DestroyedAt is { } destroyedAt
            ? KeyRingChange.Refused(KeyRingRefusalReason.KeyDestroyed, $"Key {id} was destroyed at {destroyedAt:u}.")
            : KeyRingChange.Refused(KeyRingRefusalReason.UnknownKey, $"The key ring holds no key {id}.");
    }
}
