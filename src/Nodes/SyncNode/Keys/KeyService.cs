using PasswordSync.Actors;
using PasswordSync.Core.Intake;
using PasswordSync.Core.Secrets;
using PasswordSync.Hosting.Settings;
using PasswordSync.Sealing.KeyRings;

namespace PasswordSync.SyncNode.Keys;

/// <summary>Keeps the envelope keys turning: makes a new one when it is due, retires the old, destroys what no capture can need any more.</summary>
public sealed partial class KeyService(KeyRingStore store, Func<CancellationToken, ValueTask<Secret>> passphrase, KeyRotation rotation, TimeProvider clock, ILogger<KeyService> logger)
{
    /// <summary>How often it is looked whether something is due.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(30);

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

    /// <summary>Rotates if it is due, and destroys keys whose captures have all expired.</summary>
    public async Task TurnAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var rotate = store.Ring.IsRotationDue(now, rotation);
        if (!rotate && !store.Ring.Keys.Any(key => key.DestroyedAfter(rotation.CaptureAgeMax) <= now)) return;
        using var secret = await passphrase(cancellationToken).ConfigureAwait(false);
        var change = await secret.WithUtf8Async(bytes => store.ChangeAsync(bytes, ring => rotate ? ring.Rotate(now, rotation) : ring.DestroyExpired(now, rotation), cancellationToken)).ConfigureAwait(false);
        if (change.IsDone) LogRotated(store.Ring.Revision, store.Ring.Keys.Length, store.Ring.DestroyedKeys.Length);
        else LogNotRotated($"{change.Refusal}");
    }

    [LoggerMessage(4201, LogLevel.Information, "The key ring has revision {Revision}: {Keys} keys, {Destroyed} destroyed.")]
    private partial void LogRotated(ulong revision, int keys, int destroyed);

    [LoggerMessage(4202, LogLevel.Error, "The key ring could not be rotated: {Reason}")]
    private partial void LogNotRotated(string reason);
}
