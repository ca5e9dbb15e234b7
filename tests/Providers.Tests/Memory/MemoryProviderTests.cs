using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Memory;
using PasswordSync.Providers.Tests.Conformance;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Memory;

public sealed class MemoryConformance : SearchingConformance
{
    private protected override Task<ConformanceTarget> OpenAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ConformanceTarget>(new MemoryConformanceTarget());
}

public sealed class MemoryProviderTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(MemoryStep.BeforeWrite, false)]
    [InlineData(MemoryStep.Writing, false)]
    [InlineData(MemoryStep.AfterWrite, true)]
    public async Task A_script_answers_in_place_of_the_target_and_the_write_lands_only_if_it_was_asked_after_it(MemoryStep step, bool lands)
    {
        using var target = new MemoryTarget();
        target.Add("anna");
        var lost = new DeliveryOutcome.Unknown("The connection was lost.");
        await using var provider = new MemoryProvider(target, TimeProvider.System, (call, _) => Task.FromResult<DeliveryOutcome?>(call.Step == step ? lost : null));
        var found = (await provider.PrepareAsync(Any.Query("anna"), Token)).ShouldBeOfType<Preparation.Found>();
        using var password = Any.Secret("N3w.Passw0rd!");

        (await provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token)).ShouldBe(lost);

        target.SignIn("anna", "N3w.Passw0rd!").ShouldBe(lands);
        target.Writes.Length.ShouldBe(lands ? 1 : 0);
    }

    [Fact]
    public async Task A_target_that_is_a_source_reports_its_account_and_the_stamp_of_each_write()
    {
        var source = new SourceId("beta");
        using var target = new MemoryTarget { AsSource = source };
        var key = target.Add("anna");
        await using var provider = new MemoryProvider(target, TimeProvider.System, script: null);
        using var password = Any.Secret("N3w.Passw0rd!");

        var found = (await provider.PrepareAsync(Any.Query("anna"), Token)).ShouldBeOfType<Preparation.Found>();
        var set = (await provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token)).ShouldBeOfType<DeliveryOutcome.Delivered>();

        found.Target.AsSourceAccount.ShouldBe(new AccountId(source, Guid.Parse(key)));
        set.WrittenStamp!.Value.Version.ShouldBe(1u);
        set.WrittenStamp!.Value.InvocationId.ShouldBe(target.InvocationId);
    }
}
