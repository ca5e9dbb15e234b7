using System.Diagnostics;
using PasswordSync.EndToEnd.Support;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.EndToEnd;

/// <summary>How long from the source's acknowledgement to the bind that works. Measured and printed, never asserted.</summary>
public sealed class Time_to_arrive(Landscape landscape)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 1_800_000)]
    public async Task The_time_from_acknowledgement_to_the_bind_that_works_is_measured()
    {
        var changes = Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1" ? 200 : 20;
        var (beta, gamma) = (new List<double>(), new List<double>());
        for (var change = 1; change <= changes; change++)
        {
            var (user, password) = (landscape.Crowd[change % landscape.Crowd.Count], $"Timed.{change}.2026!x");
            (await landscape.Alpha.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", password, Token)).Accepted.ShouldBeTrue();
            var acknowledged = Stopwatch.GetTimestamp();
            var inBeta = TimedAsync(acknowledged, landscape.ArrivesInBetaAsync(user, password, Token));
            var inGamma = TimedAsync(acknowledged, landscape.ArrivesInGammaAsync(user, password, Token));
            beta.Add(await inBeta);
            gamma.Add(await inGamma);
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{changes} changes, milliseconds after the acknowledgement: beta {Summary(beta)}; gamma {Summary(gamma)}");
        beta.Count.ShouldBe(changes);
    }

    private static async Task<double> TimedAsync(long since, Task arrival)
    {
        await arrival;
        return Stopwatch.GetElapsedTime(since).TotalMilliseconds;
    }

    private static string Summary(List<double> times)
    {
        times.Sort();
        return $"median {times[times.Count / 2]:F0}, 99th percentile {times[(int)(times.Count * 0.99)]:F0}, longest {times[^1]:F0}";
    }
}
