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
    private readonly RecordedLog<FilterMonitor> log = new();
    private int looks;
    private bool? toldReadOnly;
    private int roleFailures;

    private FilterSetup Setup { get; set; } = Proper();

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

    /// <summary>A disk that hangs holds the filter's worker, which then counts nothing.</summary>
    [Fact]
    public async Task Captures_that_wait_though_the_filter_counts_nothing_are_reported_when_none_went_out_between_two_looks()
    {
        Setup = Proper() with { Status = Status() with { Waiting = 2, Delivered = 5, Dropped = 7 } };
        await using var run = Start();
        await run.LookAsync();
        alarms.Standing.ShouldBeEmpty("they may just have come");
        Setup = Proper() with { Status = Status() with { Waiting = 3, Delivered = 5, Dropped = 8 } };
        await run.LookAsync();
        alarms.Standing.ShouldBeEmpty("one went out");

        await run.LookAsync();
        alarms.Standing.ShouldHaveSingleItem().ShouldBe(new EdgeAlarm.FilterStuck(3));
        Setup = Proper() with { Status = Status() with { Delivered = 5, Dropped = 11 } };
        await run.LookAsync();

        alarms.Standing.ShouldBeEmpty();
    }

    [Fact]
    public async Task Faults_of_the_filters_own_threads_are_told_once_and_are_no_loss()
    {
        Setup = Proper() with { Status = Status() with { ThreadFaults = 2 } };
        await using var run = Start();
        await run.LookAsync();
        await run.LookAsync();

        log.Lines.Where(line => line.StartsWith("2735 ", StringComparison.Ordinal)).ShouldHaveSingleItem().ShouldContain("faulted 2 times. It lost nothing");
        alarms.All.ShouldBeEmpty();
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
        log.Lines.ShouldContain("2734 This domain controller is read-only.");
    }

    FilterSetup IFilterInspector.Look()
    {
        Interlocked.Increment(ref looks);
        return Setup;
    }

    void IFilterInspector.TellRole(bool isReadOnly) => toldReadOnly = isReadOnly;

    Task<bool> IControllerRole.IsReadOnlyAsync(CancellationToken cancellationToken) =>
        roleFailures-- > 0 ? throw new DirectoryUnavailableException("Connection refused.", null) : Task.FromResult(true);

    internal static FilterSetup Proper() => new(true, true, false, false, "unsigned", ["scecli"], null, Status());

    internal static FilterStatus Status() => new(DateTimeOffset.UnixEpoch, 600, FilterState.Armed, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, FilterLosses.None);

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
            run = new FilterMonitor(test, test, Interval, test.alarms, test.time, test.log).RunAsync(stop.Token);
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
