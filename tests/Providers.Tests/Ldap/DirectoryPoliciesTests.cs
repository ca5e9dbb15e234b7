using PasswordSync.Core.Deliveries;
using PasswordSync.Lab;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Ldap;
using PasswordSync.Providers.Policies;
using PasswordSync.Providers.Settings;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;
using PasswordPolicy = PasswordSync.Providers.Policies.PasswordPolicy;

namespace PasswordSync.Providers.Tests.Ldap;

/// <summary>What a directory's own policies ask for, on a real slapd with ppolicy, is known before a password is refused.</summary>
public sealed class DirectoryPoliciesTests(LabServers servers)
{
    private const string Check = "passwordPolicies";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_policy_that_the_directory_shows_is_compared_with_the_source()
    {
        await using var target = await OpenAsync(OpenLdapConformanceTarget.Kind);

        var report = await target.Provider.VerifyAsync(Token);

        report.Checks.Single(check => check.Name == Check).Result.ShouldBe(VerificationResult.Passed);
        var policy = report.Policies.Single(policy => policy.Name == $"the policy cn=policy,{target.Server.Suffix}");
        policy.ShouldBe(new PasswordPolicy(policy.Name) { LengthMin = 8, LengthMax = 256, HistoryLength = 3, AgeMax = TimeSpan.MaxValue });
        var source = new PasswordPolicy("the domain's policy") { LengthMin = 7, LengthMax = 256, HistoryLength = 2, AgeMax = TimeSpan.FromDays(42) };
        PolicyComparison.Compare([source], [policy]).Select(difference => difference.Rule).ShouldBe(["length", "history"]);
    }

    [Fact]
    public async Task The_settings_say_which_policies_hold_and_the_directory_refuses_what_they_say()
    {
        await using var target = await OpenAsync(OpenLdapConformanceTarget.Kind);
        var strict = await AddPolicyAsync(target, "pwdCheckQuality: 1\npwdMinLength: 12\npwdMaxLength: 64\npwdInHistory: 5\npwdMaxAge: 2592000\n");
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        await target.Server.ApplyLdifAsync($"dn: {target.DnOf(names)}\nchangetype: modify\nadd: pwdPolicySubentry\npwdPolicySubentry: {strict}\n", Token);
        await using var provider = OpenLdapConformanceTarget.Make(target.Options with { PasswordPolicies = [strict] });

        var policy = (await provider.VerifyAsync(Token)).Policies.ShouldHaveSingleItem();

        policy.ShouldBe(new PasswordPolicy($"the policy {strict}") { LengthMin = 12, LengthMax = 64, HistoryLength = 5, AgeMax = TimeSpan.FromDays(30) });
        (await SetAsync(provider, names.SamAccountName!, "Tw3lve.Chars")).ShouldBeOfType<DeliveryOutcome.Delivered>();
        (await SetAsync(provider, names.SamAccountName!, "El3ven.Char")).ShouldBeOfType<DeliveryOutcome.RefusedByPolicy>();
        (await SetAsync(provider, names.SamAccountName!, new string('x', 65))).ShouldBeOfType<DeliveryOutcome.RefusedByPolicy>();
    }

    [Fact]
    public async Task A_policy_that_does_not_check_quality_asks_for_no_length()
    {
        await using var target = await OpenAsync(OpenLdapConformanceTarget.Kind);
        var lax = await AddPolicyAsync(target, "pwdMinLength: 12\npwdMaxLength: 64\n");
        await using var provider = OpenLdapConformanceTarget.Make(target.Options with { PasswordPolicies = [lax], PasswordLengthMin = 6 });

        var policy = (await provider.VerifyAsync(Token)).Policies.ShouldHaveSingleItem();

        policy.ShouldBe(new PasswordPolicy($"the policy {lax}") { LengthMin = 6, LengthMax = 256, HistoryLength = 0, AgeMax = TimeSpan.MaxValue });
    }

    [Fact]
    public async Task A_policy_that_is_named_and_not_there_is_a_warning()
    {
        await using var target = await OpenAsync(OpenLdapConformanceTarget.Kind);
        await using var provider = OpenLdapConformanceTarget.Make(target.Options with { PasswordPolicies = [$"cn=policy,{target.Server.Suffix}", $"cn=nothing,{target.Server.Suffix}"] });

        var report = await provider.VerifyAsync(Token);

        report.IsGood.ShouldBeTrue();
        var check = report.Checks.Single(check => check.Name == Check);
        check.Result.ShouldBe(VerificationResult.Warned);
        check.Finding.ShouldContain("cn=nothing,");
    }

    [Theory]
    [InlineData(1, null)]
    [InlineData(8, 8)]
    public async Task Where_the_directory_shows_none_what_the_settings_say_counts(int configured, int? known)
    {
        await using var target = await OpenAsync(OpenLdapConformanceTarget.Kind with { ShowsPolicy = false });
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        await using var provider = OpenLdapConformanceTarget.Make(target.Options with { PasswordLengthMin = configured });

        var report = await provider.VerifyAsync(Token);

        report.IsGood.ShouldBeTrue();
        var check = report.Checks.Single(check => check.Name == Check);
        check.Result.ShouldBe(VerificationResult.NotRun);
        (check.Remedy?.Contains("passwordLengthMin")).ShouldBe(known is null ? true : null);
        var policy = report.Policies.ShouldHaveSingleItem();
        (policy.LengthMin, policy.LengthMax, policy.HistoryLength).ShouldBe((known, 256, null));
        (await SetAsync(provider, names.SamAccountName!, "Sh0rt!")).ShouldBeOfType<DeliveryOutcome.RefusedByPolicy>().Reason.Contains("8 characters that this target takes").ShouldBe(known is not null);
    }

    [Fact]
    public void The_settings_of_policies_are_read()
    {
        var good = new Dictionary<string, string>
        {
            ["servers"] = "ldap.gamma.test",
            ["bindName"] = "cn=sync,dc=gamma,dc=test",
            ["bindPassword"] = "env:P",
            ["base"] = "dc=gamma,dc=test",
            ["passwordLengthMin"] = "10",
            ["passwordPolicies:0"] = "cn=staff,dc=gamma,dc=test",
            ["passwordPolicies:1"] = "cn=guests,dc=gamma,dc=test",
        };

        var options = LdapTargetOptions.Read(new SettingsReader(good), NodeAllowList.Everything).ShouldNotBeNull();

        options.PasswordLengthMin.ShouldBe(10);
        options.PasswordPolicies.ShouldBe(["cn=staff,dc=gamma,dc=test", "cn=guests,dc=gamma,dc=test"]);
    }

    private async Task<OpenLdapConformanceTarget> OpenAsync(OpenLdapOptions kind) => new(await servers.DirectoryAsync(kind, Token), DirectorySecurity.Ldaps);

    /// <summary>A policy beside the directory's default one, which nobody has yet.</summary>
    private static async Task<string> AddPolicyAsync(OpenLdapConformanceTarget target, string rules)
    {
        var name = $"p{Guid.NewGuid():N}";
        var dn = $"cn={name},{target.Server.Suffix}";
        await target.Server.ApplyLdifAsync($"dn: {dn}\nchangetype: add\nobjectClass: person\nobjectClass: pwdPolicy\ncn: {name}\nsn: {name}\npwdAttribute: userPassword\n{rules}", Token);
        return dn;
    }

    private static async Task<DeliveryOutcome> SetAsync(LdapProvider provider, string login, string text)
    {
        var found = (await provider.PrepareAsync(Any.Query(login), Token)).ShouldBeOfType<Preparation.Found>();
        using var password = Any.Secret(text);
        return await provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token);
    }
}
