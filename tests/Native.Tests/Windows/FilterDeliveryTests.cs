using System.Runtime.Versioning;
using PasswordSync.Native.Tests.Windows.Wine;

namespace PasswordSync.Native.Tests.Windows;

/// <summary>Where envelopes go, whatever the edge and the disk do.</summary>
[SupportedOSPlatform("linux")]
[Collection(WineMachine.Collection)]
public sealed class FilterDeliveryTests
{
    private const int Changes = 12;

    [Fact]
    public async Task Edge_takes_what_it_acknowledges_and_nothing_is_dropped()
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        await using var edge = await EdgeOnPipe.StartAsync(site, "take");
        await using var lsass = await LsassDouble.StartAsync(site);

        await ChangeManyAsync(lsass);

        (await lsass.DrainedAsync()).ShouldSatisfyAllConditions(status => status.Delivered.ShouldBe(Changes), status => status.Lost.ShouldBe(0));
        site.Dropped.ShouldBeEmpty();
        HasAll(site, site.Taken);
    }

    [Theory]
    [InlineData("hang")]
    [InlineData("deaf")]
    [InlineData("drop")]
    [InlineData("refuse")]
    [InlineData("slow:10000")]
    public async Task Whatever_is_not_acknowledged_is_dropped_as_a_file(string mode)
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        site.WriteCaptureFile(("wait-ms", "400"));
        await using var edge = await EdgeOnPipe.StartAsync(site, mode);
        await using var lsass = await LsassDouble.StartAsync(site);

        await ChangeManyAsync(lsass);

        (await lsass.DrainedAsync()).ShouldSatisfyAllConditions(status => status.Dropped.ShouldBe(Changes), status => status.Lost.ShouldBe(0));
        HasAll(site, site.Dropped);
        Directory.EnumerateFiles(site.DropFolder, ".*").ShouldBeEmpty();
    }

    [Fact]
    public async Task Another_program_than_the_edge_gets_nothing()
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        await using var other = await EdgeOnPipe.StartAsync(site, "take");
        await using var lsass = await LsassDouble.StartAsync(site, registry: ("EdgeProgram", @"C:\Program Files\PasswordSync\EdgeNode.exe"));

        await lsass.ChangeAsync("alice", "Password-1");

        (await lsass.DrainedAsync()).ShouldSatisfyAllConditions(status => status.WrongServer.ShouldBe(1), status => status.Dropped.ShouldBe(1));
        site.Taken.ShouldBeEmpty();
    }

    [Fact]
    public async Task Edge_is_known_by_its_program()
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        await using var edge = await EdgeOnPipe.StartAsync(site, "take");
        var program = WineMachine.ToWindows(WineMachine.TestProgram("EDGE_double.exe"));
        await using var lsass = await LsassDouble.StartAsync(site, registry: ("EdgeProgram", program));

        await lsass.ChangeAsync("alice", "Password-1");

        (await lsass.DrainedAsync()).Delivered.ShouldBe(1);
    }

    [Theory]
    [InlineData("200")]
    [InlineData("full")]
    public async Task Slow_or_full_disk_loses_nothing(string disk)
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        await using var lsass = await LsassDouble.StartAsync(site);
        await File.WriteAllTextAsync(site.DiskFile, disk, TestContext.Current.CancellationToken);

        await ChangeManyAsync(lsass);
        if (disk == "full")
        {
            (await lsass.UntilAsync(status => status.Stuck > 0)).Dropped.ShouldBe(0);
            site.Dropped.ShouldBeEmpty("what is not flushed is not there");
            File.Delete(site.DiskFile);
        }

        (await lsass.DrainedAsync()).ShouldSatisfyAllConditions(status => status.Dropped.ShouldBe(Changes), status => status.Lost.ShouldBe(0));
        HasAll(site, site.Dropped);
    }

    [Fact]
    public async Task What_finds_neither_edge_nor_drop_folder_waits_until_one_is_there()
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        Directory.Delete(site.DropFolder);
        await using var lsass = await LsassDouble.StartAsync(site);

        await ChangeManyAsync(lsass);
        var stuck = await lsass.UntilAsync(status => status.Stuck > 0);
        Directory.CreateDirectory(site.DropFolder);

        stuck.Waiting.ShouldBe(Changes);
        (await lsass.DrainedAsync()).Lost.ShouldBe(0);
        HasAll(site, site.Dropped);
    }

    private static async Task ChangeManyAsync(LsassDouble lsass)
    {
        for (var index = 0; index < Changes; index++) (await lsass.ChangeAsync($"user{index}", $"Password-{index}")).Status.ShouldBe(0);
    }

    private static void HasAll(FilterSite site, byte[][] envelopes) => envelopes.Select(site.Open).Order().ShouldBe(
        Enumerable.Range(0, Changes).Select(index => ($"user{index}", LsassDouble.Hex($"Password-{index}"))).Order());
}
