using System.Text;
using PasswordSync.EndToEnd.Support;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.EndToEnd;

/// <summary>An administrator sets a first password, which the user must change at the next logon (<c>pwdLastSet</c> = 0).</summary>
public sealed class Must_change(Landscape landscape)
{
    private const string First = "Helpdesk.2026!x";
    private const string Own = "Chosen.Myself.2026!x";

    // What a DC says to the right password of somebody who must change it first (ERROR_PASSWORD_MUST_CHANGE).
    private const string MustChangeFirst = "data 773";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory(Timeout = 600_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_point_that_says_so_carries_that_the_password_must_be_changed_until_it_was(bool bySambaTool)
    {
        var user = await landscape.NextUserAsync("strict", Token);
        await ResetAsync(user, bySambaTool);

        await Eventually.HoldsAsync("the password that must be changed in beta", Landscape.ArrivalBound, async token =>
            (await landscape.Beta.First.BindAsync(landscape.InBeta(user), First, token)).Diagnostics.Contains(MustChangeFirst, StringComparison.Ordinal), Token);
        (await LastSetInBetaAsync(user)).ShouldBe(0);
        await landscape.ArrivesInGammaAsync(user, First, Token);

        (await landscape.Alpha.First.ChangePasswordAsync(PasswordChangeWay.KerberosPassword, user, First, Own, Token)).Accepted.ShouldBeTrue();
        await landscape.ArrivesEverywhereAsync(user, Own, Token);
        (await LastSetInBetaAsync(user)).ShouldBeGreaterThan(0);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_point_that_does_not_say_so_sets_the_password_as_any_other()
    {
        var user = landscape.NextUser();
        await ResetAsync(user, bySambaTool: false);

        await landscape.ArrivesEverywhereAsync(user, First, Token);
        (await LastSetInBetaAsync(user)).ShouldBeGreaterThan(0);
        (await landscape.Alpha.First.BindAsync(user, First, Token)).Diagnostics.ShouldContain(MustChangeFirst);
    }

    // Over LDAP both in one write, with samba-tool in two writes of one transaction.
    private async Task ResetAsync(LabUser user, bool bySambaTool)
    {
        var controller = landscape.Alpha.First;
        if (bySambaTool) (await controller.SambaToolAsync(["user", "setpassword", user.AccountName, "--must-change-at-next-login"], $"{First}\n{First}\n", Token)).RequireSuccess();
        else
        {
            var quoted = Convert.ToBase64String(Encoding.Unicode.GetBytes($"\"{First}\""));
            await controller.ApplyLdifAsync($"dn: {user.DistinguishedName}\nchangetype: modify\nreplace: unicodePwd\nunicodePwd:: {quoted}\n-\nreplace: pwdLastSet\npwdLastSet: 0\n\n", Token);
        }
    }

    private async Task<long> LastSetInBetaAsync(LabUser user)
    {
        var values = await landscape.Beta.First.ReadAttributeAsync(landscape.InBeta(user).DistinguishedName, "pwdLastSet", Token);
        return long.Parse(Encoding.ASCII.GetString(values.Single()), System.Globalization.CultureInfo.InvariantCulture);
    }
}
