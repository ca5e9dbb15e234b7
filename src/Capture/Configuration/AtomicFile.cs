using PasswordSync.Capture.Spool;

namespace PasswordSync.Capture.Configuration;

/// <summary>Replaces a file whole, so that a reader, or the next start after a crash, finds the old one or the new one.</summary>
internal static class AtomicFile
{
    /// <exception cref="IOException">The disk refuses; the old file is as it was.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not ours.</exception>
    public static async Task WriteAsync(string path, ReadOnlyMemory<byte> content, UnixFileMode mode, CancellationToken cancellationToken)
    {
        var whole = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(whole)!;
        var unfinished = whole + ".new";
        var creation = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) creation.UnixCreateMode = mode;
        await using (var file = new FileStream(unfinished, creation))
        {
            await file.WriteAsync(content, cancellationToken);
            file.Flush(flushToDisk: true);
        }

        File.Move(unfinished, whole, overwrite: true);
        FolderFlush.Flush(folder);
    }
}
