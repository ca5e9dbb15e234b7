using System.Globalization;

namespace PasswordSync.Journal.Sqlite.Engine;

/// <summary>
/// The right of one process to use a database: a lock of the operating system on a file beside it, which ends with the process however that ends. A
/// second file says who has it, since nobody can read a locked one on every system.
/// </summary>
internal sealed class ExclusiveUse : IDisposable
{
    private readonly FileStream held;

    private ExclusiveUse(FileStream held) => this.held = held;

    /// <exception cref="StoreRefusedException">Another process has it, whom the message names, or the folder does not allow it.</exception>
    public static ExclusiveUse Take(string path, string nodeName, DateTimeOffset now)
    {
        FileStream held;
        try
        {
            held = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (DirectoryNotFoundException trouble)
        {
            throw new StoreRefusedException(StoreRefusal.BadOption, $"The folder of the database {path} does not exist: make it, or name another path.", trouble);
        }
        catch (IOException trouble) when (IsHeldByAnother(trouble))
        {
            throw new StoreRefusedException(
                StoreRefusal.InUse, $"The database {path} is in use by {OwnerOf(path)}. One process at a time may use it: end that one, or give this one another path.", trouble);
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException)
        {
            throw new StoreRefusedException(
                StoreRefusal.NoAccess, $"The file {path}.lock cannot be opened: {trouble.Message} Give this process the right to write in the folder of the database.", trouble);
        }

        TellOwner(path, nodeName, now);
        return new ExclusiveUse(held);
    }

    public void Dispose() => held.Dispose();

    // Sharing and lock violation of Windows; EAGAIN of Linux and EAGAIN of macOS, which is what flock gives there.
    private static bool IsHeldByAnother(IOException trouble) =>
        OperatingSystem.IsWindows() ? (trouble.HResult & 0xFFFF) is 32 or 33 : trouble.HResult is 11 or 35;

    private static void TellOwner(string path, string nodeName, DateTimeOffset now)
    {
        try
        {
            File.WriteAllText(
                path + ".owner",
                string.Create(CultureInfo.InvariantCulture, $"node '{nodeName}' (process {Environment.ProcessId} on {Environment.MachineName}, since {now:yyyy-MM-dd HH:mm:ss'Z'})"));
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException)
        {
            // It is only for people; the lock is what counts. A full disk is told of by the database.
        }
    }

    private static string OwnerOf(string path)
    {
        try
        {
            return File.ReadAllText(path + ".owner");
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException)
        {
            return "another process";
        }
    }
}
