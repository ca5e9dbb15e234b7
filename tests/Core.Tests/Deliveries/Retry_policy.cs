using FsCheck.Fluent;
using PasswordSync.Core.Deliveries;
using Shouldly;
using Xunit;

namespace PasswordSync.Core.Tests.Deliveries;

public sealed class Retry_policy
{
    [Fact]
    public void The_delay_is_what_repeated_multiplication_up_to_the_cap_gives_less_jitter()
    {
        var cases =
            from initial in Gen.Choose(1, 5_000)
            from factor in Gen.Choose(10, 40)
            from cap in Gen.Choose(initial, 900_000)
            from failed in Gen.Choose(1, 1_000)
            from jitter in Gen.Choose(0, 100)
            select (initial, factor, cap, failed, jitter);
        var property = Prop.ForAll(Arb.From(cases), c =>
        {
            var policy = RetryPolicy.Default with
            {
                InitialDelay = TimeSpan.FromMilliseconds(c.initial), Factor = c.factor / 10.0, DelayMax = TimeSpan.FromMilliseconds(c.cap), JitterFraction = 0.5,
            };
            decimal delay = c.initial;
            for (var failure = 1; failure < c.failed && delay < c.cap; failure++) delay *= c.factor / 10m;
            var expected = Math.Min(delay, c.cap) * (1 - (0.5m * c.jitter / 100m));

            policy.FindFault().ShouldBeNull();
            policy.DelayAfter(c.failed, c.jitter / 100.0).TotalMilliseconds.ShouldBe((double)expected, tolerance: 0.01);
        });
        Properties.Check(property, cases: 2_000, inLongSeries: 2_000);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, -0.1)]
    [InlineData(1, 1.1)]
    public void Arguments_outside_their_bounds_are_refused(int failedAttempts, double jitter) =>
        Should.Throw<ArgumentOutOfRangeException>(() => RetryPolicy.Default.DelayAfter(failedAttempts, jitter));

    [Fact]
    public void The_limit_of_attempts_is_reached_by_as_many_failures()
    {
        var policy = RetryPolicy.Default with { AttemptsMax = 3 };

        (policy.IsExhausted(2), policy.IsExhausted(3), policy.IsExhausted(4)).ShouldBe((false, true, true));
    }

    [Fact]
    public void Settings_outside_their_bounds_are_named_with_the_value_and_what_would_do()
    {
        (RetryPolicy Policy, string Name)[] faulty =
        [
            (RetryPolicy.Default with { InitialDelay = TimeSpan.Zero }, "InitialDelay"), (RetryPolicy.Default with { Factor = 0.9 }, "Factor"),
            (RetryPolicy.Default with { Factor = double.NaN }, "Factor"), (RetryPolicy.Default with { Factor = double.PositiveInfinity }, "Factor"),
            (RetryPolicy.Default with { DelayMax = TimeSpan.FromSeconds(1) }, "DelayMax"), (RetryPolicy.Default with { DelayMax = TimeSpan.MaxValue }, "DelayMax"),
            (RetryPolicy.Default with { JitterFraction = 1.1 }, "JitterFraction"), (RetryPolicy.Default with { AttemptsMax = 0 }, "AttemptsMax"),
        ];

        RetryPolicy.Default.FindFault().ShouldBeNull();
        foreach (var (policy, name) in faulty) policy.FindFault().ShouldNotBeNull().ShouldStartWith(name);
    }
}
