namespace PasswordSync.Lab;

/// <summary>What the lab needs of the machine it runs on, checked before a server is started.</summary>
public static class LabMachine
{
    /// <summary>Folders in which tools are looked for, in this order; the caller's own PATH is not used.</summary>
    internal static readonly IReadOnlyList<string> ToolFolders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    /// <summary>Everything the lab keeps on disk while it runs is below this folder.</summary>
    internal static string RootFolder => Path.Combine(Path.GetTempPath(), "passwordsync-lab");

    /// <summary>
    /// Skips the calling test where real servers cannot run by nature (not Linux), and fails it, with the remedy, where they could
    /// but the machine is not prepared: a tool is missing, or the process is not root.
    /// </summary>
    /// <exception cref="LabNotSupportedException">Not Linux; xunit.v3 reports the test as skipped.</exception>
    /// <exception cref="LabEnvironmentException">A tool is missing, or the process is not root.</exception>
    internal static void Require(params ReadOnlySpan<LabTool> tools)
    {
        if (!OperatingSystem.IsLinux())
            throw new LabNotSupportedException("Real servers (Samba, slapd) run on Linux only.");
        if (!Environment.IsPrivilegedProcess)
            throw new LabEnvironmentException("The lab starts servers on ports below 1024 in namespaces of their own: run the tests as root.");
        foreach (var tool in tools) PathOf(tool);
    }

    /// <summary>The full path of a tool.</summary>
    /// <exception cref="LabEnvironmentException">The tool is not installed; the message names its package.</exception>
    internal static string PathOf(LabTool tool)
    {
        foreach (var folder in ToolFolders)
        {
            var path = Path.Combine(folder, tool.Program);
            if (File.Exists(path)) return path;
        }

        throw new LabEnvironmentException(
            $"The tool '{tool.Program}' is missing. It is in the Debian package '{tool.Package}': run ./test.sh, which installs what the tests need, "
            + $"or 'apt-get install --no-install-recommends {tool.Package}'.");
    }
}
