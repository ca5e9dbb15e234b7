using System.Runtime.InteropServices;

namespace PasswordSync.Lab;

internal static partial class Fifo
{
    private const uint OwnerReadsAndWrites = 0x180;

    /// <summary>Makes a named pipe that its owner can read and write (mkfifo(3)), in the place of an older one.</summary>
    public static void Make(string path)
    {
        File.Delete(path);
        if (MakeFifo(path, OwnerReadsAndWrites) != 0)
            throw new LabEnvironmentException($"Cannot make the pipe '{path}': error {Marshal.GetLastPInvokeError()}.");
    }

    /// <summary>Writes an empty line. Opened for reading too, so that it never waits for a reader that is gone.</summary>
    public static async Task WriteLineAsync(string path, CancellationToken cancellationToken)
    {
        await using var pipe = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        await pipe.WriteAsync("\n"u8.ToArray(), cancellationToken);
    }

    [LibraryImport("libc", EntryPoint = "mkfifo", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeFifo(string path, uint mode);
}
