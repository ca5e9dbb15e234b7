using System.Runtime.Versioning;
using PasswordSync.Native.Tests.Windows.Wine;

namespace PasswordSync.Native.Tests.Windows;

/// <summary>Where envelopes go, and how long LSA's thread is held, whatever the edge does.</summary>
[SupportedOSPlatform("linux")]
[Collection(WineMachine.Collection)]
public sealed class FilterDeliveryTests
{
    private const int Changes = 12;

    /// <summary>
    /// The bound of these tests' waits, in milliseconds: far above the default of 25, so that a loaded machine's own delays do not hide whether
    /// the filter waited.
    /// </summary>
    private const int Wait = 800;

    /// <summary>What a change may take that waits for nobody, on a loaded machine.</summary>
    private static readonly TimeSpan NoWait = TimeSpan.FromMilliseconds(Wait * 3 / 4);

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
    public async Task Whatever_is_not_acknowledged_is_dropped_as_a_file(string mode)
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        await using var edge = await EdgeOnPipe.StartAsync(site, mode);
        await using var lsass = await LsassDouble.StartAsync(site);

        await ChangeManyAsync(lsass);

        (await lsass.DrainedAsync()).ShouldSatisfyAllConditions(status => status.Dropped.ShouldBe(Changes), status => status.Lost.ShouldBe(0));
        HasAll(site, site.Dropped);
        Directory.EnumerateFiles(site.DropFolder, ".*").ShouldBeEmpty();
    }

    [Fact]
    public async Task I8_LSA_waits_for_a_hung_edge_once_and_then_not_until_it_answers_again()
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        site.WriteCaptureFile(("wait-ms", "2000"));
        await using var lsass = await LsassDouble.StartAsync(site, registry: ("WaitMilliseconds", Wait));
        await using (await EdgeOnPipe.StartAsync(site, "take"))
        {
            // The first is not waited for: nobody knows yet whether there is an edge.
            await lsass.ChangeAsync("first", "Password-1");
            await lsass.UntilAsync(status => status.Delivered == 1);
        }

        ChangeEnd missed, later;
        await using (await EdgeOnPipe.StartAsync(site, "hang"))
        {
            missed = await lsass.ChangeAsync("missed", "Password-1");
            later = await lsass.ChangeAsync("later", "Password-1");
            await lsass.DrainedAsync();
        }

        missed.Elapsed.ShouldBeInRange(TimeSpan.FromMilliseconds(Wait - 20), TimeSpan.FromMilliseconds(2 * Wait));
        later.Elapsed.ShouldBeLessThan(NoWait);
        (await lsass.StatusAsync()).Misses.ShouldBe(1);
        site.Dropped.Length.ShouldBe(2);
    }

    [Fact]
    public async Task Edge_that_comes_back_is_waited_for_again()
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        await using var lsass = await LsassDouble.StartAsync(site, registry: ("WaitMilliseconds", 1_000));
        await lsass.ChangeAsync("before", "Password-1");
        await lsass.UntilAsync(status => status.Dropped == 1);
        await using var edge = await EdgeOnPipe.StartAsync(site, "slow:100");

        // Within a second of its absence the edge is not tried, so several may still be dropped.
        var status = await UntilDeliveredAsync(lsass);
        var waited = await lsass.ChangeAsync("waited", "Password-1");

        waited.Elapsed.ShouldBeGreaterThan(TimeSpan.FromMilliseconds(90));
        (await lsass.StatusAsync()).Delivered.ShouldBe(status.Delivered + 1, "it was delivered before the call ended");
    }

    [Fact]
    public async Task LSA_never_waits_if_the_registry_says_so()
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        await using var edge = await EdgeOnPipe.StartAsync(site, $"slow:{Wait}");
        site.WriteCaptureFile(("wait-ms", "5000"));
        await using var lsass = await LsassDouble.StartAsync(site, registry: ("WaitMilliseconds", 0));

        for (var index = 0; index < 3; index++) (await lsass.ChangeAsync($"user{index}", "Password-1")).Elapsed.ShouldBeLessThan(NoWait);

        (await lsass.DrainedAsync()).ShouldSatisfyAllConditions(status => status.Delivered.ShouldBe(3), status => status.Misses.ShouldBe(0));
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

    private static async Task<FilterStatus> UntilDeliveredAsync(LsassDouble lsass)
    {
        for (var index = 0; ; index++)
        {
            index.ShouldBeLessThan(200, "the edge is there and is not tried");
            await lsass.ChangeAsync($"again{index}", "Password-1");
            var status = await lsass.DrainedAsync();
            if (status.Delivered > 0) return status;
        }
    }

    private static void HasAll(FilterSite site, byte[][] envelopes) => envelopes.Select(site.Open).Order().ShouldBe(
        Enumerable.Range(0, Changes).Select(index => ($"user{index}", LsassDouble.Hex($"Password-{index}"))).Order());
}
