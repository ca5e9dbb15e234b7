using PasswordSync.EndToEnd.Support;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.EndToEnd;

/// <summary>Changes of one user on two DCs of one domain within a second: every target ends with what the domain itself keeps.</summary>
public sealed class Two_domain_controllers(Landscape landscape)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static int RoundsForEachOrder => Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1" ? 10 : 5;

    [Theory(Timeout = 600_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Every_target_ends_with_what_the_domain_kept(bool firstDcFirst)
    {
        for (var round = 1; round <= RoundsForEachOrder; round++)
        {
            var user = landscape.NextUser();
            var (one, other) = firstDcFirst ? (landscape.Alpha.First, landscape.Alpha.Second) : (landscape.Alpha.Second, landscape.Alpha.First);
            var passwords = new[] { $"One.{round}.2026!x", $"Other.{round}.2026!x" };
            await landscape.Alpha.WaitUntilReplicatedAsync(user, Token);

            // At the same time, so that neither DC knows of the other's change; in every second round one right after the other.
            var first = one.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, user.InitialPassword, passwords[0], Token);
            if (round % 2 == 0) await first;
            var results = await Task.WhenAll(first, other.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, user.InitialPassword, passwords[1], Token));
            results.ShouldAllBe(result => result.Accepted);

            await landscape.Alpha.WaitUntilReplicatedAsync(user, Token);
            var kept = await KeptAsync(user, passwords);
            await landscape.ArrivesEverywhereAsync(user, kept, Token);
            await StaysAsync(user, kept);
        }
    }

    private async Task<string> KeptAsync(LabUser user, string[] passwords)
    {
        var kept = new List<string>();
        foreach (var password in passwords)
        {
            if ((await landscape.Alpha.First.BindAsync(user, password, Token)).Accepted) kept.Add(password);
        }

        return kept.ShouldHaveSingleItem();
    }

    // What must not come is an older password afterwards: the other capture was decided, too, when the node has told of both.
    private async Task StaysAsync(LabUser user, string kept)
    {
        await landscape.DecidesAsync(user, captures: 2, Token);
        (await landscape.Beta.First.BindAsync(landscape.InBeta(user), kept, Token)).Accepted.ShouldBeTrue();
        (await landscape.Gamma.BindAsync(landscape.InGamma(user), kept, Token)).Accepted.ShouldBeTrue();
    }
}
