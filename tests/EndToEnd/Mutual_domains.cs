using PasswordSync.EndToEnd.Support;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.EndToEnd;

/// <summary>Alpha and beta are each other's target.</summary>
public sealed class Mutual_domains(Landscape landscape)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Twenty_changes_on_alternating_sides_make_no_loop()
    {
        const int changes = 20;
        var user = landscape.NextUser();
        var there = landscape.InBeta(user);
        var (alphaBefore, betaBefore) = (await VersionAsync(landscape.Alpha, user), await VersionAsync(landscape.Beta, there));

        for (var change = 1; change <= changes; change++)
        {
            var password = $"Turn.{change}.2026!x";
            var (domain, account) = change % 2 == 1 ? (landscape.Alpha, user) : (landscape.Beta, there);
            var result = await domain.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, account, "", password, Token);
            result.Accepted.ShouldBeTrue(result.Diagnostics);
            if (change % 2 == 1) await landscape.ArrivesInBetaAsync(user, password, Token);
            else await landscape.ArrivesInAlphaAsync(user, password, Token);
        }

        // Every change is one write on each side: its own, or ours. A loop would write more.
        await Eventually.HoldsAsync("the last echo", Landscape.ArrivalBound, _ => Task.FromResult(Echoes() >= changes), Token);
        (await VersionAsync(landscape.Alpha, user)).ShouldBe(alphaBefore + changes);
        (await VersionAsync(landscape.Beta, there)).ShouldBe(betaBefore + changes);
    }

    private int Echoes() => landscape.NodeLog.Split('\n').Count(line => line.Contains("is not sent: Echo", StringComparison.Ordinal));

    private static async Task<uint> VersionAsync(SambaDomain domain, LabUser user) => (await domain.First.ReadPasswordStampAsync(user, Token))!.Version;
}
