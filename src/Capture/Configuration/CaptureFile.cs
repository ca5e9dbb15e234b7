using System.Globalization;
using System.Text;
using PasswordSync.Core.Intake;
using PasswordSync.Sealing.Keys;

namespace PasswordSync.Capture.Configuration;

/// <summary>What the capturing process needs besides the key: docs/spec/handover.md, "Capture file".</summary>
/// <param name="Path">The file.</param>
/// <param name="DomainController">The DC's DNS host name, in lower case.</param>
/// <param name="Socket">The edge's socket or pipe.</param>
/// <param name="DropFolder">The drop folder.</param>
/// <param name="Wait">How long delivery may take before the capture is dropped as a file: 1 ms to 5 s.</param>
/// <param name="MinimumLength">Samba's helper only: the complexity rule's least number of characters, 0 to 128.</param>
/// <param name="HasComplexityRule">Samba's helper only: whether it applies the rule.</param>
public sealed record CaptureFileSettings(
    string Path, string DomainController, string Socket, string DropFolder, TimeSpan Wait, int MinimumLength, bool HasComplexityRule);

/// <summary>Writes the capture file whenever the key to seal to changes.</summary>
public sealed class CaptureFile(CaptureFileSettings settings, TimeProvider time)
{
    /// <summary>The most bytes that the capturing process reads.</summary>
    public const int LengthMax = 8_192;

    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Brings the file in line with a configuration; nothing is written if it says so already.</summary>
    /// <returns>False if the configuration has no key that can be sealed to now: then the file stays as it is.</returns>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not ours.</exception>
    public async Task<bool> WriteAsync(EdgeConfiguration configuration, CancellationToken cancellationToken)
    {
        if (Newest(configuration, time.GetUtcNow()) is not { } key) return false;
        var content = Encoding.UTF8.GetBytes(TextOf(configuration, key));
        if (content.Length > LengthMax) throw new IOException($"The capture file would have {content.Length} bytes; the capturing process reads {LengthMax}. Choose shorter paths.");
        if (!await IsAsync(content, cancellationToken)) await AtomicFile.WriteAsync(settings.Path, content, Mode, cancellationToken);
        return true;
    }

    private static PublicSealingKey? Newest(EdgeConfiguration configuration, DateTimeOffset now)
    {
        foreach (var key in configuration.SealingKeys.Where(key => key.NotAfter > now).OrderByDescending(key => key.NotAfter))
        {
            if (PublicSealingKey.TryParse(key.PublicKey, out var parsed)) return parsed;
        }

        return null;
    }

    private string TextOf(EdgeConfiguration configuration, PublicSealingKey key) => string.Create(CultureInfo.InvariantCulture, $"""
        passwordsync-capture 1
        cluster {configuration.Cluster}
        source {configuration.Source}
        dc {settings.DomainController}
        key {key}
        socket {settings.Socket}
        drop {settings.DropFolder}
        wait-ms {(int)settings.Wait.TotalMilliseconds}
        min-length {settings.MinimumLength}
        complexity {(settings.HasComplexityRule ? "on" : "off")}

        """).ReplaceLineEndings("\n");

    private async Task<bool> IsAsync(byte[] content, CancellationToken cancellationToken) =>
        File.Exists(settings.Path) && (await File.ReadAllBytesAsync(settings.Path, cancellationToken)).AsSpan().SequenceEqual(content);
}
