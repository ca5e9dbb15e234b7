using System.Globalization;
using System.Runtime.Versioning;
using PasswordSync.Native.Tests.Windows.Wine;

namespace PasswordSync.Native.Tests.Windows;

/// <summary>
/// Takes the figures of bench/Filter: how long a call of the filter holds LSA's thread with the default wait of 25 ms. They are written down, not judged; what
/// is judged is that nothing was lost meanwhile.
/// </summary>
[SupportedOSPlatform("linux")]
[Collection(WineMachine.Collection)]
public sealed class FilterWaitFigures
{
    /// <summary>Names the file that gets a line of figures for each condition.</summary>
    private const string FileVariable = "PASSWORDSYNC_FIGURES";

    private const int Changes = 200;

    /// <summary>After each miss the edge is tried again only a second later, and the changes until then are not waited for.</summary>
    private const int MissesOfFaint = 20;
    private const int ChangesOfFaintMax = 20_000;

    private static readonly TimeSpan DefaultWait = TimeSpan.FromMilliseconds(25);

    [Theory]
    [InlineData("no wait (registry value 0), no edge", null, null, 0)]
    [InlineData("edge takes", "take", null, null)]
    [InlineData("edge absent", null, null, null)]
    [InlineData("edge hung: reads, never answers", "hang", null, null)]
    [InlineData("edge hung: does not read", "deaf", null, null)]
    [InlineData("edge slow: answers after 1 s", "slow:1000", null, null)]
    [InlineData("edge drops the connection", "drop", null, null)]
    [InlineData("edge hangs at every second frame", "faint", null, null)]
    [InlineData("edge absent, a flush takes 100 ms", null, "100", null)]
    [InlineData("edge absent, disk full", null, "full", null)]
    public async Task Nothing_is_lost_while_the_calls_are_timed(string condition, string? mode, string? disk, int? wait)
    {
        var file = Environment.GetEnvironmentVariable(FileVariable);
        Assert.SkipWhen(string.IsNullOrEmpty(file), "Figures are taken by bench/Filter/run.sh.");
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        site.WriteCaptureFile(("wait-ms", "200"));
        await using var edge = mode is null ? null : await EdgeOnPipe.StartAsync(site, mode);
        await using var lsass = await LsassDouble.StartAsync(site, registry: ("WaitMilliseconds", wait));
        if (disk is not null) await File.WriteAllTextAsync(site.DiskFile, disk, TestContext.Current.CancellationToken);
        List<double> calls = [], oversleeps = [];

        while (calls.Count < (mode == "faint" ? ChangesOfFaintMax : Changes) && (mode != "faint" || (await lsass.DrainedAsync()).Misses < MissesOfFaint))
        {
            calls.Add((await lsass.ChangeAsync($"user{calls.Count}", "Password-1")).Elapsed.TotalMilliseconds);
            oversleeps.Add((await lsass.OversleepAsync(DefaultWait)).TotalMilliseconds);
        }

        File.Delete(site.DiskFile);
        var status = await lsass.DrainedAsync();
        (status.Lost, status.Delivered + status.Dropped).ShouldBe((0, calls.Count));
        site.Dropped.Concat(site.Taken).Select(site.Open).Distinct().Count().ShouldBe(calls.Count);
        await File.AppendAllTextAsync(
            file, string.Create(CultureInfo.InvariantCulture, $"| {condition} | {Median(calls):0.0} | {calls.Max():0.0} | {Median(oversleeps):0.0} | {oversleeps.Max():0.0} | {status.Waits} | {status.Misses} |\n"),
            TestContext.Current.CancellationToken);
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
