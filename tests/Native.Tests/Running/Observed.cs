using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace PasswordSync.Native.Tests.Running;

/// <summary>What the kernel tells of another process: there is no other signal to wait for.</summary>
[SupportedOSPlatform("linux")]
internal static class Observed
{
    /// <summary>Signals of signal(7).</summary>
    public const int Abort = 6, SegmentationFault = 11, Alarm = 14;

    private const int Stop = 19;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan WaitMax = TimeSpan.FromMinutes(2);

    /// <summary>Looks again and again until the condition holds.</summary>
    /// <exception cref="TimeoutException">It did not hold within 2 minutes.</exception>
    public static async Task UntilAsync(Func<bool> condition)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(start) > WaitMax) throw new TimeoutException("What was waited for did not happen.");
            await Task.Delay(Pause, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Whether the helper is in its pause between two attempts to connect: the only place where it sleeps.</summary>
    public static bool SleepsBetweenAttempts(int process) => File.ReadAllText($"/proc/{process}/wchan").Contains("nanosleep", StringComparison.Ordinal);

    /// <summary>Sends a signal to a process (kill(2)).</summary>
    public static void Send(int process, int signal) => SendSignal(process, signal).ShouldBe(0);

    /// <summary>Stops a process where it is, so that it can be looked at however long that takes: it does not come to the end of a wait meanwhile.</summary>
    public static async Task HoldStillAsync(int process)
    {
        Send(process, Stop);
        await UntilAsync(() => Status(process, "State").StartsWith('T'));
    }

    /// <summary>A value of /proc/PID/status.</summary>
    public static string Status(int process, string name) =>
        File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith(name + ":", StringComparison.Ordinal))[(name.Length + 1)..].Trim();

    /// <summary>How often the bytes stand in the process's memory.</summary>
    public static async Task<int> CountInMemoryAsync(int process, ReadOnlyMemory<byte> sought)
    {
        var count = 0;
        await using var memory = new FileStream($"/proc/{process}/mem", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        foreach (var line in await File.ReadAllLinesAsync($"/proc/{process}/maps", TestContext.Current.CancellationToken))
        {
            var fields = line.Split(' ', 6);
            if (!fields[1].StartsWith('r') || fields[^1].Contains("[v", StringComparison.Ordinal)) continue;
            var bounds = fields[0].Split('-');
            var first = long.Parse(bounds[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            var content = new byte[long.Parse(bounds[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture) - first];
            memory.Seek(first, SeekOrigin.Begin);
            await memory.ReadExactlyAsync(content, TestContext.Current.CancellationToken);
            count += content.AsSpan().Count(sought.Span);
        }

        return count;
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int process, int signal);
}
