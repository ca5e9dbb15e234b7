using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Lab;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.EntraId;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.EntraId;

public sealed class EntraIdProviderTests
{
    private const string Canary = "C4nary!Passw0rd-7X";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(400, "Request_BadRequest", "The specified password does not comply with password complexity requirements.", typeof(DeliveryOutcome.RefusedByPolicy))]
    [InlineData(400, "Request_BadRequest", "Unable to update the specified properties for on-premises mastered Directory Sync objects.", typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(400, "Request_BadRequest", "Invalid value specified for property.", typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(401, "InvalidAuthenticationToken", "Access token has expired.", typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.", typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(404, "Request_ResourceNotFound", "Resource does not exist.", typeof(DeliveryOutcome.AccountNotFound))]
    [InlineData(409, "Directory_ConcurrencyViolation", "Concurrency violation.", typeof(DeliveryOutcome.Transient))]
    [InlineData(429, "TooManyRequests", "Too many requests.", typeof(DeliveryOutcome.Throttled))]
    [InlineData(500, "InternalServerError", "Something.", typeof(DeliveryOutcome.Unknown))]
    [InlineData(502, "BadGateway", "Something.", typeof(DeliveryOutcome.Unknown))]
    [InlineData(503, "ServiceUnavailable", "Something.", typeof(DeliveryOutcome.Unknown))]
    [InlineData(504, "GatewayTimeout", "Something.", typeof(DeliveryOutcome.Unknown))]
    public async Task An_error_has_one_meaning_and_an_echo_of_the_password_is_removed(int status, string code, string message, Type expected)
    {
        await using var target = await OpenAsync();
        var found = await FindAsync(target, await target.AddAsync("F0rmer.Passw0rd!", Token));
        target.Emulator.AnswerNextWrite(new GraphAnswer(status, code, message + " {password}", RetryAfter: null, IsApplied: false));

        var outcome = await SetAsync(target, found, Canary);

        outcome.ShouldBeOfType(expected);
        outcome.Explain().ShouldNotBeNull().ShouldContain(status.ToString(System.Globalization.CultureInfo.InvariantCulture));
        outcome.ToString().ShouldContain(code);
        outcome.ToString().ShouldNotContain(Canary);
        target.Emulator.Priorities.ShouldBe(["High"]);
    }

    [Fact]
    public async Task A_service_that_is_unavailable_and_names_a_pause_throttles()
    {
        await using var target = await OpenAsync();
        var found = await FindAsync(target, await target.AddAsync("F0rmer.Passw0rd!", Token));
        target.Emulator.AnswerNextWrite(new GraphAnswer(503, "ServiceUnavailable", "Busy.", RetryAfter: "60", IsApplied: false));
        var before = TimeProvider.System.GetUtcNow();

        (await SetAsync(target, found, Canary)).ShouldBeOfType<DeliveryOutcome.Throttled>().Until.ShouldBeInRange(before.AddSeconds(60), TimeProvider.System.GetUtcNow().AddSeconds(60));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_a_gateway_gave_up_the_time_of_the_last_change_tells_whether_to_write_again(bool isApplied)
    {
        await using var target = await OpenAsync();
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var found = await FindAsync(target, names);
        target.Emulator.AnswerNextWrite(new GraphAnswer(504, "GatewayTimeout", "Late.", RetryAfter: null, isApplied));
        (await SetAsync(target, found, Canary)).ShouldBeOfType<DeliveryOutcome.Unknown>();
        using var password = Any.Secret(Canary);

        var verdict = await target.Provider.ProbeAsync(new ProbeRequest(found.Target, AttemptKind.Write, found.Mark), password, Token);

        // A later time only says that somebody wrote, so the password is written once more.
        if (isApplied) verdict.ShouldBeOfType<ProbeVerdict.Inconclusive>();
        else verdict.ShouldBeOfType<ProbeVerdict.Absent>();
        (await SetAsync(target, found, Canary)).ShouldBeOfType<DeliveryOutcome.Delivered>();
        (await target.HasAsync(names, Canary, Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_user_is_found_by_the_guid_of_its_source_before_its_name()
    {
        await using var target = await OpenAsync();
        var account = new AccountId(new SourceId("alpha"), Guid.NewGuid());
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var renamed = target.Emulator.Directory.Add(
            new GraphUser(Guid.NewGuid(), "renamed@alpha.test") { ImmutableId = Convert.ToBase64String(account.ObjectGuid.ToByteArray()) }, "F0rmer.Passw0rd!");

        var found = (await target.Provider.PrepareAsync(new TargetQuery(Any.CaptureId(), account, names), Token)).ShouldBeOfType<Preparation.Found>();

        found.Target.Key.ShouldBe(renamed.Id.ToString());
        found.Target.DisplayName.ShouldBe("renamed@alpha.test");
    }

    [Fact]
    public async Task An_administrator_needs_a_role_and_the_reason_names_it()
    {
        await using var target = await OpenAsync();
        var admin = target.Emulator.Directory.Add(new GraphUser(Guid.NewGuid(), "admin@alpha.test") { IsAdministrator = true }, "F0rmer.Passw0rd!");

        var outcome = await SetAsync(target, new Preparation.Found(new TargetAccount(admin.Id.ToString(), "admin", null), null), Canary);

        outcome.ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason.ShouldContain("Privileged Authentication Administrator");
        outcome.Explain()!.ShouldContain("User-PasswordProfile.ReadWrite.All");
    }

    [Fact]
    public async Task Guests_federated_users_and_users_mastered_elsewhere_are_told_apart()
    {
        await using var target = await OpenAsync(options => options with { FederatedDomain = "federated.test" });
        target.Emulator.Directory.Add(new GraphUser(Guid.NewGuid(), "guest@alpha.test") { UserType = "Guest" }, "F0rmer.Passw0rd!");
        target.Emulator.Directory.Add(new GraphUser(Guid.NewGuid(), "fred@federated.test"), "F0rmer.Passw0rd!");
        target.Emulator.Directory.Add(new GraphUser(Guid.NewGuid(), "sync@alpha.test") { IsMasteredOnPremises = true }, "F0rmer.Passw0rd!");

        (await target.Provider.PrepareAsync(Any.Query(Any.Names("guest")), Token)).ShouldBeOfType<Preparation.Obstacle>().Outcome.ShouldBeOfType<DeliveryOutcome.AccountNotFound>().Reason.ShouldContain("guest");
        var federated = await FindAsync(target, Any.Names("fred") with { UserPrincipalName = "fred@federated.test" });
        (await SetAsync(target, federated, Canary)).ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason.ShouldContain("identity provider");
        (await SetAsync(target, await FindAsync(target, Any.Names("sync")), Canary)).ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason.ShouldContain("password hash sync");
    }

    [Theory]
    [InlineData(false, true, false)]
    [InlineData(true, true, true)]
    [InlineData(true, false, false)]
    public async Task A_password_that_must_be_changed_is_carried_only_if_the_setting_says_so(bool carries, bool isAsked, bool expected)
    {
        await using var target = await OpenAsync();
        await using var provider = target.Make(target.Options with { CarryMustChange = carries });
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var found = await FindAsync(target, names);
        using var password = Any.Secret(Canary);

        (await provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System) with { MustChangeAtNextLogon = isAsked }, password, Token)).IsSuccess.ShouldBeTrue();

        target.UserOf(names).MustChange.ShouldBe(expected);
    }

    [Fact]
    public async Task A_token_is_used_until_it_ends_and_one_that_was_revoked_is_replaced_by_the_next_attempt()
    {
        await using var target = await OpenAsync();
        var found = await FindAsync(target, await target.AddAsync("F0rmer.Passw0rd!", Token));
        (await SetAsync(target, found, Canary)).IsSuccess.ShouldBeTrue();
        target.Emulator.TokensGiven.ShouldBe(1);

        target.Emulator.RevokeTokens();

        (await SetAsync(target, found, Canary)).ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason.ShouldContain("401");
        (await SetAsync(target, found, Canary)).IsSuccess.ShouldBeTrue();
    }

    [Fact]
    public void Unnamed_pauses_double_up_to_the_window_and_begin_anew_after_a_success()
    {
        var pause = new UnnamedPause();

        Enumerable.Range(0, 7).Select(_ => pause.Next().TotalSeconds).ShouldBe([5, 10, 20, 40, 80, 150, 150]);
        pause.Reset();
        pause.Next().ShouldBe(UnnamedPause.Min);
    }

    [Fact]
    public async Task A_verification_warns_of_password_hash_sync_and_of_federated_domains()
    {
        await using var target = await OpenAsync(options => options with { IsSynchronised = true, SynchronisesHashes = true, FederatedDomain = "federated.test" });

        var report = await target.Provider.VerifyAsync(Token);

        report.IsGood.ShouldBeTrue();
        report.Checks.Single(check => check.Name == "rights").Finding.ShouldContain("administrator roles");
        var warnings = report.Checks.Where(check => check.Result == VerificationResult.Warned).ToDictionary(check => check.Name, check => check.Finding);
        warnings.Keys.ShouldBe(["synchronisation", "federation"], ignoreOrder: true);
        warnings["synchronisation"].ShouldContain("password hashes");
        warnings["federation"].ShouldContain("federated.test");
    }

    [Fact]
    public async Task A_verification_without_the_right_names_the_permission()
    {
        await using var target = await OpenAsync();
        await using var provider = await target.WithoutRightsAsync(Token);

        var report = await provider.VerifyAsync(Token);

        report.IsGood.ShouldBeFalse();
        var rights = report.Checks.Single(check => check.Name == "rights");
        rights.Result.ShouldBe(VerificationResult.Failed);
        rights.Remedy!.ShouldContain("User-PasswordProfile.ReadWrite.All");
        report.Checks.Single(check => check.Name == "synchronisation").Result.ShouldBe(VerificationResult.NotRun);
    }

    private static Task<EntraConformanceTarget> OpenAsync(Func<GraphEmulatorOptions, GraphEmulatorOptions>? configure = null) =>
        EntraConformanceTarget.OpenAsync(withCertificate: false, configure ?? (options => options), budget: null, Token);

    private static async Task<Preparation.Found> FindAsync(EntraConformanceTarget target, AccountNames names) =>
        (await target.Provider.PrepareAsync(Any.Query(names), Token)).ShouldBeOfType<Preparation.Found>();

    private static async Task<DeliveryOutcome> SetAsync(EntraConformanceTarget target, Preparation.Found found, string text)
    {
        using var password = Any.Secret(text);
        return await target.Provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token);
    }
}
