using PasswordSync.Core.Ports;
using PasswordSync.Providers.Limits;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Limits;

public sealed class WriteQuotaTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task As_many_writes_as_the_quota_has_may_come_at_once_and_the_next_when_the_first_is_a_window_old()
    {
        var clock = new ManualClock();
        var quota = new WriteQuota(100, TimeSpan.FromSeconds(150) / 1.01, clock);

        for (var i = 0; i < 49; i++) (await quota.TakeAsync(Token)).ShouldBeNull();
        clock.Advance(TimeSpan.FromSeconds(60));
        for (var i = 0; i < 49; i++) (await quota.TakeAsync(Token)).ShouldBeNull();

        (await quota.TakeAsync(Token)).ShouldBe(TimeSpan.FromSeconds(90));
        clock.Advance(TimeSpan.FromSeconds(89));
        (await quota.TakeAsync(Token)).ShouldBe(TimeSpan.FromSeconds(1));
        clock.Advance(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 49; i++) (await quota.TakeAsync(Token)).ShouldBeNull();
        (await quota.TakeAsync(Token)).ShouldBe(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task No_window_holds_more_writes_than_the_quota_whatever_the_times()
    {
        var clock = new ManualClock();
        var window = TimeSpan.FromSeconds(10);
        var quota = new WriteQuota(20, window, clock);
        var random = new Random(7);
        var made = new List<DateTimeOffset>();

        for (var i = 0; i < 5_000; i++)
        {
            if (await quota.TakeAsync(Token) is null) made.Add(clock.GetUtcNow());
            clock.Advance(TimeSpan.FromMilliseconds(random.Next(0, 600)));
        }

        made.Count.ShouldBeGreaterThan(1_000);
        for (var i = 0; i < made.Count; i++) made.Skip(i).TakeWhile(at => at - made[i] < window).Count().ShouldBeLessThanOrEqualTo(20);
    }

    [Fact]
    public async Task A_quota_of_one_lets_one_through()
    {
        var quota = new WriteQuota(1, TimeSpan.FromSeconds(5) / 1.01, new ManualClock());

        (await quota.TakeAsync(Token)).ShouldBeNull();
        (await quota.TakeAsync(Token)).ShouldBe(TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData(3_000, 150)]
    [InlineData(250, 5)]
    public async Task Nodes_that_count_together_use_95_percent_of_the_quota_and_no_window_holds_more(int writes, int seconds)
    {
        const int windows = 4;
        var (clock, window) = (new ManualClock(), TimeSpan.FromSeconds(seconds));
        var budget = new Bucket(clock);
        var nodes = Enumerable.Range(0, 3).Select(_ => new ClusterWriteQuota(writes, window, "bucket", () => budget)).ToList();
        var made = new List<TimeSpan>();
        var start = clock.GetTimestamp();

        // Whoever gets nothing waits as long as it is told; a wait that rounding made too short is at least a tick.
        for (var i = 0; clock.GetElapsedTime(start) < windows * window; i++)
        {
            if (await nodes[i % nodes.Count].TakeAsync(Token) is not { } wait) made.Add(clock.GetElapsedTime(start));
            else clock.Advance(wait > TimeSpan.Zero ? wait : TimeSpan.FromTicks(1));
        }

        made.Count(at => at >= window).ShouldBeGreaterThanOrEqualTo((int)(0.95 * writes * (windows - 1)));
        for (int first = 0, last = 0; first < made.Count; first++)
        {
            while (last < made.Count && made[last] - made[first] < window) last++;
            (last - first).ShouldBeLessThanOrEqualTo(writes);
        }
    }

    /// <summary>One bucket, filled and emptied by the rule that every store follows.</summary>
    private sealed class Bucket(TimeProvider time) : IRateBudget
    {
        private (double Held, DateTimeOffset At)? state;

        public ValueTask<RateGrant> TakeAsync(string bucket, RateRule rule, int wanted, int urgent, CancellationToken cancellationToken)
        {
            var now = time.GetUtcNow();
            var filled = state is { } known ? rule.Fill(known.Held, now - known.At) : rule.Permits;
            var grant = rule.Grant(filled, wanted, urgent);
            state = (filled - grant.Permits, now);
            return ValueTask.FromResult(grant);
        }
    }
}
