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
}
