using System.Diagnostics;
using System.Globalization;

namespace PasswordSync.Node.Bench;

/// <summary>Holds a process to a share of one processor by a control group of its own (version 1 of the kernel's interface: cpu.cfs_quota_us). Needs root.</summary>
internal sealed class CpuShare : IDisposable
{
    private const string Root = "/sys/fs/cgroup/cpu";
    private const int PeriodMicroseconds = 10_000;

    private readonly string folder;

    private CpuShare(string folder) => this.folder = folder;

    /// <summary>Whether this machine has what it takes.</summary>
    public static bool IsPossible => File.Exists(Path.Combine(Root, "cpu.cfs_quota_us")) || Directory.Exists(Root) && File.Exists(Path.Combine(Root, "cgroup.procs"));

    public static CpuShare Hold(Process process, double share)
    {
        var group = Directory.CreateDirectory(Path.Combine(Root, $"passwordsync-bench-{process.Id}")).FullName;
        Write(group, "cpu.cfs_period_us", PeriodMicroseconds);
        Write(group, "cpu.cfs_quota_us", (long)(PeriodMicroseconds * share));
        Write(group, "cgroup.procs", process.Id);
        return new CpuShare(group);
    }

    /// <summary>Lets the process go on without bounds.</summary>
    public void Dispose()
    {
        foreach (var process in File.ReadAllLines(Path.Combine(folder, "cgroup.procs"))) File.WriteAllText(Path.Combine(Root, "cgroup.procs"), process);
        Directory.Delete(folder);
    }

    private static void Write(string group, string file, long value) => File.WriteAllText(Path.Combine(group, file), value.ToString(CultureInfo.InvariantCulture));
}
