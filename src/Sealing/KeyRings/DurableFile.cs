using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace PasswordSync.Sealing.KeyRings;

/// <summary>
/// Replaces a file whole: whatever happens, the path holds the old or the new content. The old content is overwritten before it is deleted, as far
/// as the file system writes in place; no copy is kept.
/// </summary>
internal static class DurableFile
{
    /// <summary>Reads a file of bounded length; null if there is none. A longer one is cut after the bound and one byte.</summary>
    public static async Task<byte[]?> ReadAsync(string path, int lengthMax, CancellationToken cancellationToken)
    {
        try
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            await using (stream.ConfigureAwait(false))
            {
                var content = new byte[(int)Math.Min(stream.Length, lengthMax + 1L)];
                await stream.ReadExactlyAsync(content, cancellationToken).ConfigureAwait(false);
                return content;
            }
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>
    /// Writes the content beside the path, flushes it, puts it in place, and destroys what was there. Called by one process at a time. Not
    /// cancelled half-way: the token counts until the new content is in place.
    /// </summary>
    public static async Task ReplaceAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        DestroyLeftovers(path);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var stream = new FileStream(New(path), options);
        await using (stream.ConfigureAwait(false))
        {
            await stream.WriteAsync(content, cancellationToken).ConfigureAwait(false);
            stream.Flush(flushToDisk: true);
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (File.Exists(path)) File.Replace(New(path), path, Replaced(path));
        else File.Move(New(path), path);
        FlushName(path);
        DestroyLeftovers(path);
    }

    /// <summary>Destroys what a crash in the middle of <see cref="ReplaceAsync"/> may have left.</summary>
    public static void DestroyLeftovers(string path)
    {
        Destroy(New(path));
        Destroy(Replaced(path));
    }

    private static string New(string path) => path + ".new";

    private static string Replaced(string path) => path + ".replaced";

    private static void Destroy(string path)
    {
        if (!File.Exists(path)) return;
        // Shared with a reader that opened the file before it was replaced: it reads again when it finds noise.
        using (var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            Span<byte> noise = stackalloc byte[4_096];
            RandomNumberGenerator.Fill(noise);
            for (var left = stream.Length; left > 0; left -= noise.Length) stream.Write(noise[..(int)Math.Min(left, noise.Length)]);
            stream.Flush(flushToDisk: true);
        }

        File.Delete(path);
    }

    /// <summary>
    /// Makes the rename itself last through a loss of power. Windows: flushing the renamed file writes the log of its volume, in which the
    /// rename comes first. Unix: the folder is what was changed.
    /// </summary>
    private static void FlushName(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
            stream.Flush(flushToDisk: true);
            return;
        }

        var folder = OpenUnixFolder(Path.GetDirectoryName(Path.GetFullPath(path))!, flags: 0);
        if (folder < 0) throw new IOException($"The folder of {path} cannot be opened to flush it: error {Marshal.GetLastPInvokeError()}.");
        try
        {
            if (FlushUnixFolder(folder) != 0) throw new IOException($"The folder of {path} cannot be flushed: error {Marshal.GetLastPInvokeError()}.");
        }
        finally
        {
            _ = CloseUnixFolder(folder);
        }
    }

    // The base library opens files only: a folder needs the system's own calls. O_RDONLY is 0 on every Unix.
    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int OpenUnixFolder([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FlushUnixFolder(int folder);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int CloseUnixFolder(int folder);
}
