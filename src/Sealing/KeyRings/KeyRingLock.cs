namespace PasswordSync.Sealing.KeyRings;

/// <summary>Keeps two processes from changing one key ring at once: an open file beside it, which the system frees when its owner ends.</summary>
internal static class KeyRingLock
{
    /// <summary>Takes the lock, without waiting; null if another process has it.</summary>
    public static IDisposable? TryTake(string path)
    {
        try
        {
            return new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (exception.GetType() == typeof(IOException))
        {
            // A sharing violation has no type of its own; a missing folder or a refused access has one and is no matter of locking.
            return null;
        }
    }

    public static KeyRingRefusal Refusal(string path) =>
        new(KeyRingRefusalReason.InUse, $"Another process is changing the key ring at {path} now: try again.");
}
