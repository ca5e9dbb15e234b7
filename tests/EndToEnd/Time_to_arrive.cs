using System.Diagnostics;
using PasswordSync.EndToEnd.Support;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.EndToEnd;

/// <summary>How long from the source's acknowledgement to the bind that works. Measured and printed; only that all arrive is asserted.</summary>
public sealed class Time_to_arrive(Landscape landscape)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 1_800_000)]
    public async Task The_time_from_acknowledgement_to_the_bind_that_works_is_measured()
    {
        var changes = ArrivalTimes.Changes(usually: 10);
        var (beta, gamma) = (new ArrivalTimes(), new ArrivalTimes());
        for (var change = 1; change <= changes; change++)
        {
            var (user, password) = (landscape.Crowd[change % landscape.Crowd.Count], $"Timed.{change}.2026!x");
            (await landscape.Alpha.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", password, Token)).Accepted.ShouldBeTrue();
            var acknowledged = Stopwatch.GetTimestamp();
            await Task.WhenAll(
                beta.AddAsync(acknowledged, landscape.ArrivesInBetaAsync(user, password, Token)),
                gamma.AddAsync(acknowledged, landscape.ArrivesInGammaAsync(user, password, Token)));
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{changes} changes, milliseconds after the acknowledgement: beta {beta}; gamma {gamma}");
        beta.Count.ShouldBe(changes);
        gamma.Count.ShouldBe(changes);
    }
}
