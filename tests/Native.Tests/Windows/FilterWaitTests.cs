using System.Runtime.Versioning;
using PasswordSync.Native.Tests.Windows.Wine;

namespace PasswordSync.Native.Tests.Windows;

/// <summary>
/// When LSA's thread waits for the edge: told by the filter's own count of such waits, because on a loaded machine no clock tells a wait from being held up.
/// How long they take is measured beside the machine's own delays: bench/Filter.
/// </summary>
[SupportedOSPlatform("linux")]
[Collection(WineMachine.Collection)]
public sealed class FilterWaitTests
{
    /// <summary>The longest wait that the registry allows, in milliseconds: an edge that is there answers within it on a loaded machine, too.</summary>
    private const int Wait = 1_000;

    /// <summary>How long the filter's worker stays with an edge that says nothing: far longer than LSA's thread.</summary>
    private const string PipeWait = "5000";

    /// <summary>Within it the worker is surely still with the edge.</summary>
    private static readonly TimeSpan WorkerStays = TimeSpan.FromSeconds(4);

    [Theory]
    [InlineData("hang")]
    [InlineData("deaf")]
    [InlineData("drop")]
    [InlineData("refuse")]
    [InlineData(null)]
    public async Task I8_LSA_waits_for_a_lost_edge_once_and_then_not_until_it_answers_again(string? mode)
    {
        const int changes = 10;
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        site.WriteCaptureFile(("wait-ms", PipeWait));
        await using var lsass = await LsassDouble.StartAsync(site, registry: ("WaitMilliseconds", Wait));
        FilterStatus waited;
        await using (await EdgeOnPipe.StartAsync(site, "take")) waited = await UntilWaitedForAsync(lsass);

        var edge = mode is null ? null : await EdgeOnPipe.StartAsync(site, mode);
        var first = await lsass.ChangeAsync("lost", "Password-1");
        first.Status.ShouldBe(0);
        for (var index = 1; index < changes; index++) (await lsass.ChangeAsync($"lost{index}", "Password-1")).Status.ShouldBe(0);
        var held = await lsass.StatusAsync();
        if (edge is not null) await edge.DisposeAsync();
        var lost = await lsass.DrainedAsync();

        lost.Waits.ShouldBe(waited.Waits + 1, "the first change found the edge trusted, no other did");
        if (mode is "hang" or "deaf")
        {
            // Unless the machine held the call up until the worker had given the edge up as well.
            if (first.Elapsed < WorkerStays) held.Misses.ShouldBe(waited.Misses + 1, "the calls ended while the edge still had the first");
            first.Elapsed.ShouldBeGreaterThan(TimeSpan.FromMilliseconds(Wait / 2), "it waited as long as the registry says");
        }

        (lost.Delivered, lost.Dropped, lost.Lost).ShouldBe((waited.Delivered, waited.Dropped + changes, 0));
        await using (await EdgeOnPipe.StartAsync(site, "take")) (await UntilWaitedForAsync(lsass)).Lost.ShouldBe(0);
    }

    [Fact]
    public async Task Change_that_is_waited_for_is_with_the_edge_when_the_call_ends()
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        await using var lsass = await LsassDouble.StartAsync(site, registry: ("WaitMilliseconds", Wait));
        await using var edge = await EdgeOnPipe.StartAsync(site, "slow:50");
        var before = await UntilWaitedForAsync(lsass);

        await lsass.ChangeAsync("waited", "Password-1");

        var after = await lsass.StatusAsync();
        after.Waits.ShouldBe(before.Waits + 1);
        (after.Delivered == before.Delivered + 1 || after.Misses == before.Misses + 1).ShouldBeTrue($"{after}");
    }

    [Fact]
    public async Task Wait_in_force_is_25_ms_unless_the_registry_says_another_one_that_may_be()
    {
        const int byDefault = 25;
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        await using var lsass = await LsassDouble.StartAsync(site);

        (await lsass.StatusAsync()).WaitMilliseconds.ShouldBe(byDefault);
        foreach (var (said, inForce) in ((int, int)[])[(Wait, Wait), (Wait + 1, byDefault), (0, 0), (-1, byDefault)])
        {
            await lsass.SetAsync("WaitMilliseconds", said);
            await lsass.UntilAsync(status => status.WaitMilliseconds == inForce);
        }
    }

    [Fact]
    public async Task LSA_never_waits_if_the_registry_says_so()
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        await using var edge = await EdgeOnPipe.StartAsync(site, "take");
        site.WriteCaptureFile(("wait-ms", "5000"));
        await using var lsass = await LsassDouble.StartAsync(site, registry: ("WaitMilliseconds", 0));

        for (var index = 0; index < 3; index++)
        {
            await lsass.ChangeAsync($"user{index}", "Password-1");
            await lsass.DrainedAsync();
        }

        (await lsass.StatusAsync()).ShouldSatisfyAllConditions(status => status.Delivered.ShouldBe(3), status => status.Misses.ShouldBe(0), status => status.Waits.ShouldBe(0));
    }

    /// <summary>Changes passwords until the filter waited for the edge and was answered in time; it tries an edge that was away once a second.</summary>
    private static async Task<FilterStatus> UntilWaitedForAsync(LsassDouble lsass)
    {
        const int changesMax = 5_000;
        var before = await lsass.StatusAsync();
        for (var index = 0; index < changesMax; index++)
        {
            var call = await lsass.ChangeAsync($"found{index}", "Password-1");
            var status = await lsass.DrainedAsync();
            // A call that took longer may have met an answer that came too late for the worker, which then trusts the edge no more.
            if (status.Waits > before.Waits && status.Misses == before.Misses && call.Elapsed < TimeSpan.FromMilliseconds(Wait)) return status;
            before = before with { Misses = status.Misses, Waits = status.Waits };
        }

        throw new TimeoutException("The edge is there and is not waited for.");
    }
}
