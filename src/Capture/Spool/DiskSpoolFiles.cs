using Microsoft.Win32.SafeHandles;

namespace PasswordSync.Capture.Spool;

/// <summary>A folder on a disk, made if it is not there, for the edge's account alone.</summary>
public sealed class DiskSpoolFiles : ISpoolFiles
{
    /// <summary>Where damaged bytes are kept, below the folder.</summary>
    public const string DamagedFolder = "damaged";

    private readonly string folder;

    public DiskSpoolFiles(string folder)
    {
        this.folder = Path.GetFullPath(folder);
        CreatePrivateFolder(this.folder);
    }

    public IReadOnlyList<string> List() => [.. Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path))];

    public ISpoolFile Create(string name) => new DiskSpoolFile(File.OpenHandle(
        Path.Combine(folder, name), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete));

    public ISpoolFile Open(string name) => new DiskSpoolFile(File.OpenHandle(
        Path.Combine(folder, name), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete));

    public void Delete(string name) => File.Delete(Path.Combine(folder, name));

    public void FlushFolder() => FolderFlush.Flush(folder);

    public void SetAside(string name, ReadOnlySpan<byte> bytes)
    {
        var damaged = Path.Combine(folder, DamagedFolder);
        CreatePrivateFolder(damaged);
        File.WriteAllBytes(Path.Combine(damaged, name), bytes);
    }

    private static void CreatePrivateFolder(string path)
    {
        // On Windows the installer gives the parent folder its access list, which new folders inherit.
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private sealed class DiskSpoolFile(SafeFileHandle handle) : ISpoolFile
    {
        public long Length => RandomAccess.GetLength(handle);

        public void Write(long offset, ReadOnlySpan<byte> bytes) => RandomAccess.Write(handle, bytes, offset);

        public int Read(long offset, Span<byte> buffer)
        {
            var total = 0;
            while (total < buffer.Length)
            {
                var read = RandomAccess.Read(handle, buffer[total..], offset + total);
                if (read == 0) break;
                total += read;
            }

            return total;
        }

        public void Flush() => RandomAccess.FlushToDisk(handle);

        public void Dispose() => handle.Dispose();
    }
}
