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

    /// <exception cref="StoreRefusedException">Another process has it; the message names it.</exception>
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
        catch (IOException trouble)
        {
            throw new StoreRefusedException(StoreRefusal.InUse, $"The database {path} is in use by {OwnerOf(path)}. One process at a time may use it: end that one, or give this one another path.", trouble);
        }

        File.WriteAllText(
            path + ".owner",
            string.Create(CultureInfo.InvariantCulture, $"node '{nodeName}' (process {Environment.ProcessId} on {Environment.MachineName}, since {now:yyyy-MM-dd HH:mm:ss'Z'})"));
        return new ExclusiveUse(held);
    }

    public void Dispose() => held.Dispose();

    private static string OwnerOf(string path)
    {
        try
        {
            return File.ReadAllText(path + ".owner");
        }
        catch (IOException)
        {
            return "another process";
        }
    }
}
