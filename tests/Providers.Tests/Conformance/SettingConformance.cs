using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Lab;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Execution;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Conformance;

/// <summary>What every provider must do.</summary>
public abstract class SettingConformance : ConformanceSuite
{
    public static TheoryData<string> AcceptedPasswords =>
    [
        "N3w.Passw0rd!",
        "Ünïcödé-€uro-7",
        "Combining-e\u0301a\u0308-7X",
        "Astral-\U0001F511\U0001F600-7x",
        " leading and trailing 7X ",
        "quotes\"'`\\<&>%{}7X",
        new string('x', 124) + "-A7€",
        string.Concat(Enumerable.Repeat("aB3€", 64)),
        string.Concat(Enumerable.Repeat("aB3!", 64)),
    ];

    [Theory]
    [MemberData(nameof(AcceptedPasswords))]
    public async Task A_password_that_was_set_is_the_password_and_one_outside_the_declared_rules_is_refused(string text)
    {
        await using var target = await OpenAsync(Token);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);

        var outcome = await SetAsync(target, names, text);

        if (target.Takes(text)) outcome.ShouldBeOfType<DeliveryOutcome.Delivered>();
        else outcome.ShouldBeOfType<DeliveryOutcome.RefusedByPolicy>();
        (await target.HasAsync(names, text, Token)).ShouldBe(target.Takes(text));
        (await target.HasAsync(names, "F0rmer.Passw0rd!", Token)).ShouldBe(!target.Takes(text));
    }

    [Fact]
    public async Task The_same_password_can_be_set_again()
    {
        await using var target = await OpenAsync(Token);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);

        (await SetAsync(target, names, "N3w.Passw0rd!")).IsSuccess.ShouldBeTrue();
        (await SetAsync(target, names, "N3w.Passw0rd!")).IsSuccess.ShouldBeTrue();
        (await target.HasAsync(names, "N3w.Passw0rd!", Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_password_that_the_rules_refuse_is_refused_by_policy_and_the_former_one_stays()
    {
        await using var target = await OpenAsync(Token);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);

        var outcome = await SetAsync(target, names, target.RefusedPassword);

        outcome.ShouldBeOfType<DeliveryOutcome.RefusedByPolicy>().Reason.ShouldNotBeEmpty();
        (await target.HasAsync(names, "F0rmer.Passw0rd!", Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task Half_a_surrogate_pair_is_set_or_refused_by_policy_as_the_description_says()
    {
        await using var target = await OpenAsync(Token);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);

        var outcome = await SetAsync(target, names, "Half-\ud83d-Passw0rd!");

        if (target.Provider.Description.Limits.NeedsWellFormedText) outcome.ShouldBeOfType<DeliveryOutcome.RefusedByPolicy>();
        else (outcome is DeliveryOutcome.Delivered or DeliveryOutcome.RefusedByPolicy).ShouldBeTrue(outcome.ToString());
        if (!outcome.IsSuccess) (await target.HasAsync(names, "F0rmer.Passw0rd!", Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_password_longer_than_declared_is_refused_by_policy()
    {
        await using var target = await OpenAsync(Token);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);

        (await SetAsync(target, names, "aB3!" + new string('x', target.Provider.Description.Limits.LengthMax))).ShouldBeOfType<DeliveryOutcome.RefusedByPolicy>();
    }

    [Fact]
    public async Task Nothing_is_written_after_the_deadline()
    {
        await using var target = await OpenAsync(Token);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var found = await FindAsync(target, names);
        var clock = new ManualClock();
        var permit = new WritePermit(clock.GetUtcNow().AddSeconds(10), clock);
        clock.Advance(TimeSpan.FromSeconds(10));
        using var password = Any.Secret("N3w.Passw0rd!");

        var outcome = await target.Provider.SetPasswordAsync(new SetRequest(found.Target, found.Mark, Any.CaptureId(), false, permit), password, Token);

        outcome.ShouldBeOfType<DeliveryOutcome.Transient>();
        permit.IsUsed.ShouldBeFalse();
        (await target.HasAsync(names, "F0rmer.Passw0rd!", Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_call_that_was_cancelled_before_it_began_writes_nothing()
    {
        await using var target = await OpenAsync(Token);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var found = await FindAsync(target, names);
        var request = Any.Set(found.Target, found.Mark, TimeProvider.System);

        // The provider itself: whoever calls it in the product would not begin at all.
        var outcome = await SetOrCancelAsync(target.Provider, request, "N3w.Passw0rd!", new CancellationToken(canceled: true));

        outcome.ShouldBeOfType<DeliveryOutcome.Transient>();
        request.Permit.IsUsed.ShouldBeFalse();
        (await target.HasAsync(names, "F0rmer.Passw0rd!", Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_call_that_is_cancelled_as_it_writes_tells_what_is_so_and_the_next_attempts_settle_it()
    {
        await using var target = await OpenAsync(Token);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var found = await FindAsync(target, names);
        var capture = Any.CaptureId();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var clock = new WatchedClock();
        var request = new SetRequest(found.Target, found.Mark, capture, MustChangeAtNextLogon: false, new WritePermit(clock.GetUtcNow() + Any.LongTime, clock));
        clock.Watch(ending.Cancel);

        var outcome = await SetOrCancelAsync(target.Provider, request, "N3w.Passw0rd!", ending.Token);

        // One that is unknown is asked nothing: a sign-in beside it would count as a failed one.
        ending.IsCancellationRequested.ShouldBeTrue();
        (outcome.IsSuccess || outcome is DeliveryOutcome.Transient or DeliveryOutcome.Unknown).ShouldBeTrue(outcome.ToString());
        if (outcome.IsSuccess) (await target.HasAsync(names, "N3w.Passw0rd!", Token)).ShouldBeTrue();
        if (outcome is DeliveryOutcome.Transient) (await target.HasAsync(names, "F0rmer.Passw0rd!", Token)).ShouldBeTrue();
        var executor = new AttemptExecutor(TimeProvider.System, NullLogger<AttemptExecutor>.Instance);
        using var password = Any.Secret("N3w.Passw0rd!");
        await Eventually.HoldsAsync(
            "the write to be settled", Any.LongTime,
            async token => (outcome = await executor.ExecuteAsync(
                target.Provider, Any.Attempt(found.Target, TimeProvider.System, Any.LongTime) with { ProbeFirst = true, ProbeAgainst = found.Mark }, capture, false, password, token)).IsSuccess,
            Token);
        (await target.HasAsync(names, "N3w.Passw0rd!", Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task Many_accounts_can_be_set_at_once()
    {
        await using var target = await OpenAsync(Token);
        var all = new List<AccountNames>();
        for (var i = 0; i < 8; i++) all.Add(await target.AddAsync("F0rmer.Passw0rd!", Token));

        var outcomes = await Task.WhenAll(all.Select((names, i) => SetAsync(target, names, $"N3w.Passw0rd.{i}")));

        outcomes.ShouldAllBe(outcome => outcome.IsSuccess);
        for (var i = 0; i < 8; i++) (await target.HasAsync(all[i], $"N3w.Passw0rd.{i}", Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_verification_of_good_settings_passes_and_changes_nothing()
    {
        await using var target = await OpenAsync(Token);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var before = await FindAsync(target, names);

        var report = await target.Provider.VerifyAsync(Token);

        report.IsGood.ShouldBeTrue(string.Join('\n', report.Checks));
        report.Checks.ShouldNotBeEmpty();
        (await FindAsync(target, names)).Mark.ShouldBe(before.Mark);
        (await target.HasAsync(names, "F0rmer.Passw0rd!", Token)).ShouldBeTrue();
    }

    /// <summary>Writes; a cancellation becomes what it means for whoever asked.</summary>
    private static async Task<DeliveryOutcome> SetOrCancelAsync(IProvider provider, SetRequest request, string text, CancellationToken cancellationToken)
    {
        using var password = Any.Secret(text);
        try
        {
            return await provider.SetPasswordAsync(request, password, cancellationToken).WaitAsync(Any.LongTime, Token);
        }
        catch (OperationCanceledException) when (!Token.IsCancellationRequested)
        {
            return request.Permit.IsUsed ? new DeliveryOutcome.Unknown("Cancelled after the permit was used.") : new DeliveryOutcome.Transient("Cancelled before the permit was used.");
        }
    }
}
