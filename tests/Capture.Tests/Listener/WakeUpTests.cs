using PasswordSync.Capture.Listener;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.Listener;

public sealed class WakeUpTests
{
    private static readonly TimeSpan Never = TimeSpan.FromDays(1);
    private readonly ManualClock time = new();
    private readonly WakeUp wakeUp = new();

    [Fact]
    public async Task Signal_while_nobody_waits_ends_the_next_wait_at_once_and_only_that_one()
    {
        wakeUp.Signal();
        wakeUp.Signal();
        await wakeUp.WaitAsync(Never, time, CancellationToken.None);
        var next = wakeUp.WaitAsync(Never, time, CancellationToken.None);
        next.IsCompleted.ShouldBeFalse();
        wakeUp.Signal();
        await next;
    }

    [Fact]
    public async Task Signal_right_after_a_wait_that_ended_by_time_is_not_lost()
    {
        for (var round = 0; round < 2_000; round++)
        {
            var byTime = wakeUp.WaitAsync(TimeSpan.FromSeconds(1), time, CancellationToken.None);
            time.Advance(TimeSpan.FromSeconds(1));
            await byTime;
            var signal = Task.Run(wakeUp.Signal);
            await wakeUp.WaitAsync(Never, time, CancellationToken.None);
            await signal;
        }
    }

    [Fact]
    public async Task Cancelled_wait_ends_and_loses_no_signal()
    {
        using var stop = new CancellationTokenSource();
        var wait = wakeUp.WaitAsync(Never, time, stop.Token);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => wait);
        wakeUp.Signal();
        await wakeUp.WaitAsync(Never, time, CancellationToken.None);
    }
}
