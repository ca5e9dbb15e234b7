using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace PasswordSync.Providers.Processes;

/// <summary>
/// A program that this node started, with a clean environment and, on Linux, in a session of its own, so that it ends with all it started. Disposing kills what
/// still runs.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    private const int SigKill = 9;

    /// <summary>Part of util-linux, which every distribution has. It does not fork when it is not the leader of a group, so the process id is the program's.</summary>
    private const string SessionStarter = "/usr/bin/setsid";

    private readonly Process process;
    private readonly bool hasOwnSession;

    private ChildProcess(Process process, bool hasOwnSession)
    {
        this.process = process;
        this.hasOwnSession = hasOwnSession;
    }

    public int Id => process.Id;

    public Stream Input => process.StandardInput.BaseStream;

    public Stream Output => process.StandardOutput.BaseStream;

    public Stream Error => process.StandardError.BaseStream;

    /// <summary>The exit code; only after <see cref="WhenExitedAsync"/>.</summary>
    public int ExitCode => process.ExitCode;

    /// <summary>Starts a program. Arguments can be seen by everybody on the machine: nothing secret belongs there.</summary>
    /// <param name="file">The program's absolute path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">What the environment has beside the little that programs cannot do without.</param>
    /// <exception cref="Win32Exception">It cannot be started.</exception>
    public static ChildProcess Start(string file, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var hasOwnSession = OperatingSystem.IsLinux() && File.Exists(SessionStarter);
        var start = new ProcessStartInfo(hasOwnSession ? SessionStarter : file)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
            WorkingDirectory = Path.GetDirectoryName(file),
        };
        if (hasOwnSession) start.ArgumentList.Add(file);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        CleanEnvironment(start.Environment);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        return new ChildProcess(Process.Start(start) ?? throw new Win32Exception($"{file} was not started."), hasOwnSession);
    }

    /// <summary>Ends when the program has ended; what it started may still run.</summary>
    public Task WhenExitedAsync(CancellationToken cancellationToken) => process.WaitForExitAsync(cancellationToken);

    /// <summary>Kills the program and all it started. A process that left the session on purpose (a daemon) is not reached once its parent is gone.</summary>
    public void Kill()
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has ended already.
        }

        if (hasOwnSession) _ = KillProcess(-process.Id, SigKill);
    }

    public void Dispose()
    {
        Kill();
        process.Dispose();
    }

    /// <summary>The node's own environment may hold secrets (<c>env:</c> references), and variables that change what a program loads.</summary>
    private static void CleanEnvironment(IDictionary<string, string?> environment)
    {
        string[] kept = OperatingSystem.IsWindows() ? ["SystemRoot", "SystemDrive", "PATH", "PATHEXT", "COMSPEC", "TEMP", "TMP", "ProgramFiles", "ProgramData"] : ["TMPDIR", "DOTNET_ROOT"];
        foreach (var name in environment.Keys.Except(kept, StringComparer.OrdinalIgnoreCase).ToList()) environment.Remove(name);
        if (OperatingSystem.IsWindows()) return;
        environment["PATH"] = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";
        environment["LANG"] = "C.UTF-8";
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int KillProcess(int processId, int signal);
}
