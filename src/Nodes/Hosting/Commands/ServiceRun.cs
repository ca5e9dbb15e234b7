using System.CommandLine;
using System.Runtime.Versioning;
using PasswordSync.Hosting.Windows;

namespace PasswordSync.Hosting.Commands;

/// <summary>Runs a node in the foreground, or as a Windows service.</summary>
public static class ServiceRun
{
    /// <summary>For the <c>run</c> command of a node.</summary>
    public static Option<bool> AsService { get; } = new("--service") { Description = "Windows: runs as a service, started by the service manager." };

    /// <summary>Runs until the end or the wish to stop.</summary>
    /// <param name="asService">Whether the service manager has started this process.</param>
    /// <param name="name">The service's name, and its source in the event log.</param>
    /// <param name="guard">Turns expected failures into a message and an exit code.</param>
    /// <param name="run">The work. Its second argument is the source in Windows' event log to report to; null for none.</param>
    public static Task<int> RunAsync(bool asService, string name, Func<Func<Task<int>>, Task<int>> guard, Func<Termination, string?, Task<int>> run)
    {
        ArgumentNullException.ThrowIfNull(guard);
        ArgumentNullException.ThrowIfNull(run);
        if (asService && OperatingSystem.IsWindows()) return Task.FromResult(RunAsService(name, guard, run));
        return guard(async () =>
        {
            if (asService) throw new IOException("--service is for Windows: elsewhere the service manager runs a node as it is.");
            using var termination = new Termination();
            return await run(termination, null).ConfigureAwait(false);
        });
    }

    [SupportedOSPlatform("windows")]
    private static int RunAsService(string name, Func<Func<Task<int>>, Task<int>> guard, Func<Termination, string?, Task<int>> run) =>
        WindowsService.Run(name, termination => guard(() => WindowsEvents.ReportFailureOfAsync(name, () => run(termination, name))));
}
