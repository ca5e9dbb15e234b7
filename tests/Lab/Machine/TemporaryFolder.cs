namespace PasswordSync.Lab;

/// <summary>
/// A folder with a short path, removed when it is disposed. Folders of processes that died are removed by the next process that
/// makes one. Set <c>PASSWORDSYNC_LAB_KEEP=1</c> to keep them all, for a look at the logs.
/// </summary>
public sealed class TemporaryFolder : IDisposable
{
    private const int AttemptsMax = 20;
    private static readonly Lazy<bool> Swept = new(Sweep);
    private readonly FileStream _ownerLock;

    private TemporaryFolder(string path, FileStream ownerLock)
    {
        FullPath = path;
        _ownerLock = ownerLock;
    }

    public string FullPath { get; }

    private static string Home => Path.Combine(LabMachine.RootFolder, "run");

    private static bool Keep => Environment.GetEnvironmentVariable("PASSWORDSYNC_LAB_KEEP") == "1";

    /// <summary>Makes a new, empty folder that only its owner can read.</summary>
    /// <param name="purpose">A short word for whoever looks at the folder: letters and digits.</param>
    public static TemporaryFolder Create(string purpose)
    {
        Directory.CreateDirectory(Home);
        _ = Swept.Value;
        for (var attempt = 1; ; attempt++)
        {
            var path = Path.Combine(Home, $"{purpose}-{Path.GetRandomFileName()[..6]}");
            try
            {
                var ownerLock = new FileStream(LockOf(path), FileMode.CreateNew, FileAccess.Write, FileShare.None);
                if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
                else Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                return new TemporaryFolder(path, ownerLock);
            }
            catch (IOException) when (attempt < AttemptsMax)
            {
                // The name is taken, or another process's sweep looked at the lock in the instant of its making: another name.
            }
        }
    }

    public string PathOf(string name) => Path.Combine(FullPath, name);

    public void Dispose()
    {
        if (!Keep) Remove(FullPath);
        _ownerLock.Dispose();
        if (!Keep) File.Delete(LockOf(FullPath));
    }

    private static string LockOf(string path) => path + ".lock";

    private static bool Sweep()
    {
        if (Keep) return false;
        foreach (var lockFile in Directory.EnumerateFiles(Home, "*.lock"))
        {
            try
            {
                using var abandoned = new FileStream(lockFile, FileMode.Open, FileAccess.Write, FileShare.None);
                Remove(lockFile[..^".lock".Length]);
                File.Delete(lockFile);
            }
            catch (IOException)
            {
                // Its owner lives, or another sweep has it.
            }
        }

        return true;
    }

    private static void Remove(string path)
    {
        try
        {
            if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        }
        catch (IOException)
        {
            // A server that is just stopping still writes there; the next sweep takes what remains.
        }
    }
}
