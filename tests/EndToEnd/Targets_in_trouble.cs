using PasswordSync.EndToEnd.Support;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.EndToEnd;

/// <summary>Targets that refuse, miss the user, are down, or stay silent.</summary>
public sealed class Targets_in_trouble(Landscape landscape)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task A_password_that_a_target_refuses_by_policy_is_parked_with_the_reason_and_the_other_targets_get_it()
    {
        // Alpha takes twelve characters; beta wants fourteen.
        var user = landscape.NextUser();
        var policy = new PasswordPolicy { MinimumLength = 14 };
        await landscape.Beta.SetPasswordPolicyAsync(policy, Token);
        try
        {
            var said = landscape.NodeLogEnd;
            await ChangeAsync(user, "Short.2026!x");
            await landscape.ArrivesInGammaAsync(user, "Short.2026!x", Token);
            await landscape.NodeSaysAsync(said, Token, "beta: change", "is parked: RefusedByPolicy", "It should be equal or longer than 14 characters!", "Likely rule: minimum length, which is 14 here.");
        }
        finally
        {
            await landscape.Beta.SetPasswordPolicyAsync(new PasswordPolicy(), Token);
        }

        (await landscape.Beta.First.BindAsync(landscape.InBeta(user), user.InitialPassword, Token)).Accepted.ShouldBeTrue();
    }

    [Fact(Timeout = 600_000)]
    public async Task A_user_who_is_missing_in_a_target_gets_the_password_there_when_the_account_appears()
    {
        var user = await landscape.Alpha.AddUserAsync("newcomer", "Init.Passw0rd.x", Token);
        var said = landscape.NodeLogEnd;
        await ChangeAsync(user, "Newcomer.2026!x");
        await landscape.NodeSaysAsync(said, Token, "gamma", "AccountNotFound");

        var there = await landscape.Gamma.AddUserAsync("newcomer", "Other.Passw0rd.x", Token);

        await Eventually.HoldsAsync("the newcomer's password in gamma", Landscape.ArrivalBound, async token => (await landscape.Gamma.BindAsync(there, "Newcomer.2026!x", token)).Accepted, Token);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_user_who_is_renamed_and_moved_keeps_being_synchronised()
    {
        var user = landscape.NextUser();
        var container = landscape.Alpha.BaseName;
        await landscape.Alpha.First.ApplyLdifAsync($"dn: {user.DistinguishedName}\nchangetype: modrdn\nnewrdn: CN=moved-{user.AccountName}\ndeleteoldrdn: 1\nnewsuperior: CN=Users,{container}\n\n", Token);
        var moved = user with { DistinguishedName = $"CN=moved-{user.AccountName},CN=Users,{container}" };

        await ChangeAsync(moved, "Moved.2026!x");

        await landscape.ArrivesEverywhereAsync(user, "Moved.2026!x", Token);
    }

    [Fact(Timeout = 1_200_000)]
    public async Task A_user_who_gets_another_login_name_keeps_being_synchronised_once_the_targets_call_them_so_too()
    {
        // Not for the first time: the identity and its accounts in the targets are known by the former name.
        var user = landscape.NextUser();
        await ChangeAsync(user, "Before.2026!x");
        await landscape.ArrivesEverywhereAsync(user, "Before.2026!x", Token);
        var name = $"{user.AccountName}-married";
        await RenameAsync(landscape.Alpha, user, name);
        var said = landscape.NodeLogEnd;

        await ChangeAsync(user, "Married.2026!x");

        await landscape.NodeSaysAsync(said, Token, "gamma: change", "AccountNotFound", name);
        await landscape.NodeSaysAsync(said, Token, "beta: change", "AccountNotFound", name);
        await RenameAsync(landscape.Beta, landscape.InBeta(user), name);
        await landscape.Gamma.ApplyLdifAsync($"dn: {landscape.InGamma(user).DistinguishedName}\nchangetype: modify\nadd: uid\nuid: {name}\n\n", Token);
        await landscape.ArrivesEverywhereAsync(user, "Married.2026!x", Token);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_user_who_is_deleted_and_made_again_with_the_same_name_is_a_new_account_and_is_synchronised()
    {
        var first = await landscape.Alpha.AddUserAsync("phoenix", "Init.Passw0rd.x", Token);
        var there = await landscape.Gamma.AddUserAsync("phoenix", "Other.Passw0rd.x", Token);
        await ChangeAsync(first, "Phoenix.2026!1");
        await Eventually.HoldsAsync("the first password in gamma", Landscape.ArrivalBound, async token => (await landscape.Gamma.BindAsync(there, "Phoenix.2026!1", token)).Accepted, Token);
        await landscape.Alpha.First.ApplyLdifAsync($"dn: {first.DistinguishedName}\nchangetype: delete\n\n", Token);

        await landscape.Alpha.AddUserAsync("phoenix", "Phoenix.2026!2", Token);

        // A new account of the same name has come in the former one's place, and with it the right to the account in gamma.
        await Eventually.HoldsAsync("the new account's password in gamma", Landscape.ArrivalBound, async token => (await landscape.Gamma.BindAsync(there, "Phoenix.2026!2", token)).Accepted, Token);
        (await landscape.Gamma.BindAsync(there, "Phoenix.2026!1", Token)).Accepted.ShouldBeFalse();
    }

    [Fact(Timeout = 600_000)]
    public async Task What_could_not_be_delivered_while_a_target_was_down_arrives_when_it_is_up_without_help()
    {
        var user = await landscape.NextUserAsync("delta", Token);
        await landscape.Delta.StopAsync(Token);
        var said = landscape.NodeLogEnd;
        await ChangeAsync(user, "Down.2026!1");
        await ChangeAsync(user, "Down.2026!2");
        await landscape.ArrivesEverywhereAsync(user, "Down.2026!2", Token);
        await landscape.NodeSaysAsync(said, Token, "delta", "is tried again");

        await landscape.Delta.StartAsync(Token);

        await ArrivesInDeltaAsync(user, "Down.2026!2");
        (await landscape.Delta.BindAsync(landscape.InDelta(user), "Down.2026!1", Token)).Accepted.ShouldBeFalse();
    }

    [Fact(Timeout = 600_000)]
    public async Task What_met_a_wrong_bind_password_arrives_with_the_first_change_after_it_is_right_again_and_not_a_quarter_of_an_hour_later()
    {
        var (first, second) = (await landscape.NextUserAsync("delta", Token), await landscape.NextUserAsync("delta", Token));
        var file = Path.Combine(landscape.SecretsOfDelta, "directory-synchronisation");
        var right = await File.ReadAllTextAsync(file, Token);
        await File.WriteAllTextAsync(file, "not the password", Token);
        await landscape.Delta.StopAsync(Token);
        await landscape.Delta.StartAsync(Token);
        var said = landscape.NodeLogEnd;
        await ChangeAsync(first, "Misconfigured.2026!1");
        await landscape.NodeSaysAsync(said, Token, "delta", "TargetMisconfigured");

        await File.WriteAllTextAsync(file, right, Token);
        await ChangeAsync(second, "Misconfigured.2026!2");

        await ArrivesInDeltaAsync(second, "Misconfigured.2026!2");
        await ArrivesInDeltaAsync(first, "Misconfigured.2026!1");
    }

    // A node carries out 8 deliveries of a point at once. If targets shared these places, those for the silent one would hold them, eight by eight, for longer than the arrival of the change after them may take.
    [Fact(Timeout = 1_200_000)]
    public async Task A_target_that_accepts_connections_and_stays_silent_delays_nobody_else()
    {
        Landscape.Silence.ShouldBeGreaterThan(Landscape.ArrivalBound);
        var silent = new List<LabUser>();
        for (var i = 0; i < 20; i++) silent.Add(await landscape.NextUserAsync("silent", Token));
        var accepted = landscape.Silent.Accepted;
        try
        {
            foreach (var user in silent) await ChangeAsync(user, "Silence.2026!x");
            await Eventually.HoldsAsync("a connection to the silent target", Landscape.ArrivalBound, _ => Task.FromResult(landscape.Silent.Accepted > accepted), Token);

            var other = landscape.NextUser();
            await ChangeAsync(other, "Loud.2026!x");
            await landscape.ArrivesEverywhereAsync(other, "Loud.2026!x", Token);
            foreach (var user in silent) await landscape.ArrivesEverywhereAsync(user, "Silence.2026!x", Token);
        }
        finally
        {
            // A node that is told to end waits for what is under way.
            landscape.Silent.HangUp();
        }
    }

    private async Task ArrivesInDeltaAsync(LabUser user, string password) => await Eventually.HoldsAsync(
        $"{user.AccountName}'s password in delta", Landscape.ArrivalBound, async token => (await landscape.Delta.BindAsync(landscape.InDelta(user), password, token)).Accepted, Token);

    private static Task RenameAsync(SambaDomain domain, LabUser user, string name) =>
        domain.First.ApplyLdifAsync($"dn: {user.DistinguishedName}\nchangetype: modify\nreplace: sAMAccountName\nsAMAccountName: {name}\n\n", Token);

    private async Task ChangeAsync(LabUser user, string password)
    {
        var result = await landscape.Alpha.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, user.InitialPassword, password, Token);
        result.Accepted.ShouldBeTrue(result.Diagnostics);
    }
}
