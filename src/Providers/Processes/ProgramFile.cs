using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Processes;

/// <summary>Programs that a configuration names.</summary>
internal static class ProgramFile
{
    /// <summary>Notes at <paramref name="settings"/> what is wrong with the path of a program that a setting has. Looks at no file.</summary>
    /// <returns>The path; empty if it is missing or wrong.</returns>
    public static string Read(SettingsReader settings, string key, NodeAllowList allowList)
    {
        var path = settings.Text(key, "Give the absolute path of a program that this node's allow-list of programs has.");
        if (path.Length == 0) return "";
        if (!Path.IsPathFullyQualified(path)) settings.Reject(key, "Give an absolute path.");
        else if (!allowList.AllowsProgram(path)) settings.Reject(key, "This node's allow-list of programs does not have it: add it there, on the node itself.");
        else return path;
        return "";
    }

    /// <summary>Why a program should not be started now; null if it may be. What everybody may write, everybody could make collect passwords.</summary>
    /// <param name="path">The program or script.</param>
    /// <param name="isExecutable">Whether it is started itself, not read by an interpreter.</param>
    public static string? FaultOf(string path, bool isExecutable)
    {
        if (!File.Exists(path)) return $"{path} does not exist, or the service's account may not see it.";
        if (OperatingSystem.IsWindows()) return null;
        var mode = File.GetUnixFileMode(path);
        if (mode.HasFlag(UnixFileMode.OtherWrite)) return $"{path} can be written by everybody: take that right away (chmod o-w).";
        const UnixFileMode execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        return isExecutable && (mode & execute) == 0 ? $"{path} is not executable (chmod +x)." : null;
    }
}
