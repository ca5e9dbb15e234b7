using PasswordSync.Sealing.Keys;

namespace PasswordSync.Sealing.KeyRings;

/// <summary>
/// A key ring with its file. Loaded once, and again before each change: another process may have changed it. Thread-safe; the source of private keys for
/// openers: they see each new version at once.
/// </summary>
/// <remarks>Passphrases come with each call that needs one and are not kept. Troubles of the file system are exceptions.</remarks>
public sealed class KeyRingStore : IPrivateKeySource, IDisposable
{
    private readonly string path;
    private readonly int rounds;
    private readonly SemaphoreSlim changing = new(1, 1);
    private volatile KeyRing ring;

    private KeyRingStore(string path, KeyRing ring, int rounds)
    {
        this.path = path;
        this.rounds = rounds;
        this.ring = ring;
    }

    /// <summary>The newest version that is saved. The store owns it: its private keys are wiped when they are destroyed.</summary>
    public KeyRing Ring => ring;

    /// <summary>Makes a new ring with one published key, and its file. The caller owns the store.</summary>
    /// <param name="path">The file; its folder exists and belongs to the node's account.</param>
    /// <param name="cluster">The cluster's name.</param>
    /// <param name="passphrase">12 to 1,024 bytes; the caller keeps and wipes them.</param>
    /// <param name="now">The time of the key's making.</param>
    /// <param name="cancellationToken">Counts until the file is in place.</param>
    public static Task<KeyRingStoreOpening> CreateAsync(
        string path, string cluster, ReadOnlyMemory<byte> passphrase, DateTimeOffset now, CancellationToken cancellationToken) =>
        CreateAsync(path, passphrase, () => KeyRing.Begin(cluster, now), WrappingKey.RoundsMin, cancellationToken);

    /// <summary>Makes the file of a ring that came from another node. The caller owns the store; the ring is the store's from here on.</summary>
    /// <param name="path">The file; its folder exists and belongs to the node's account.</param>
    /// <param name="received">What came.</param>
    /// <param name="passphrase">This node's own: 12 to 1,024 bytes; the caller keeps and wipes them.</param>
    /// <param name="cancellationToken">Counts until the file is in place.</param>
    public static Task<KeyRingStoreOpening> CreateAsync(string path, KeyRing received, ReadOnlyMemory<byte> passphrase, CancellationToken cancellationToken) =>
        CreateAsync(path, passphrase, () => received, WrappingKey.RoundsMin, cancellationToken);

    /// <summary>As the public ones, with fewer rounds: for tests of what is done with rings, which protect nothing.</summary>
    internal static async Task<KeyRingStoreOpening> CreateAsync(string path, ReadOnlyMemory<byte> passphrase, Func<KeyRing> begin, int rounds, CancellationToken cancellationToken)
    {
        using var fileLock = KeyRingLock.TryTake(path);
        if (fileLock is null) return KeyRingStoreOpening.Refused(KeyRingLock.Refusal(path));
        if (File.Exists(path))
        {
            return KeyRingStoreOpening.Refused(
                new(KeyRingRefusalReason.AlreadyExists, $"There is a key ring at {path} already: without it nothing sealed so far can be opened."));
        }

        if (!WrappingKey.TryCreate(passphrase.Span, rounds, out var wrappingKey, out var refusal)) return KeyRingStoreOpening.Refused(refusal);
        using (wrappingKey)
        {
            var ring = begin().WithNextRevision();
            var saved = false;
            try
            {
                var file = KeyRingFormat.Encode(ring, wrappingKey);
                await DurableFile.ReplaceAsync(path, file, cancellationToken).ConfigureAwait(false);
                saved = true;
                return KeyRingStoreOpening.Opened(new KeyRingStore(path, ring, rounds));
            }
            finally
            {
                if (!saved) ring.Dispose();
            }
        }
    }

    /// <summary>Loads a ring from its file. The caller owns the store.</summary>
    /// <param name="cluster">The cluster that the ring must be of.</param>
    public static Task<KeyRingStoreOpening> OpenAsync(string path, string cluster, ReadOnlyMemory<byte> passphrase, CancellationToken cancellationToken) =>
        OpenAsync(path, cluster, passphrase, WrappingKey.RoundsMin, cancellationToken);

    /// <summary>As the public one, of a ring with fewer rounds.</summary>
    internal static async Task<KeyRingStoreOpening> OpenAsync(
        string path, string cluster, ReadOnlyMemory<byte> passphrase, int roundsMin, CancellationToken cancellationToken)
    {
        using (var fileLock = KeyRingLock.TryTake(path))
        {
            if (fileLock is not null) DurableFile.DestroyLeftovers(path);
        }

        using var reading = await KeyRingReading.ReadAsync(path, cluster, passphrase, roundsMin, cancellationToken).ConfigureAwait(false);
        return reading.Ring is { } ring
            ? KeyRingStoreOpening.Opened(new KeyRingStore(path, ring, roundsMin))
            : KeyRingStoreOpening.Refused(reading.Refusal!);
    }

