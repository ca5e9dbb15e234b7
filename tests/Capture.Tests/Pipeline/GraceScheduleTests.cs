using PasswordSync.Capture.Pipeline;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.Pipeline;

public sealed class GraceScheduleTests
{
    private static readonly DateTimeOffset Captured = new(2026, 3, 2, 10, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(0, 5)]
    [InlineData(5, 30)]
    [InlineData(29, 30)]
    [InlineData(100, 120)]
    [InlineData(299, 300)]
    [InlineData(599, 600)]
    public void Scopes_are_evaluated_a_bounded_number_of_times_within_the_grace(int now, int next) =>
        GraceSchedule.Next(Captured, TimeSpan.FromMinutes(10), Captured.AddSeconds(now)).ShouldBe(Captured.AddSeconds(next));

    [Fact]
    public void Nothing_is_evaluated_after_the_grace() => GraceSchedule.Next(Captured, TimeSpan.FromMinutes(10), Captured.AddSeconds(600)).ShouldBeNull();

    [Fact]
    public void No_grace_is_over_at_once() => GraceSchedule.Next(Captured, TimeSpan.Zero, Captured).ShouldBeNull();
}
