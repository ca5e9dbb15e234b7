using PasswordSync.EndToEnd.Support;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.EndToEnd;

/// <summary>The main job: a change at a real DC becomes the password in another domain and in an OpenLDAP directory.</summary>
public sealed class Password_changes(Landscape landscape)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory(Timeout = 600_000)]
    [InlineData(PasswordChangeWay.LdapReplace)]
    [InlineData(PasswordChangeWay.LdapDeleteAndAdd)]
    [InlineData(PasswordChangeWay.KerberosPassword)]
    [InlineData(PasswordChangeWay.SambaTool)]
    [InlineData(PasswordChangeWay.SmbPassword)]
    public async Task A_change_in_any_way_arrives_and_the_old_password_no_longer_works(PasswordChangeWay way)
    {
        var user = landscape.NextUser();

        await ChangeAsync(way, user, user.InitialPassword, "Autumn.2026!x");

        await landscape.ArrivesEverywhereAsync(user, "Autumn.2026!x", Token);
        (await landscape.Beta.First.BindAsync(landscape.InBeta(user), user.InitialPassword, Token)).Accepted.ShouldBeFalse();
        (await landscape.Gamma.BindAsync(landscape.InGamma(user), user.InitialPassword, Token)).Accepted.ShouldBeFalse();
    }

    [Fact(Timeout = 600_000)]
    public async Task Fifty_people_changing_at_once_each_get_their_own_password()
    {
        await Parallel.ForEachAsync(landscape.Crowd, new ParallelOptions { MaxDegreeOfParallelism = landscape.Crowd.Count, CancellationToken = Token }, async (user, _) =>
            await ChangeAsync(PasswordChangeWay.LdapReplace, user, user.InitialPassword, $"Crowd.{user.AccountName}!"));

        foreach (var user in landscape.Crowd) await landscape.ArrivesEverywhereAsync(user, $"Crowd.{user.AccountName}!", Token);
    }

    [Fact(Timeout = 600_000)]
    public async Task Of_two_quick_changes_the_last_one_wins_everywhere()
    {
        var user = landscape.NextUser();

        await ChangeAsync(PasswordChangeWay.LdapReplace, user, user.InitialPassword, "First.2026!x");
        await ChangeAsync(PasswordChangeWay.LdapReplace, user, "First.2026!x", "Second.2026!x");

        await landscape.ArrivesEverywhereAsync(user, "Second.2026!x", Token);

        // The first may still have been on its way.
        await landscape.DecidesAsync(user, captures: 2, Token);
        await landscape.ArrivesEverywhereAsync(user, "Second.2026!x", Token);
        (await landscape.Beta.First.BindAsync(landscape.InBeta(user), "First.2026!x", Token)).Accepted.ShouldBeFalse();
        (await landscape.Gamma.BindAsync(landscape.InGamma(user), "First.2026!x", Token)).Accepted.ShouldBeFalse();
    }

    [Fact(Timeout = 600_000)]
    public async Task The_same_password_set_again_is_sent_once_for_each_stamp()
    {
        var user = landscape.NextUser();
        await ChangeAsync(PasswordChangeWay.LdapReplace, user, user.InitialPassword, "Again.2026!x");
        await landscape.ArrivesEverywhereAsync(user, "Again.2026!x", Token);
        var before = await landscape.Beta.First.ReadPasswordStampAsync(landscape.InBeta(user), Token);

        await ChangeAsync(PasswordChangeWay.LdapReplace, user, "Again.2026!x", "Again.2026!x");

        await Eventually.HoldsAsync("the second set in beta", Landscape.ArrivalBound, async token =>
            (await landscape.Beta.First.ReadPasswordStampAsync(landscape.InBeta(user), token))!.Version > before!.Version, Token);

        // Whatever else were sent would have come by the time that a later change of somebody else is there.
        await landscape.DecidesAsync(user, captures: 2, Token);
        var witness = landscape.NextUser();
        await ChangeAsync(PasswordChangeWay.LdapReplace, witness, witness.InitialPassword, "Witness.Again.2026!");
        await landscape.ArrivesEverywhereAsync(witness, "Witness.Again.2026!", Token);
        (await landscape.Beta.First.ReadPasswordStampAsync(landscape.InBeta(user), Token))!.Version.ShouldBe(before!.Version + 1);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_change_that_the_source_refuses_is_not_sent()
    {
        var user = landscape.NextUser();
        await ChangeAsync(PasswordChangeWay.LdapDeleteAndAdd, user, user.InitialPassword, "Kept.2026!x");
        await landscape.ArrivesEverywhereAsync(user, "Kept.2026!x", Token);

        // The hook sees it, and then the history refuses it.
        var said = landscape.NodeLogEnd;
        var refused = await landscape.Alpha.First.ChangePasswordAsync(PasswordChangeWay.LdapDeleteAndAdd, user, "Kept.2026!x", user.InitialPassword, Token);

        refused.Accepted.ShouldBeFalse();
        await landscape.NodeSaysAsync(said, Token, "RefusedBySource");
        (await landscape.Beta.First.BindAsync(landscape.InBeta(user), "Kept.2026!x", Token)).Accepted.ShouldBeTrue();
        (await landscape.Gamma.BindAsync(landscape.InGamma(user), "Kept.2026!x", Token)).Accepted.ShouldBeTrue();
    }

    [Theory(Timeout = 600_000)]
    [InlineData("Pässwört.€.2026", PasswordChangeWay.LdapReplace)]
    [InlineData("Pässwört.€.2027", PasswordChangeWay.KerberosPassword)]
    [InlineData("Pässwört.€.2028", PasswordChangeWay.SmbPassword)]
    [InlineData("Combining.e\u0301.2026!", PasswordChangeWay.LdapReplace)]
    [InlineData("Beyond.\U0001F511\U0001F9C2.2026!", PasswordChangeWay.LdapReplace)]
    [InlineData("Beyond.\U0001F511\U0001F9C2.2027!", PasswordChangeWay.KerberosPassword)]
    public async Task A_password_beyond_ascii_arrives_as_it_is(string password, PasswordChangeWay way)
    {
        var user = landscape.NextUser();

        await ChangeAsync(way, user, user.InitialPassword, password);

        await landscape.ArrivesEverywhereAsync(user, password, Token);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_password_of_256_characters_arrives()
    {
        var user = landscape.NextUser();
        var password = string.Concat(Enumerable.Repeat("Aé€4", 64));

        await ChangeAsync(PasswordChangeWay.LdapReplace, user, user.InitialPassword, password);

        await landscape.ArrivesEverywhereAsync(user, password, Token);
    }

    private async Task ChangeAsync(PasswordChangeWay way, LabUser user, string current, string replacement)
    {
        var result = await landscape.Alpha.First.ChangePasswordAsync(way, user, current, replacement, Token);
        result.Accepted.ShouldBeTrue(result.Diagnostics);
    }
}
