using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.PostgreSqlRoles;

public sealed class PostgreSqlRolesProviderTests(PostgreSqlRolesServer server)
{
    private const string Canary = "C4nary!Passw0rd-€-7X";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_log_of_the_server_shows_the_password()
    {
        await using var target = new PostgreSqlRolesTarget(server, readsVerifiers: false);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        (await SetAsync(target.Provider, names.SamAccountName, Canary)).ShouldBeOfType<DeliveryOutcome.Delivered>();
        (await ProbeAsync(target, names.SamAccountName, Canary)).ShouldBeOfType<ProbeVerdict.Present>();

        var log = await File.ReadAllTextAsync(server.Server.LogFile, Token);
        log.ShouldContain($"ALTER ROLE \"{names.SamAccountName}\" PASSWORD 'SCRAM-SHA-256$4096:");
        log.ShouldNotContain("C4nary");
    }

    [Theory]
    [InlineData("SUPERUSER LOGIN", "superuser")]
    [InlineData("NOLOGIN", "may not log in")]
    [InlineData("LOGIN", "not a member")]
    public async Task Roles_that_the_settings_leave_alone_are_not_found(string kind, string reason)
    {
        var role = $"r{Guid.NewGuid():N}"[..16];
        await server.Server.RunSqlAsync($"CREATE ROLE {role} {kind}; CREATE ROLE {role}_group", Token);
        await using var target = new PostgreSqlRolesTarget(server, readsVerifiers: true);
        await using var provider = PostgreSqlRolesTarget.Make(target.Options with { MemberOf = $"{role}_group" });

        (await provider.PrepareAsync(Any.Query(role), Token)).ShouldBeOfType<Preparation.Obstacle>().Outcome.ShouldBeOfType<DeliveryOutcome.AccountNotFound>().Reason.ShouldContain(reason);
    }

    [Fact]
    public async Task Members_through_other_roles_are_members()
    {
        var role = $"m{Guid.NewGuid():N}"[..16];
        await server.Server.RunSqlAsync($"CREATE ROLE {role}_all; CREATE ROLE {role}_some IN ROLE {role}_all; CREATE ROLE {role} LOGIN IN ROLE {role}_some", Token);
        await using var target = new PostgreSqlRolesTarget(server, readsVerifiers: false);
        await using var provider = PostgreSqlRolesTarget.Make(target.Options with { MemberOf = $"{role}_all" });

        (await SetAsync(provider, role, Canary)).ShouldBeOfType<DeliveryOutcome.Delivered>();
        (await target.HasAsync(Any.Names(role), Canary, Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_role_that_the_service_may_not_change_is_a_misconfiguration_that_says_what_is_missing()
    {
        await using var target = new PostgreSqlRolesTarget(server, readsVerifiers: false);
        var role = $"s{Guid.NewGuid():N}"[..16];
        await server.Server.RunSqlAsync($"CREATE ROLE {role} SUPERUSER LOGIN", Token);
        await using var provider = PostgreSqlRolesTarget.Make(target.Options with { Superusers = true });

        (await SetAsync(provider, role, Canary)).ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason.ShouldContain("superusers");
    }

    [Fact]
    public async Task Without_the_right_to_read_verifiers_one_log_in_tells_unless_the_password_has_ended()
    {
        await using var target = new PostgreSqlRolesTarget(server, readsVerifiers: false);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);

        (await ProbeAsync(target, names.SamAccountName, "F0rmer.Passw0rd!")).ShouldBeOfType<ProbeVerdict.Present>();
        (await ProbeAsync(target, names.SamAccountName, Canary)).ShouldBeOfType<ProbeVerdict.Absent>();
        await server.Server.RunSqlAsync($"ALTER ROLE {names.SamAccountName} VALID UNTIL '2020-01-01'", Token);
        (await ProbeAsync(target, names.SamAccountName, "F0rmer.Passw0rd!")).ShouldBeOfType<ProbeVerdict.Inconclusive>().Reason.ShouldContain("valid until 2020");
    }

    [Fact]
    public async Task A_verification_says_what_the_service_can_do()
    {
        await using var target = new PostgreSqlRolesTarget(server, readsVerifiers: false);
        await using var powerless = await target.WithoutRightsAsync(Token);

        var report = await powerless.VerifyAsync(Token);

        report.Checks.Single(check => check.Name == "rights").Result.ShouldBe(VerificationResult.Failed);
        report.Checks.Single(check => check.Name == "rights").Remedy!.ShouldContain("CREATEROLE");
    }

    private static async Task<DeliveryOutcome> SetAsync(IProvider provider, string role, string text)
    {
        var preparation = await provider.PrepareAsync(Any.Query(role), Token);
        var found = preparation.ShouldBeOfType<Preparation.Found>($"{preparation}");
        using var password = Any.Secret(text);
        return await provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token);
    }

    private static async Task<ProbeVerdict> ProbeAsync(PostgreSqlRolesTarget target, string role, string text)
    {
        var found = (await target.Provider.PrepareAsync(Any.Query(role), Token)).ShouldBeOfType<Preparation.Found>();
        using var password = Any.Secret(text);
        return await target.Provider.ProbeAsync(new ProbeRequest(found.Target, AttemptKind.Write, null), password, Token);
    }
}
