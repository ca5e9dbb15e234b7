using System.Globalization;
using PasswordSync.Lab;
using PasswordSync.Lab.Product;
using Shouldly;

namespace PasswordSync.Chaos.Cluster;

/// <summary>
/// The time of day as one process sees it, set apart from the machine's, also while the process runs. By a small library of our own: of faketime's (0.9.10, Debian 12) all waits by the clock
/// of elapsed time end at once where that clock is left alone, and where it is faked too, it jumps with the other.
/// </summary>
internal sealed class SkewedClock
{
    private const string Compiler = "/usr/bin/gcc";

    private static readonly string Source = Path.Combine(ProductBuild.Root, "tests/Chaos/Cluster/clock_skew.c");

    private readonly string library;
    private readonly string file;

    private SkewedClock(string library, string file)
    {
        this.library = library;
        this.file = file;
    }

    /// <summary>What the process needs in its environment.</summary>
    public Dictionary<string, string> Environment => new() { ["LD_PRELOAD"] = library, ["CLOCK_SKEW_FILE"] = file };

    /// <summary>Makes a clock.</summary>
    /// <param name="folder">Where its files are put.</param>
    /// <param name="name">Whose it is.</param>
    /// <param name="ahead">By how much it is ahead, in whole seconds; negative for behind.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<SkewedClock> MakeAsync(string folder, string name, TimeSpan ahead, CancellationToken cancellationToken)
    {
        var library = Path.Combine(folder, "clock_skew.so");
        if (!File.Exists(library)) (await new ToolRun(Compiler, ["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", library, Source]).RunAsync(cancellationToken)).RequireSuccess();
        var clock = new SkewedClock(library, Path.Combine(folder, $"{name}.skew"));
        clock.Set(ahead);
        return clock;
    }

    /// <summary>Sets it, at once.</summary>
    public void Set(TimeSpan ahead)
    {
        // In place: it is mapped.
        using var stream = new FileStream(file, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        stream.Write(BitConverter.GetBytes((long)ahead.TotalSeconds));
    }

    /// <summary>Checks that a program sees it.</summary>
    public async Task ShouldBeSeenAsync(TimeSpan ahead, CancellationToken cancellationToken)
    {
        var seen = (await new ToolRun("/bin/date", ["+%s"]) { Environment = Environment }.RunAsync(cancellationToken)).RequireSuccess().Output;
        (DateTimeOffset.FromUnixTimeSeconds(long.Parse(seen, CultureInfo.InvariantCulture)) - DateTimeOffset.UtcNow).ShouldBe(ahead, TimeSpan.FromSeconds(60));
    }
}
