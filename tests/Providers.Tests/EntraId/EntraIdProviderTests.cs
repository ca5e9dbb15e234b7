using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Lab;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.EntraId;
using PasswordSync.Providers.Policies;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;
using PasswordPolicy = PasswordSync.Providers.Policies.PasswordPolicy;

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

    [Theory]
    [InlineData("60", 60)]
    [InlineData("2.128", 2.128)]
    [InlineData("99999999999", 3_600)]
    public async Task A_service_that_is_unavailable_and_names_a_pause_throttles(string retryAfter, double seconds)
    {
        await using var target = await OpenAsync();
        var found = await FindAsync(target, await target.AddAsync("F0rmer.Passw0rd!", Token));
        target.Emulator.AnswerNextWrite(new GraphAnswer(503, "ServiceUnavailable", "Busy.", retryAfter, IsApplied: false));
        var before = TimeProvider.System.GetUtcNow();

        (await SetAsync(target, found, Canary)).ShouldBeOfType<DeliveryOutcome.Throttled>().Until.ShouldBeInRange(before.AddSeconds(seconds), TimeProvider.System.GetUtcNow().AddSeconds(seconds));
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
        var clock = new ManualClock();
        var pause = new UnnamedPause(clock);

        foreach (var seconds in (int[])[5, 10, 20, 40, 80, 150, 150])
        {
            pause.AfterWrite().ShouldBe(TimeSpan.FromSeconds(seconds));
            clock.Advance(TimeSpan.FromSeconds(seconds));
        }

        pause.Reset();
        pause.AfterWrite().ShouldBe(UnnamedPause.Min);
    }

    [Fact]
    public void While_an_unnamed_pause_runs_it_is_neither_doubled_nor_ended_and_reads_never_double_it()
    {
        var clock = new ManualClock();
        var pause = new UnnamedPause(clock);

        for (var i = 0; i < 3; i++) pause.AfterRead().ShouldBe(UnnamedPause.Min);
        pause.AfterWrite().ShouldBe(UnnamedPause.Min);
        clock.Advance(TimeSpan.FromSeconds(2));
        pause.Reset();
        pause.AfterWrite().ShouldBe(TimeSpan.FromSeconds(3));
        pause.AfterRead().ShouldBe(TimeSpan.FromSeconds(3));
        clock.Advance(TimeSpan.FromSeconds(3));
        pause.AfterWrite().ShouldBe(2 * UnnamedPause.Min);
    }

    [Fact]
    public async Task Writes_at_once_that_are_refused_without_a_pause_begin_one_and_refusals_that_name_one_count_for_nothing()
    {
        await using var target = await OpenAsync();
        var clock = new ManualClock();
        await using var provider = new EntraIdProvider(target.Options, Any.Context(clock), target.Budget);
        var found = await FindAsync(target, await target.AddAsync("F0rmer.Passw0rd!", Token));

        for (var i = 0; i < 6; i++) (await RefusedAsync("120")).ShouldBe(clock.GetUtcNow().AddSeconds(120));
        (await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => RefusedAsync(null)))).ShouldAllBe(until => until == clock.GetUtcNow().AddSeconds(5));
        clock.Advance(TimeSpan.FromSeconds(5));
        (await RefusedAsync(null)).ShouldBe(clock.GetUtcNow().AddSeconds(10));

        async Task<DateTimeOffset> RefusedAsync(string? retryAfter)
        {
            target.Emulator.AnswerNextWrite(new GraphAnswer(429, "TooManyRequests", "Too many requests.", retryAfter, IsApplied: false));
            using var password = Any.Secret(Canary);
            return (await provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token)).ShouldBeOfType<DeliveryOutcome.Throttled>().Until;
        }
    }

    [Theory]
    [InlineData(429, "120", 120)]
    [InlineData(429, null, 30)]
    [InlineData(503, "7", 7)]
    public async Task An_authority_that_asks_for_a_pause_gets_it(int status, string? retryAfter, int seconds)
    {
        await using var target = await OpenAsync();
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var clock = new ManualClock();
        await using var provider = new EntraIdProvider(target.Options, Any.Context(clock), target.Budget);
        target.Emulator.RefuseNextToken(status, retryAfter);

        var outcome = (await provider.PrepareAsync(Any.Query(names), Token)).ShouldBeOfType<Preparation.Obstacle>().Outcome;

        outcome.ShouldBeOfType<DeliveryOutcome.Throttled>().Until.ShouldBe(clock.GetUtcNow().AddSeconds(seconds));
    }

    [Theory]
    [InlineData(null, "expiry not known")]
    [InlineData(90, "expires after 90 days")]
    [InlineData(int.MaxValue, "never expires")]
    public async Task A_verification_reads_when_passwords_expire_and_tells_of_the_complexity(int? days, string expiry)
    {
        await using var target = await OpenAsync(options => options with { PasswordValidityDays = days, FederatedDomain = "federated.test" });

        var policies = (await target.Provider.VerifyAsync(Token)).Policies;

        policies.ShouldHaveSingleItem().Describe().ShouldBe($"Entra ID's policy: 8 to 256 characters, complexity, no history, {expiry}");
        var source = new PasswordPolicy("the domain's policy") { LengthMin = 8, LengthMax = 256, IsComplex = false, AgeMax = TimeSpan.FromDays(120) };
        PolicyComparison.Compare([source], policies).Select(difference => difference.Rule).ShouldBe(days == 90 ? ["complexity", "age", "characters"] : ["complexity", "characters"]);
        PolicyComparison.Compare([source], [PasswordPolicy.Of(target.Provider.Description.Limits)]).Select(difference => difference.Rule).ShouldBe(["complexity", "characters"]);
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
    public async Task A_verification_whose_roots_cannot_be_read_names_the_file()
    {
        await using var target = await OpenAsync();
        var http = target.Options.Graph with { TrustedRoots = "/none/roots.pem" };
        await using var provider = target.Make(target.Options with { Authority = http, Graph = http });

        var report = await provider.VerifyAsync(Token);

        report.Checks.Single(check => check.Name == "credentials").Finding.ShouldContain("/none/roots.pem");
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
