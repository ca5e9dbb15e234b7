using System.Text.Json;
using PasswordSync.Core.Intake;

namespace PasswordSync.Capture.Configuration;

/// <summary>Keeps the last configuration of the nodes on the edge's disk, so that a start without a node in reach goes on with it. It holds nothing secret.</summary>
public sealed class StoredConfiguration(string path)
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <returns>Null if there is none, or none that can be read: the nodes will give one.</returns>
    public async Task<EdgeConfiguration?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var file = new FileStream(path, new FileStreamOptions { Access = FileAccess.Read, Share = FileShare.Read });
            return file.Length > EdgeConfiguration.BytesMax ? null : await JsonSerializer.DeserializeAsync(file, IntakeJson.Default.EdgeConfiguration, cancellationToken);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not ours.</exception>
    public Task WriteAsync(EdgeConfiguration configuration, CancellationToken cancellationToken) =>
        AtomicFile.WriteAsync(path, JsonSerializer.SerializeToUtf8Bytes(configuration, IntakeJson.Default.EdgeConfiguration), Mode, cancellationToken);
}
