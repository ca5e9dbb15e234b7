using PasswordSync.SyncNode.Operations;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

public sealed class Failure_limits
{
    private const int FailuresMax = 10;

    private readonly Clock clock = new();

    [Fact]
    public void An_address_is_locked_out_at_the_last_failure_allowed_and_let_in_after_the_time()
    {
        var limiter = new FailureLimiter(clock, FailuresMax);
        for (var i = 1; i < FailuresMax; i++) limiter.Failed("a").ShouldBeFalse();
        limiter.LockedFor("a").ShouldBeNull();

        limiter.Failed("a").ShouldBeTrue();

        limiter.LockedFor("a").ShouldBe(limiter.LockTime);
        limiter.LockedFor("b").ShouldBeNull();
        limiter.Succeeded("a");
        limiter.LockedFor("a").ShouldBe(limiter.LockTime, "one who gets in lets nobody else in");
        clock.Now += limiter.LockTime;
        limiter.LockedFor("a").ShouldBeNull();
    }

    [Fact]
    public void Failures_far_apart_or_followed_by_a_success_do_not_add_up()
    {
        var limiter = new FailureLimiter(clock, FailuresMax);
        for (var i = 0; i < 3 * FailuresMax; i++)
        {
            limiter.Failed("rare").ShouldBeFalse();
            limiter.Failed("forgetful").ShouldBeFalse();
            limiter.Succeeded("forgetful");
            clock.Now += limiter.Window + TimeSpan.FromTicks(1);
        }
    }

    [Fact]
    public void Only_a_bounded_number_of_addresses_is_remembered()
    {
        var limiter = new FailureLimiter(clock, FailuresMax);
        for (var i = 1; i < FailuresMax; i++) limiter.Failed("oldest");
        for (var i = 0; i < FailureLimiter.CausesMax; i++)
        {
            clock.Now += TimeSpan.FromTicks(1);
            limiter.Failed($"address {i}");
        }

        limiter.Failed("oldest").ShouldBeFalse("it was forgotten, and begins anew");
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch.AddDays(20_000);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
