using System.Runtime.Versioning;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Capture.Health;
using PasswordSync.Capture.Spool;
using PasswordSync.Native.Tests.Running;
using PasswordSync.Native.Tests.Windows.Wine;

namespace PasswordSync.Native.Tests.Windows;

/// <summary>The whole way on a Windows DC: the filter in its process, the edge's own pipe, drop folder and spool in theirs, both under Wine.</summary>
[SupportedOSPlatform("linux")]
[Collection(WineMachine.Collection)]
public sealed class FilterToEdgeTests
{
    private const int Changes = 20;

    [Fact]
    public async Task Captures_before_while_and_after_the_edge_runs_are_all_in_its_spool()
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        var spool = Path.Combine(site.Folder, "spool");
        await using var lsass = await LsassDouble.StartAsync(site);
        await ChangeAsync(lsass, "before");
        await lsass.DrainedAsync();
        await using (await EdgePublish.StartAsync(site, spool, WineMachine.ToWindows(WineMachine.TestProgram("lsass_double.exe"))))
        {
            await DeliverOneAsync(lsass);
            await ChangeAsync(lsass, "while");
            (await lsass.DrainedAsync()).Delivered.ShouldBeGreaterThanOrEqualTo(Changes);
        }

        await ChangeAsync(lsass, "after");
        (await lsass.DrainedAsync()).Lost.ShouldBe(0);
        await using (var edge = await EdgePublish.StartAsync(site, spool, clientProgram: null))
        {
            await HoldsAsync(edge, (await lsass.StatusAsync()).Captured);

            // A dropped file goes only when its capture is in the spool.
            await Observed.UntilAsync(() => !site.AnyDropped);
        }

        var held = ReadSpool(spool).Select(site.Open).ToList();
        foreach (var when in (string[])["before", "while", "after"])
        {
            held.Where(capture => capture.Account.StartsWith(when, StringComparison.Ordinal)).Order().ShouldBe(
                Enumerable.Range(0, Changes).Select(index => ($"{when}{index}", LsassDouble.Hex($"Pässword-{when}-{index}"))).Order());
        }
    }

    [Fact]
    public async Task Edge_serves_no_other_program_than_the_one_that_holds_the_filter()
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        var spool = Path.Combine(site.Folder, "spool");
        await using var lsass = await LsassDouble.StartAsync(site);
        await using var edge = await EdgePublish.StartAsync(site, spool, @"C:\windows\system32\lsass.exe");

        await lsass.ChangeAsync("alice", "Password-1");
        var status = await lsass.DrainedAsync();

        (status.Delivered, status.Dropped).ShouldBe((0, 1));
        await HoldsAsync(edge, 1);
    }

    /// <summary>Until the filter has found the edge, which it tries once a second.</summary>
    private static async Task DeliverOneAsync(LsassDouble lsass)
    {
        for (var index = 0; (await lsass.DrainedAsync()).Delivered == 0; index++)
        {
            index.ShouldBeLessThan(1_000, "the edge is there and takes nothing");
            await lsass.ChangeAsync($"found{index}", "Password-1");
        }
    }

    private static async Task ChangeAsync(LsassDouble lsass, string when)
    {
        for (var index = 0; index < Changes; index++) (await lsass.ChangeAsync($"{when}{index}", $"Pässword-{when}-{index}")).Status.ShouldBe(0);
    }

    private static async Task HoldsAsync(LineProcess edge, long count)
    {
        var start = TimeProvider.System.GetTimestamp();
        string answer;
        do
        {
            answer = await edge.AskAsync("");
            TimeProvider.System.GetElapsedTime(start).ShouldBeLessThan(TimeSpan.FromMinutes(3), answer);
        }
        while (answer != $"held {count}");
    }

    private static List<byte[]> ReadSpool(string folder)
    {
        using var spool = CaptureSpool.Open(new DiskSpoolFiles(folder), new SpoolOptions(), new NoAlarms(), TimeProvider.System, NullLogger.Instance);
        return [.. spool.ListHeld().Select(held => spool.Read(held.CaptureId).ShouldNotBeNull())];
    }

    private sealed class NoAlarms : IAlarmSink
    {
        public void Raise(EdgeAlarm alarm) => throw new InvalidOperationException(alarm.Sentence);

        public void Clear<TAlarm>()
            where TAlarm : EdgeAlarm
        {
        }
    }
}
