using PasswordSync.Journal.Storing;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests;

/// <summary>The word that there are arrivals: none is lost, whatever the one who waits is doing.</summary>
public sealed class SignalTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly ManualClock clock = new();
    private readonly Signal signal = new();

    [Fact(Timeout = 600_000)]
    public async Task Signal_that_comes_after_a_wait_ran_out_ends_the_next_one_at_once()
    {
        var first = signal.WaitAsync(Interval, clock, CancellationToken.None);
        clock.Advance(Interval);
        await first;

        signal.Raise();

        await signal.WaitAsync(Interval, clock, CancellationToken.None);
    }

    [Fact(Timeout = 600_000)]
    public async Task Signal_that_comes_with_or_after_a_cancellation_is_left_to_the_next_wait()
    {
        using var cancelling = new CancellationTokenSource();
        var first = signal.WaitAsync(Interval, clock, cancelling.Token);
        await cancelling.CancelAsync();
        signal.Raise();
        await Should.ThrowAsync<OperationCanceledException>(first);

        await signal.WaitAsync(Interval, clock, CancellationToken.None);
    }

    [Fact(Timeout = 600_000)]
    public async Task Signals_wake_all_who_wait_and_are_gone_when_one_took_them()
    {
        var both = new[] { signal.WaitAsync(), signal.WaitAsync(Interval, clock, CancellationToken.None) };
        both.ShouldAllBe(wait => !wait.IsCompleted);

        signal.Raise();
        signal.Raise();
        await Task.WhenAll(both);

        signal.WaitAsync().IsCompleted.ShouldBeFalse();
    }
}
