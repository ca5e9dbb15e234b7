using System.Runtime.InteropServices;

namespace PasswordSync.Hosting;

/// <summary>
/// The machine's clock, whose elapsed time also counts what the machine was suspended: others went on meanwhile, so a lease or a deadline that is measured must not stand still.
/// .NET's own does so on Windows alone (https://github.com/dotnet/runtime/issues/77945); on Linux it reads CLOCK_MONOTONIC, and this one CLOCK_BOOTTIME, clock_gettime(2).
/// Timers are .NET's own: one that fell due during a suspension comes late, and whoever must not be late compares timestamps as well. Safe from any thread.
/// </summary>
public sealed class MachineClock : TimeProvider
{
    // linux/time.h
    private const int BootTime = 7;

    private const long NanosecondsPerSecond = 1_000_000_000;

    public override long TimestampFrequency => OperatingSystem.IsLinux() ? NanosecondsPerSecond : base.TimestampFrequency;

    /// <exception cref="PlatformNotSupportedException">The kernel has no such clock; it is older than .NET runs on.</exception>
    public override long GetTimestamp()
    {
        if (!OperatingSystem.IsLinux()) return base.GetTimestamp();
        return GetTime(BootTime, out var time) == 0
            ? (time.Seconds * NanosecondsPerSecond) + time.Nanoseconds
            : throw new PlatformNotSupportedException($"The clock of the time since the start of the machine (CLOCK_BOOTTIME) cannot be read: {Marshal.GetLastPInvokeErrorMessage()}.");
    }

    [DllImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetTime(int clock, out TimeSpec time);

    // Two C longs: timespec, wherever .NET runs on 64 bits.
    private readonly record struct TimeSpec(nint Seconds, nint Nanoseconds);
}
