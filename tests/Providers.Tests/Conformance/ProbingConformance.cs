using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Conformance;

/// <summary>What providers must do that look accounts up and show marks.</summary>
public abstract class ProbingConformance : LookupConformance
{
    [Fact]
    public async Task An_account_keeps_its_key_and_a_mark_changes_with_every_set()
    {
        await using var target = await OpenAsync(Token);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var first = await FindAsync(target, names);
        (await FindAsync(target, names)).ShouldBe(first);

        var set = (await SetAsync(target, names, "N3w.Passw0rd!")).ShouldBeOfType<DeliveryOutcome.Delivered>();
        var second = await FindAsync(target, names);

        first.Mark.ShouldNotBeNull();
        second.Target.Key.ShouldBe(first.Target.Key);
        second.Mark.ShouldBe(set.Mark);
        second.Mark.ShouldNotBe(first.Mark);
        (await SetAsync(target, names, "N3xt.Passw0rd!")).ShouldBeOfType<DeliveryOutcome.Delivered>().Mark.ShouldNotBe(set.Mark);
    }

    [Fact]
    public async Task After_a_write_that_never_arrived_the_password_is_absent()
    {
        await using var target = await OpenAsync(Token);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var before = await FindAsync(target, names);

        (await ProbeAsync(target, before, AttemptKind.Write, before.Mark, "N3w.Passw0rd!")).ShouldBeOfType<ProbeVerdict.Absent>();
    }

    [Fact]
    public async Task After_a_write_that_arrived_without_an_answer_the_password_is_present_where_one_can_sign_in()
    {
        await using var target = await OpenAsync(Token);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var before = await FindAsync(target, names);
        (await SetAsync(target, names, "N3w.Passw0rd!")).IsSuccess.ShouldBeTrue();

        var verdict = await ProbeAsync(target, before, AttemptKind.Write, before.Mark, "N3w.Passw0rd!");
        if (!target.Provider.Description.CanProbeBySignIn) verdict.ShouldBeOfType<ProbeVerdict.Inconclusive>();
        else verdict.ShouldBeOfType<ProbeVerdict.Present>().Mark.ShouldBe((await FindAsync(target, names)).Mark);
    }

    [Fact]
    public async Task After_somebody_else_wrote_the_password_is_never_taken_for_present()
    {
        await using var target = await OpenAsync(Token);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var before = await FindAsync(target, names);
        await ((IProbingTarget)target).SetBehindTheBackAsync(names, "0ther.Passw0rd!", Token);

        var verdict = await ProbeAsync(target, before, AttemptKind.Write, before.Mark, "N3w.Passw0rd!");
        if (target.Provider.Description.CanProbeBySignIn) verdict.ShouldBeOfType<ProbeVerdict.Absent>();
        else verdict.ShouldBeOfType<ProbeVerdict.Inconclusive>();
    }

    [Fact]
    public async Task A_recheck_finds_our_write_when_nobody_wrote_after_it_and_misses_it_when_somebody_did()
    {
        await using var target = await OpenAsync(Token);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var set = (await SetAsync(target, names, "N3w.Passw0rd!")).ShouldBeOfType<DeliveryOutcome.Delivered>();
        var found = await FindAsync(target, names);

        (await ProbeAsync(target, found, AttemptKind.Recheck, set.Mark, "N3w.Passw0rd!")).ShouldBeOfType<ProbeVerdict.Present>();
        await ((IProbingTarget)target).SetBehindTheBackAsync(names, "0ther.Passw0rd!", Token);
        (await ProbeAsync(target, found, AttemptKind.Recheck, set.Mark, "N3w.Passw0rd!")).ShouldBeOfType<ProbeVerdict.Absent>();
    }

    [Fact]
    public async Task Without_a_journalled_mark_one_sign_in_tells_or_nothing_does()
    {
        await using var target = await OpenAsync(Token);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var found = await FindAsync(target, names);

        var (same, other) = (await ProbeAsync(target, found, AttemptKind.Write, null, "F0rmer.Passw0rd!"), await ProbeAsync(target, found, AttemptKind.Write, null, "N3w.Passw0rd!"));

        if (target.Provider.Description.CanProbeBySignIn)
        {
            same.ShouldBeOfType<ProbeVerdict.Present>();
            other.ShouldBeOfType<ProbeVerdict.Absent>();
        }
        else
        {
            same.ShouldBeOfType<ProbeVerdict.Inconclusive>();
            other.ShouldBeOfType<ProbeVerdict.Inconclusive>();
        }
    }

    private protected static async Task<ProbeVerdict> ProbeAsync(ConformanceTarget target, Preparation.Found found, AttemptKind kind, TargetMark? against, string text)
    {
        using var password = Secret(text);
        return await target.Provider.ProbeAsync(new ProbeRequest(found.Target, kind, against), password, Token);
    }
}