    /// <inheritdoc/>
    public PrivateKeyLookup Find(KeyId id) => ring.Find(id);

    /// <summary>
    /// Makes one change: takes the file's lock, loads what another process changed, applies the change, saves, and only then lets it count. What it
    /// destroyed is wiped.
    /// </summary>
    /// <param name="passphrase">As at creation; another one than the file's is refused.</param>
    /// <param name="change">From the newest version to the next; called once.</param>
    /// <param name="cancellationToken">Counts until the file is in place.</param>
    public async Task<KeyRingChange> ChangeAsync(ReadOnlyMemory<byte> passphrase, Func<KeyRing, KeyRingChange> change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        await changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using var fileLock = KeyRingLock.TryTake(path);
            if (fileLock is null) return KeyRingChange.Refused(KeyRingLock.Refusal(path));
            // Decoded even if nobody changed it: that proves the passphrase and gives the key to save with.
            using var reading = await KeyRingReading.ReadAsync(path, ring.Cluster, passphrase, rounds, cancellationToken).ConfigureAwait(false);
            if (Adopt(reading) is { } refusal) return KeyRingChange.Refused(refusal);
            return await SaveAsync(change(ring), reading.WrappingKey!, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            changing.Release();
        }
    }

    /// <summary>As <see cref="KeyRing.Rotate"/>, saved.</summary>
    public Task<KeyRingChange> RotateAsync(ReadOnlyMemory<byte> passphrase, DateTimeOffset now, KeyRotation rotation, CancellationToken cancellationToken) =>
        ChangeAsync(passphrase, current => current.Rotate(now, rotation), cancellationToken);

    /// <summary>Takes what another node's ring knows and this one does not; saved before it counts.</summary>
    /// <param name="passphrase">As at creation.</param>
    /// <param name="received">What came; wiped here, but for what was taken.</param>
    /// <param name="cancellationToken">Counts until the file is in place.</param>
    /// <returns>Null if there was nothing to take.</returns>
    public async Task<KeyRingChange?> MergeAsync(ReadOnlyMemory<byte> passphrase, KeyRing received, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(received);
        try
        {
            if (!KeyRingMerge.Learns(ring, received)) return null;
            return await ChangeAsync(passphrase, current => KeyRingMerge.Change(current, received), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            received.WipeKeysNotIn(ring);
        }
    }

    /// <summary>Wipes the private keys in memory. The file stays.</summary>
    public void Dispose()
    {
        ring.Dispose();
        changing.Dispose();
    }

    public override string ToString() => ring.ToString();

    /// <summary>Takes a later version over; a refusal leaves all as it was.</summary>
    private KeyRingRefusal? Adopt(KeyRingReading reading)
    {
        if (reading.Ring is not { } loaded) return reading.Refusal;
        if (CheckSuccession(loaded) is { } refusal)
        {
            loaded.Dispose();
            return refusal;
        }

        Swap(loaded.AdoptPrivateKeysOf(ring));
        return null;
    }

    /// <summary>Whoever takes a ring that is not a later version of the own one loses keys that passwords wait for.</summary>
    private KeyRingRefusal? CheckSuccession(KeyRing loaded)
    {
        if (loaded.Revision < ring.Revision)
        {
            return new(
                KeyRingRefusalReason.Outdated,
                $"The key ring at {path} has revision {loaded.Revision}, but revision {ring.Revision} was loaded before: an old copy was put back. Bring the newest one back.");
        }

        var missing = ring.Keys.FirstOrDefault(key => loaded.Find(key.Id) == default);
        return missing is null ? null : new(
            KeyRingRefusalReason.Diverged,
            $"The key ring at {path} does not know key {missing.Id}, which was loaded before: it was changed in two places. Bring the ring with that key back.");
    }

    private async Task<KeyRingChange> SaveAsync(KeyRingChange change, WrappingKey wrappingKey, CancellationToken cancellationToken)
    {
        if (!change.IsDone) return change;
        var next = change.Ring.WithNextRevision();
        var saved = false;
        try
        {
            var file = KeyRingFormat.Encode(next, wrappingKey);
            await DurableFile.ReplaceAsync(path, file, cancellationToken).ConfigureAwait(false);
            Swap(next);
            saved = true;
            return KeyRingChange.Done(next, change.Key);
        }
        finally
        {
            // A key that was made for a version that was never saved must not stay.
            if (!saved) next.WipeKeysNotIn(ring);
        }
    }

    private void Swap(KeyRing next)
    {
        var former = ring;
        ring = next;
        former.WipeKeysNotIn(next);
    }
}
