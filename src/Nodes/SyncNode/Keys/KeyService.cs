using PasswordSync.Actors;
using PasswordSync.Core.Intake;
using PasswordSync.Core.Secrets;
using PasswordSync.Hosting.Settings;
using PasswordSync.Sealing.KeyRings;
using PasswordSync.Sealing.Keys;

namespace PasswordSync.SyncNode.Keys;

/// <summary>
/// Keeps the envelope keys turning: makes a new one when it is due, retires the old, destroys what no capture can need any more. In a cluster one node makes new keys, and a
/// new key is published only when every living node holds it; destroying is each node's own duty.
/// </summary>
/// <param name="store">The node's key ring.</param>
/// <param name="exchange">The way to the other nodes' rings.</param>
/// <param name="leads">Whether this node is the one that makes keys. Should two believe it at once, both their keys are kept: nothing is lost.</param>
/// <param name="passphrase">Gives the passphrase that wraps the ring.</param>
/// <param name="rotation">How keys follow one another.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed partial class KeyService(
    KeyRingStore store, KeyExchange exchange, Func<bool> leads, Func<CancellationToken, ValueTask<Secret>> passphrase, KeyRotation rotation, TimeProvider clock, ILogger<KeyService> logger)
{
    /// <summary>How often it is looked whether something is due, here or at another node.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(10);

    /// <summary>The public keys that edges may seal to now, the current one first.</summary>
    public IEnumerable<SealingKey> PublicKeys()
    {
        var now = clock.GetUtcNow();
        return store.Ring.Keys
            .Where(key => key.IsForSealing(now))
            .OrderByDescending(key => key.PublishedFrom)
            .Select(key => new SealingKey(key.Id.ToString(), key.PublicKey.ToString(), key.RetiresAt ?? now + rotation.Interval + rotation.CaptureAgeMax));
    }

    /// <summary>Runs until cancelled. What goes wrong, such as a passphrase that cannot be read, is logged and tried again: deliveries go on meanwhile.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Repeating.RunAsync(
        async token =>
        {
            await TurnAsync(token).ConfigureAwait(false);
            await Task.Delay(LookInterval, clock, token).ConfigureAwait(false);
        },
        failure => LogNotRotated(failure is SettingsException or IOException or UnauthorizedAccessException ? failure.Message : failure.GetType().Name),
        LookInterval,
        clock,
        cancellationToken);

    /// <summary>Learns what other nodes know, destroys keys whose captures have all expired, and takes the next step of a rotation that is due.</summary>
    public async Task TurnAsync(CancellationToken cancellationToken)
    {
        var others = await exchange.LearnAsync(cancellationToken).ConfigureAwait(false);
        var now = clock.GetUtcNow();
        if (store.Ring.Keys.Any(key => key.DestroyedAfter(rotation.CaptureAgeMax) <= now)) await ChangeAsync(ring => ring.DestroyExpired(now, rotation), cancellationToken).ConfigureAwait(false);
        if (!leads()) return;
        var candidate = Candidate;
        if (candidate is null && !store.Ring.IsRotationDue(now, rotation)) return;
        if (candidate is { } made && others.AllHold(made)) await ChangeAsync(ring => ring.Introduce(made, now), cancellationToken).ConfigureAwait(false);
        else if (candidate is { } waiting) LogNotPublished(waiting);
        else if (others is { IsComplete: true, Held: [] }) await ChangeAsync(ring => ring.Rotate(now, rotation), cancellationToken).ConfigureAwait(false);
        else await ChangeAsync(ring => ring.Create(now), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Makes a new key now, whether or not one is due. A node alone publishes it at once; in a cluster the node that turns the keys publishes it as soon as every living node holds it.
    /// </summary>
    public async Task<KeyRingChange> RotateAsync(CancellationToken cancellationToken)
    {
        var others = await exchange.LearnAsync(cancellationToken).ConfigureAwait(false);
        var now = clock.GetUtcNow();
        return await ChangeAsync(ring => others is { IsComplete: true, Held: [] } ? ring.Rotate(now, rotation) : ring.Create(now), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A key that was made and is not published yet; null if there is none.</summary>
    public KeyId? Candidate => store.Ring.Keys.LastOrDefault(key => key.PublishedFrom is null && key.RetiresAt is null)?.Id;

    private async Task<KeyRingChange> ChangeAsync(Func<KeyRing, KeyRingChange> make, CancellationToken cancellationToken)
    {
        using var secret = await passphrase(cancellationToken).ConfigureAwait(false);
        var change = await secret.WithUtf8Async(bytes => store.ChangeAsync(bytes, make, cancellationToken)).ConfigureAwait(false);
        if (change.IsDone) LogRotated(store.Ring.Revision, store.Ring.Keys.Length, store.Ring.DestroyedKeys.Length);
        else LogNotRotated($"{change.Refusal}");
        return change;
    }

    [LoggerMessage(4201, LogLevel.Information, "The key ring has revision {Revision}: {Keys} keys, {Destroyed} destroyed.")]
    private partial void LogRotated(ulong revision, int keys, int destroyed);

    [LoggerMessage(4202, LogLevel.Error, "The key ring could not be rotated: {Reason}")]
    private partial void LogNotRotated(string reason);

    [LoggerMessage(4203, LogLevel.Information, "The new key {Key} is not published yet: not every living node is known to hold it. Until then the former key is used.")]
    private partial void LogNotPublished(KeyId key);
}
