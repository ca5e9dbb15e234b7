using System.Runtime.Versioning;
using PasswordSync.Native.Tests.Windows.Wine;

namespace PasswordSync.Native.Tests.Windows;

/// <summary>What LSA notices of a machine that fails the filter: a disk that hangs, no room, no cryptography.</summary>
[SupportedOSPlatform("linux")]
[Collection(WineMachine.Collection)]
public sealed class FilterTroubleTests
{
    [Fact]
    public async Task Full_queue_loses_only_what_has_no_room_and_holds_nobody_up()
    {
        const int room = 4_096;
        const int threads = 8;
        const int calls = 520;
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        await using var lsass = await LsassDouble.StartAsync(site);
        site.HangDisk();
        try
        {
            await lsass.StormAsync(threads, calls);

            var full = await lsass.StatusAsync();
            (full.Captured, full.Waiting, full.Dropped, full.LostQueueFull).ShouldBe((threads * calls, room, 0, (threads * calls) - room));
            (full.Lost, full.Waits, full.Misses).ShouldBe((full.LostQueueFull, 0, 0), "no edge answers, so nobody waits for room");
        }
        finally
        {
            site.ReviveDisk();
        }

        (await lsass.UntilAsync(status => status.Dropped > threads)).Lost.ShouldBe((threads * calls) - room, "what has a place is brought out");
    }

    /// <summary>The worker is held in a flush that does not end; the switch is not its business.</summary>
    [Fact]
    public async Task Kill_switch_works_while_the_disk_hangs()
    {
        const int disabled = 1;
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        await using var lsass = await LsassDouble.StartAsync(site);
        site.HangDisk();
        try
        {
            await lsass.ChangeAsync("held", "Password-1");
            await site.UntilDiskHangsAsync();

            await lsass.SetAsync("Disabled", 1);
            await lsass.UntilAsync(status => status.State == disabled);
            await lsass.ChangeAsync("unheard", "Password-1");

            var held = await lsass.StatusAsync();
            (held.Heard, held.Waiting, held.Dropped).ShouldBe((1, 1, 0));
        }
        finally
        {
            site.ReviveDisk();
        }

        (await lsass.DrainedAsync()).Lost.ShouldBe(0);
        site.Dropped.Select(site.Open).Single().Account.ShouldBe("held");
    }

    [Fact]
    public async Task Filter_that_finds_no_cryptography_takes_nothing_in()
    {
        const int notStarted = 6;
        await WineMachine.NeedAsync();
        using var site = new FilterSite { RefusesCryptography = true };
        await using var lsass = await LsassDouble.StartAsync(site);

        (await lsass.ChangeAsync("alice", "Password-1")).Status.ShouldBe(0);

        var status = await lsass.StatusAsync();
        (status.State, status.Heard, status.Captured, status.Waiting, status.Lost).ShouldBe((notStarted, 0, 0, 0, 0));
    }
}
