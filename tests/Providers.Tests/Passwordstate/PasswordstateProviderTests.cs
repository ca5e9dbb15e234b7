using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Http;
using PasswordSync.Providers.Passwordstate;
using PasswordSync.Providers.Tests.Conformance;
using PasswordSync.Providers.Tests.Support;
using PasswordSync.Providers.Tests.Webhook;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Passwordstate;

public sealed class PasswordstateConformance : MatchingConformance
{
    private protected override async Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) => await PasswordstateConformanceTarget.OpenAsync(cancellationToken);
}

public sealed class PasswordstateNetwork : ThrottlingConformance
{
    private protected override async Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) => await PasswordstateConformanceTarget.OpenAsync(cancellationToken);
}

public sealed class PasswordstateProviderTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(AttemptKind.Write)]
    [InlineData(AttemptKind.Recheck)]
    public async Task A_probe_reads_the_password_back_and_nothing_else_does(AttemptKind kind)
    {
        await using var target = await PasswordstateConformanceTarget.OpenAsync(Token);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var found = (await target.Provider.PrepareAsync(Any.Query(names), Token)).ShouldBeOfType<Preparation.Found>();
        target.Emulator.Shown.ShouldBeEmpty();
        using var password = Any.Secret("N3w.Pässw0rd!");

        (await target.Provider.ProbeAsync(new ProbeRequest(found.Target, kind, null), password, Token)).ShouldBeOfType<ProbeVerdict.Absent>();
        await target.SetBehindTheBackAsync(names, "N3w.Pässw0rd!", Token);
        (await target.Provider.ProbeAsync(new ProbeRequest(found.Target, kind, null), password, Token)).ShouldBeOfType<ProbeVerdict.Present>();
        await target.RemoveAsync(names, Token);
        (await target.Provider.ProbeAsync(new ProbeRequest(found.Target, kind, null), password, Token)).ShouldBeOfType<ProbeVerdict.Inconclusive>();
    }

    [Theory]
    [InlineData(500, typeof(DeliveryOutcome.Unknown))]
    [InlineData(502, typeof(DeliveryOutcome.Unknown))]
    [InlineData(403, typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(404, typeof(DeliveryOutcome.AccountNotFound))]
    [InlineData(409, typeof(DeliveryOutcome.Transient))]
    [InlineData(301, typeof(DeliveryOutcome.TargetMisconfigured))]
    public async Task An_error_has_one_meaning(int status, Type expected)
    {
        await using var target = await PasswordstateConformanceTarget.OpenAsync(Token);
        var found = (await target.Provider.PrepareAsync(Any.Query(await target.AddAsync("F0rmer.Passw0rd!", Token)), Token)).ShouldBeOfType<Preparation.Found>();
        target.Emulator.AnswerNextWrite(status, retryAfter: null);
        using var password = Any.Secret("N3w.Passw0rd!");

        (await target.Provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token)).ShouldBeOfType(expected);
    }

    [Fact]
    public async Task A_domain_tells_records_of_the_same_name_apart_and_a_part_of_a_name_is_not_the_name()
    {
        await using var target = await PasswordstateConformanceTarget.OpenAsync(Token);
        var alpha = target.Emulator.Add("anna", "", "ALPHA", "F0rmer.Passw0rd!");
        target.Emulator.Add("anna", "", "BETA", "F0rmer.Passw0rd!");
        target.Emulator.Add("hannah", "", "ALPHA", "F0rmer.Passw0rd!");
        await using var provider = PasswordstateConformanceTarget.Make(target.Options with { Domain = "alpha" });

        (await provider.PrepareAsync(Any.Query("Anna"), Token)).ShouldBeOfType<Preparation.Found>().Target.Key.ShouldBe($"{alpha}");
        (await target.Provider.PrepareAsync(Any.Query("ann"), Token)).ShouldBeOfType<Preparation.Obstacle>().Outcome.ShouldBeOfType<DeliveryOutcome.AccountNotFound>();
    }

    [Theory]
    [InlineData("7", true)]
    [InlineData("\"7\"", true)]
    [InlineData("null", false)]
    [InlineData("\"seven\"", false)]
    public async Task An_id_may_be_a_number_or_its_text(string id, bool isTaken)
    {
        using var folder = new ScratchFolder();
        await using var receiver = new HttpReceiver(certificate: null, (_, _) => Task.FromResult<string?>(HttpReceiver.Answer(200, $$"""[{"PasswordID":{{id}},"UserName":"anna"}]""")));
        await using var provider = PasswordstateConformanceTarget.Make(new PasswordstateOptions
        {
            Http = new HttpTargetOptions { Url = new Uri(receiver.Url, "/"), ConnectTimeout = Any.LongTime },
            ApiKey = "file:" + folder.Write("key", "any"),
            List = 1,
        });

        var preparation = await provider.PrepareAsync(Any.Query("anna"), Token);

        if (isTaken) preparation.ShouldBeOfType<Preparation.Found>().Target.Key.ShouldBe("7");
        else preparation.ShouldBeOfType<Preparation.Obstacle>().Outcome.ShouldBeOfType<DeliveryOutcome.AccountNotFound>();
    }

    [Fact]
    public async Task A_refused_password_that_is_echoed_is_removed_from_the_reason()
    {
        await using var target = await PasswordstateConformanceTarget.OpenAsync(Token);
        var found = (await target.Provider.PrepareAsync(Any.Query(await target.AddAsync("F0rmer.Passw0rd!", Token)), Token)).ShouldBeOfType<Preparation.Found>();
        using var password = Any.Secret("Sh0rt!");

        var refused = (await target.Provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token)).ShouldBeOfType<DeliveryOutcome.RefusedByPolicy>();

        refused.Reason.ShouldContain("Bad Password");
        refused.Reason.ShouldNotContain("Sh0rt!");
    }
}
