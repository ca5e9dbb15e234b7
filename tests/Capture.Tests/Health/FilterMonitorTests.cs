using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Capture.Health;
using PasswordSync.Capture.Resolution;
using PasswordSync.Capture.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.Health;

public sealed class FilterMonitorTests : IFilterInspector, IControllerRole
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly ManualClock time = new();
    private readonly RecordedAlarms alarms = new();
    private int looks;
    private bool? toldReadOnly;
    private int roleFailures;

    private FilterSetup Setup { get; set; } = Proper();

    [Theory]
    [InlineData("installed", "not in System32")]
    [InlineData("registered", "'Notification Packages' does not name it")]
    [InlineData("new", "Restart this domain controller")]
    [InlineData("protected", "RunAsPPL")]
    [InlineData("unloaded", "LSASS has not loaded it")]
    [InlineData("disabled", "kill switch")]
    [InlineData("no file", "no usable capture file yet: it cannot be read")]
    [InlineData("104", "no usable capture file yet: others than SYSTEM and the administrators may change it")]
    [InlineData("105", "no usable capture file yet: it or its folder belongs to another")]
    [InlineData("106", "no usable capture file yet: who may change it or its folder cannot be told")]
    public void Filter_that_captures_nothing_says_why(string trouble, string reason)
    {
        var setup = trouble switch
        {
            "installed" => Proper() with { IsInstalled = false },
            "registered" => Proper() with { IsRegistered = false },
            "new" => Proper() with { Status = null, InstalledAfterBoot = true, HasLsaProtection = true },
            "protected" => Proper() with { Status = null, HasLsaProtection = true },
            "unloaded" => Proper() with { Status = null },
            "disabled" => Proper() with { Status = Status() with { State = FilterState.Disabled } },
            "no file" => Proper() with { Status = Status() with { FilesTaken = 0, FileFault = 100 } },
            _ => Proper() with { Status = Status() with { FilesTaken = 0, FileFault = long.Parse(trouble, CultureInfo.InvariantCulture) } },
        };

        setup.WhyNotCapturing().ShouldNotBeNull().ShouldContain(reason);
        Proper().WhyNotCapturing().ShouldBeNull();
    }

    [Fact]
    public async Task Alarm_stands_until_the_filter_captures()
    {
        Setup = Proper() with { Status = null };
        await using var run = Start();

        await run.LookAsync();
        alarms.Standing.ShouldHaveSingleItem().ShouldBeOfType<EdgeAlarm.FilterNotCapturing>();
        Setup = Proper();
        await run.LookAsync();

        alarms.Standing.ShouldBeEmpty();
    }

    [Fact]
    public async Task Alarm_stands_while_others_may_change_what_the_filter_trusts()
    {
        Setup = Proper() with { Unguarded = @"C:\data\capture: S-1-1-0 may change it" };
        await using var run = Start();

        await run.LookAsync();
        alarms.Standing.ShouldHaveSingleItem().ShouldBeOfType<EdgeAlarm.FilterUnguarded>().Sentence.ShouldContain("S-1-1-0 may change it");
        Setup = Proper();
        await run.LookAsync();

        alarms.Standing.ShouldBeEmpty();
    }

    [Fact]
    public async Task Each_loss_is_reported_once()
    {
        Setup = Proper() with { Status = Status() with { Losses = FilterLosses.None with { Password = 2 } } };
        await using var run = Start();
        await run.LookAsync();
        await run.LookAsync();
        Setup = Proper() with { Status = Status() with { Losses = FilterLosses.None with { Password = 2, QueueFull = 1 } } };
        await run.LookAsync();

        var lost = alarms.All.OfType<EdgeAlarm.FilterLost>().ToList();

        lost.Select(alarm => alarm.Losses.Total).ShouldBe([2, 1]);
        lost[1].Sentence.ShouldContain("could not capture 1 changes just now: 1 because the filter's queue was full");
    }

    [Fact]
    public async Task Numbers_of_a_new_start_of_LSASS_are_counted_from_zero()
    {
        Setup = Proper() with { Status = Status() with { Losses = FilterLosses.None with { Fault = 5 } } };
        await using var run = Start();
        await run.LookAsync();
        Setup = Proper() with { Status = Status() with { StartedAt = DateTimeOffset.UnixEpoch.AddDays(1), Losses = FilterLosses.None with { Fault = 1 } } };
        await run.LookAsync();

        alarms.All.OfType<EdgeAlarm.FilterLost>().Select(alarm => alarm.Losses.Total).ShouldBe([5, 1]);
    }

    [Fact]
    public async Task Captures_that_wait_in_LSASS_and_strangers_on_the_pipe_are_reported()
    {
        Setup = Proper() with { Status = Status() with { Waiting = 3, Stuck = 1, WrongServer = 2 } };
        await using var run = Start();
        await run.LookAsync();

        alarms.Standing.ShouldHaveSingleItem().ShouldBe(new EdgeAlarm.FilterStuck(3));
        alarms.All.ShouldContain(new EdgeAlarm.StrangerOnPipe(2));
        Setup = Proper() with { Status = Status() with { Stuck = 1, WrongServer = 2 } };
        await run.LookAsync();

        alarms.Standing.ShouldBeEmpty();
        alarms.All.OfType<EdgeAlarm.StrangerOnPipe>().Count().ShouldBe(1);
    }

    [Fact]
    public async Task Role_is_asked_until_the_directory_answers()
    {
        roleFailures = 1;
        await using var run = Start();

        await run.LookAsync();
        toldReadOnly.ShouldBeNull();
        await run.LookAsync();

        toldReadOnly.ShouldBe(true);
    }

    [Fact]
    public void Numbers_are_read_as_the_filter_writes_them()
    {
        var memory = new byte[FilterStatus.Length];
        "PSFS"u8.CopyTo(memory);
        memory[4] = 1;
        for (var index = 0; index < 22; index++) BinaryPrimitives.WriteInt64LittleEndian(memory.AsSpan(8 + (8 * index)), index);

        FilterStatus.TryRead(memory, out var status).ShouldBeTrue();
        FilterStatus.TryRead(memory.AsSpan()[..^1], out _).ShouldBeFalse();
        memory[4] = 2;
        FilterStatus.TryRead(memory, out _).ShouldBeFalse();

        status.ShouldBe(new FilterStatus(
            new DateTimeOffset(1601, 1, 1, 0, 0, 0, TimeSpan.Zero), 1, FilterState.NotInstalled, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, new FilterLosses(16, 17, 18, 19, 20, 21)));
    }

    FilterSetup IFilterInspector.Look()
    {
        Interlocked.Increment(ref looks);
        return Setup;
    }

    void IFilterInspector.TellRole(bool isReadOnly) => toldReadOnly = isReadOnly;

    Task<bool> IControllerRole.IsReadOnlyAsync(CancellationToken cancellationToken) =>
        roleFailures-- > 0 ? throw new DirectoryUnavailableException("Connection refused.", null) : Task.FromResult(true);

    private static FilterSetup Proper() => new(true, true, false, false, "unsigned", ["scecli"], null, Status());

    private static FilterStatus Status() => new(DateTimeOffset.UnixEpoch, 600, FilterState.Armed, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, FilterLosses.None);

    private Watching Start() => new(this);

    /// <summary>A monitor at work whose looks are driven one by one.</summary>
    private sealed class Watching : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private readonly FilterMonitorTests test;
        private readonly Task run;
        private int expected;

        public Watching(FilterMonitorTests test)
        {
            this.test = test;
            run = new FilterMonitor(test, test, Interval, test.alarms, test.time, NullLogger<FilterMonitor>.Instance).RunAsync(stop.Token);
        }

        /// <summary>Ends when the next look has been drawn its conclusions from; the first begins with the monitor.</summary>
        public async Task LookAsync()
        {
            var before = expected++;
            if (before > 0) test.time.Advance(Interval);
            while (Volatile.Read(ref test.looks) == before || test.time.ArmedTimers == 0) await Task.Yield();
        }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await run;
            stop.Dispose();
        }
    }
}
