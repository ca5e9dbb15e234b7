using System.Globalization;
using PasswordSync.Lab;

namespace PasswordSync.Node.Bench;

/// <summary>The processes of a PostgreSQL server, as Linux shows them.</summary>
internal static class DatabaseProcesses
{
    // Of /proc/PID/stat behind the name of the program, which ends with the last parenthesis: proc(5).
    private const int Parent = 1;
    private const int UserTime = 11;
    private const int SystemTime = 12;
    private const int ChildrenUserTime = 13;
    private const int ChildrenSystemTime = 14;

    private const int TicksPerSecond = 100;

    /// <summary>The processor time that all of them have taken, those that have ended included.</summary>
    public static TimeSpan CpuOf(PostgresServer server)
    {
        var all = Directory.GetDirectories("/proc").Select(folder => Path.GetFileName(folder)).Where(name => name.All(char.IsAsciiDigit)).ToDictionary(name => name, TryRead);
        var alike = all.Where(process => process.Value is not null && IsFirst(process.Key, server)).ToDictionary();
        var first = alike.Single(process => !alike.ContainsKey(process.Value![Parent])).Key;
        var ended = Ticks(all[first]!, ChildrenUserTime) + Ticks(all[first]!, ChildrenSystemTime);
        var living = all.Where(process => process.Value is { } stat && (process.Key == first || stat[Parent] == first)).Sum(process => Ticks(process.Value!, UserTime) + Ticks(process.Value!, SystemTime));
        return TimeSpan.FromSeconds((double)(ended + living) / TicksPerSecond);
    }

    // All others write what they do over their arguments, once they have begun.
    private static bool IsFirst(string process, PostgresServer server) =>
        TryReadText($"/proc/{process}/cmdline") is { } arguments && arguments.Split('\0') is [var program, "-D", var folder, ..] && program.EndsWith("/postgres", StringComparison.Ordinal) && folder == server.DataFolder;

    private static string[]? TryRead(string process) => TryReadText($"/proc/{process}/stat") is { } stat ? stat[(stat.LastIndexOf(')') + 2)..].Split(' ') : null;

    private static string? TryReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return null;
        }
    }

    private static long Ticks(string[] stat, int place) => long.Parse(stat[place], CultureInfo.InvariantCulture);
}
