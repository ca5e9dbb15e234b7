using System.Runtime.InteropServices;
using System.Text;

namespace PasswordSync.Capture.Spool;

/// <summary>
/// Makes names in a folder outlive a crash. POSIX needs <c>fsync</c> on the folder itself, which the base library cannot open; so three
/// calls of the C library. Windows journals names with the file's own flush.
/// </summary>
internal static class FolderFlush
{
    private const int ReadOnlyFlag = 0;

    /// <exception cref="IOException">The system refuses.</exception>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        var descriptor = Open([.. Encoding.UTF8.GetBytes(folder), 0], ReadOnlyFlag);
        if (descriptor < 0) throw Failure("opened", folder);
        try
        {
            if (Fsync(descriptor) != 0) throw Failure("flushed", folder);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Failure(string what, string folder) =>
        new($"The folder '{folder}' cannot be {what}: {Marshal.GetLastPInvokeErrorMessage()}.");

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Fsync(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
}
