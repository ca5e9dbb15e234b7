using System.Diagnostics;
using System.Runtime.Versioning;
using PasswordSync.Native.Tests.Running;

namespace PasswordSync.Native.Tests.Windows.Wine;

/// <summary>
/// Starts Windows programs whose first act is the line "started" (native/Filter/tests/windows/start.h). On a machine under load Wine now and then brings a
/// new program not as far as that line; then nothing of ours has run yet, and the start is tried again. A silence after the line is never forgiven here.
/// </summary>
[SupportedOSPlatform("linux")]
internal static class WineStart
{
    private const string FirstLine = "started";

    private const int AttemptsMax = 4;

    private static readonly TimeSpan FirstLineMax = TimeSpan.FromSeconds(60);

    /// <summary>Starts one of our programs; gives it behind its first line.</summary>
    /// <exception cref="TimeoutException">Wine brought no attempt as far as the first line.</exception>
    public static async Task<Process> StartAsync(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? more = null)
    {
        string[] command = [.. arguments];
        for (var attempt = 1; attempt <= AttemptsMax; attempt++)
        {
            var process = WineMachine.Start(program, command, more);
            var failure = await WaitForFirstLineAsync(process);
            if (failure is null) return process;
            TestContext.Current.TestOutputHelper?.WriteLine($"Wine did not start {program} (attempt {attempt} of {AttemptsMax}): {failure}");
            await EndAsync(process);
        }

        throw new TimeoutException($"Wine did not start {program} in {AttemptsMax} attempts.");
    }

    /// <summary>Runs a program that is not ours, such as reg, to its end. Only its start is tried again, never its work.</summary>
    public static async Task<ProcessEnd> RunAsync(string program, IEnumerable<string> arguments)
    {
        using var process = await StartAsync(WineMachine.TestProgram("begun.exe"), [program, .. arguments]);
        return await ProcessRun.FinishAsync(process, default, TestContext.Current.CancellationToken);
    }

    /// <summary>Null when the line came, else what came in its place.</summary>
    private static async Task<string?> WaitForFirstLineAsync(Process process)
    {
        try
        {
            var line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(FirstLineMax, TestContext.Current.CancellationToken);
            return line == FirstLine ? null : $"its first line is \"{line}\"";
        }
        catch (TimeoutException)
        {
            return $"no line within {FirstLineMax.TotalSeconds} s";
        }
    }

    /// <summary>Ends the program, and Wine with it if no other test program runs under it.</summary>
    private static async Task EndAsync(Process process)
    {
        process.Kill(entireProcessTree: true);
        process.Dispose();
        if (!LineProcess.AnyAlive) await WineMachine.RestartAsync();
    }
}
