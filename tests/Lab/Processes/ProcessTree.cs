using System.Globalization;

namespace PasswordSync.Lab;

/// <summary>What /proc tells about processes (proc(5)).</summary>
internal static class ProcessTree
{
    /// <summary>A process id, and when that process started, in clock ticks since the machine did: together unique.</summary>
    public readonly record struct Identity(int ProcessId, long StartTicks);

    /// <summary>All descendants of a process, parents before children.</summary>
    public static IReadOnlyList<int> DescendantsOf(int processId)
    {
        var found = new List<int> { processId };
        for (var next = 0; next < found.Count; next++) found.AddRange(ChildrenOf(found[next]));
        found.RemoveAt(0);
        return found;
    }

    /// <summary>
    /// The children of a process, the oldest first. Only those its main thread forked, which is all of them with the servers of the lab.
    /// </summary>
    public static IReadOnlyList<int> ChildrenOf(int processId) =>
        [.. (ReadOrNull($"/proc/{processId}/task/{processId}/children") ?? "")
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(text => int.Parse(text, CultureInfo.InvariantCulture))];

    /// <summary>The title or command line of a process, its arguments joined by spaces; empty when it is gone.</summary>
    public static string CommandLineOf(int processId) =>
        (ReadOrNull($"/proc/{processId}/cmdline") ?? "").Replace('\0', ' ').TrimEnd();

    /// <summary>Null when there is no such process, or it has ended and was not yet waited for.</summary>
    public static Identity? IdentityOf(int processId)
    {
        var fields = StatusOf(processId);
        return fields is null or ["Z", ..] ? null : new Identity(processId, long.Parse(fields[22 - 3], CultureInfo.InvariantCulture));
    }

    /// <summary>Has the process been suspended (SIGSTOP), and come to a halt?</summary>
    public static bool IsStopped(int processId) => StatusOf(processId) is ["T", ..];

    /// <summary>Has none of its threads anything more to do: each is suspended, or has ended.</summary>
    public static bool StandsStill(int processId)
    {
        try
        {
            return Directory.GetDirectories($"/proc/{processId}/task").All(thread => StateIn($"{thread}/stat") is null or ["T" or "Z" or "X", ..]);
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
    }

    /// <summary>Does the process hold a lock for writing (fcntl, as tdb takes them) on an open file whose path begins so?</summary>
    public static bool HoldsWriteLock(int processId, string pathBeginning)
    {
        foreach (var descriptor in Directory.EnumerateFileSystemEntries($"/proc/{processId}/fd"))
        {
            if (TargetOf(descriptor)?.StartsWith(pathBeginning, StringComparison.Ordinal) != true) continue;
            var information = ReadOrNull($"/proc/{processId}/fdinfo/{Path.GetFileName(descriptor)}") ?? "";
            if (information.Split('\n').Any(line => line.StartsWith("lock:", StringComparison.Ordinal) && line.Contains("WRITE", StringComparison.Ordinal)))
                return true;
        }

        return false;
    }

    // The second field is the program's name in parentheses and may itself hold spaces; what is given begins with field 3, the state; field 22 is the start.
    private static string[]? StatusOf(int processId) => StateIn($"/proc/{processId}/stat");

    private static string[]? StateIn(string file) =>
        ReadOrNull(file) is { } text ? text[(text.LastIndexOf(')') + 2)..].Split(' ') : null;

    private static string? TargetOf(string link)
    {
        try
        {
            return new FileInfo(link).LinkTarget;
        }
        catch (IOException)
        {
            // Closed meanwhile.
            return null;
        }
    }

    private static string? ReadOrNull(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
