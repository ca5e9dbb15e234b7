using System.Diagnostics;
using System.Globalization;
using PasswordSync.Core.Deliveries;
using PasswordSync.Hosting;
using PasswordSync.Journal.Postgres;
using PasswordSync.Providers.Contract;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests.Deliveries;

/// <summary>I3 on a machine that is suspended in the middle of a delivery: what was permitted before is not written after its deadline.</summary>
public sealed class Suspended_machine_tests
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly ManualClock machine = new();
    private readonly DatabaseClock clock;

    public Suspended_machine_tests()
    {
        clock = new DatabaseClock(machine);
        clock.Correct(machine.GetUtcNow() + TimeSpan.FromMinutes(20), machine.GetTimestamp());
    }

    [Fact]
    public void I3_a_deadline_by_the_databases_clock_passes_while_the_machine_is_suspended()
    {
        var deadline = clock.GetUtcNow() + Window;
        var permit = new WritePermit(deadline, clock);

        machine.Sleep(Window - TimeSpan.FromTicks(1));
        permit.Remaining.ShouldBe(TimeSpan.FromTicks(1));
        machine.Sleep(TimeSpan.FromTicks(1));

        permit.Use().ShouldBeOfType<DeliveryOutcome.Transient>();
        permit.IsUsed.ShouldBeFalse();
        clock.GetUtcNow().ShouldBe(deadline, "a request that waits to be sent is compared with it once more");
    }

    [Fact]
    public void I3_a_window_without_a_deadline_as_of_a_write_for_another_node_passes_while_the_machine_is_suspended()
    {
        var permit = new WritePermit(DateTimeOffset.MaxValue, new WriteWindow(clock.GetTimestamp(), Window), clock);
        machine.Sleep(Window);
        permit.Use().ShouldBeOfType<DeliveryOutcome.Transient>();
    }

    [Fact]
    public void A_look_at_the_database_after_a_suspension_finds_the_clock_right()
    {
        machine.Sleep(TimeSpan.FromHours(5));
        var before = clock.GetUtcNow();
        clock.Correct(before, machine.GetTimestamp());
        clock.GetUtcNow().ShouldBe(before);
    }

    [Fact]
    public void The_clock_of_elapsed_time_is_the_one_that_goes_on_while_a_machine_is_suspended()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux tells in a file how long it has been up, suspensions included; on Windows .NET's own timestamps count them.");
        var own = new MachineClock();
        var before = Uptime();
        var read = TimeSpan.FromSeconds((double)own.GetTimestamp() / own.TimestampFrequency);
        var after = Uptime();

        // The file has hundredths of a second, cut off.
        read.ShouldBeInRange(before, after + TimeSpan.FromMilliseconds(10));
    }

    [Fact]
    public void The_clock_of_elapsed_time_goes_on_as_the_steady_one_does()
    {
        var own = new MachineClock();
        var (began, watch) = (own.GetTimestamp(), Stopwatch.StartNew());
        SpinWait.SpinUntil(() => watch.Elapsed > TimeSpan.FromMilliseconds(20));
        var least = watch.Elapsed;
        own.GetElapsedTime(began).ShouldBeGreaterThanOrEqualTo(least);
        own.GetUtcNow().ShouldBe(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(1));
    }

    private static TimeSpan Uptime() => TimeSpan.FromSeconds(double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture));
}
