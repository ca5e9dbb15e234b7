using Microsoft.Extensions.Logging;
using PasswordSync.Core.Intake;

namespace PasswordSync.Capture.Configuration;

/// <summary>
/// Takes what the nodes tell over: the scopes, and the key to seal to. Neither waits for the other: with an old key captures are lost for good once the nodes have destroyed
/// it, while with old scopes, or none, they only wait.
/// </summary>
/// <param name="apply">Puts the scopes in force, and tells whether they can be.</param>
/// <param name="captureFile">Where the capturing process reads the key.</param>
/// <param name="stored">Keeps what is in force for the next start.</param>
/// <param name="logger">For what was taken.</param>
public sealed partial class ConfigurationChange(Func<EdgeConfiguration, bool> apply, CaptureFile captureFile, StoredConfiguration stored, ILogger<ConfigurationChange> logger)
{
    /// <summary>Takes one configuration over; the same one again does no harm.</summary>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder is not ours.</exception>
    public async ValueTask TakeAsync(EdgeConfiguration told, CancellationToken cancellationToken)
    {
        var isInForce = apply(told);
        if (!await captureFile.WriteAsync(told, cancellationToken)) LogNoKey();
        if (!isInForce) return;
        await stored.WriteAsync(told, cancellationToken);
        LogConfigured(told.Version, told.Scopes.Length, told.SealingKeys.Length);
    }

    [LoggerMessage(2703, LogLevel.Error, "The nodes publish no key that can be sealed to now: the capture file stays as it is. Look at the nodes' key ring.")]
    private partial void LogNoKey();

    [LoggerMessage(2702, LogLevel.Debug, "Configuration version {Version}: {Scopes} scopes, {Keys} keys.")]
    private partial void LogConfigured(long version, int scopes, int keys);
}
