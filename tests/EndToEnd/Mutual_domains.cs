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
        var said = landscape.NodeLogEnd;
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
        // One that the next change overtook is told as older, or by the edge, and not as an echo.
        await Eventually.HoldsAsync("the captures of our own writes to be decided", Landscape.ArrivalBound, _ => Task.FromResult(NotSent(said) >= changes), Token);
        var witness = landscape.NextUser();
        (await landscape.Alpha.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, witness, "", "Witness.Of.Turns!1", Token)).Accepted.ShouldBeTrue();
        await landscape.ArrivesEverywhereAsync(witness, "Witness.Of.Turns!1", Token);
        (await VersionAsync(landscape.Alpha, user)).ShouldBe(alphaBefore + changes);
        (await VersionAsync(landscape.Beta, there)).ShouldBe(betaBefore + changes);
    }

    [Theory(Timeout = 600_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Two_changes_made_at_once_on_both_sides_end_with_one_password_on_both(bool alphaIsLater)
    {
        var user = landscape.NextUser();
        var there = landscape.InBeta(user);
        var (inAlpha, inBeta) = ($"Made.In.Alpha.{alphaIsLater}!1", $"Made.In.Beta.{alphaIsLater}!1");
        Task<PasswordChangeResult> ChangeAsync(bool alpha) => alpha
            ? landscape.Alpha.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", inAlpha, Token)
            : landscape.Beta.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, there, "", inBeta, Token);

        (await ChangeAsync(!alphaIsLater)).Accepted.ShouldBeTrue();
        (await ChangeAsync(alphaIsLater)).Accepted.ShouldBeTrue();

        // Whichever way the two crossed; which of them it is depends on their seconds, and is shown where time can be set (Core.Tests).
        await Eventually.HoldsAsync("the same password on both sides", Landscape.ArrivalBound, async token =>
        {
            var kept = (await landscape.Alpha.First.BindAsync(user, inAlpha, token)).Accepted ? inAlpha : inBeta;
            return (await landscape.Alpha.First.BindAsync(user, kept, token)).Accepted && (await landscape.Beta.First.BindAsync(there, kept, token)).Accepted;
        }, Token);
    }

    private int NotSent(long after) => landscape.Product.Node.ReadLog(after).Count(line => line.Contains(", is not sent", StringComparison.Ordinal));

    private static async Task<uint> VersionAsync(SambaDomain domain, LabUser user) => (await domain.First.ReadPasswordStampAsync(user, Token))!.Version;
}
