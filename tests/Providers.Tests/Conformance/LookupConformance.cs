using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Conformance;

/// <summary>What providers must do that look accounts up.</summary>
public abstract class LookupConformance : SettingConformance
{
    [Fact]
    public async Task A_missing_account_is_not_found()
    {
        await using var target = await OpenAsync(Token);

        OutcomeOf(await target.Provider.PrepareAsync(Any.Query($"nobody{Guid.NewGuid():N}"[..18]), Token)).ShouldBeOfType<DeliveryOutcome.AccountNotFound>();
    }

    [Theory]
    [InlineData("*")]
    [InlineData("a*)(objectClass=*")]
    [InlineData("x' OR '1'='1")]
    [InlineData("\0\\(")]
    public async Task A_name_with_special_characters_finds_only_itself(string login)
    {
        await using var target = await OpenAsync(Token);
        await target.AddAsync("F0rmer.Passw0rd!", Token);

        OutcomeOf(await target.Provider.PrepareAsync(Any.Query(login), Token)).ShouldBeOfType<DeliveryOutcome.AccountNotFound>();
    }

    [Fact]
    public async Task An_account_whose_name_has_special_characters_is_found_and_set()
    {
        await using var target = await OpenAsync(Token);
        var names = await ((IProbingTarget)target).AddOddAsync("F0rmer.Passw0rd!", Token);

        (await SetAsync(target, names, "N3w.Passw0rd!")).ShouldBeOfType<DeliveryOutcome.Delivered>();
        (await target.HasAsync(names, "N3w.Passw0rd!", Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task An_account_that_went_away_in_between_is_not_found()
    {
        await using var target = await OpenAsync(Token);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var found = await FindAsync(target, names);
        await ((IProbingTarget)target).RemoveAsync(names, Token);
        using var password = Secret("N3w.Passw0rd!");

        var outcome = await target.Provider.SetPasswordAsync(Any.Set(found.Target, found.Mark, TimeProvider.System), password, Token);

        outcome.ShouldBeOfType<DeliveryOutcome.AccountNotFound>();
    }

    /// <summary>For targets whose match need not be unique.</summary>
    private protected async Task CheckAmbiguityAsync()
    {
        await using var target = await OpenAsync(Token);
        var names = await ((ISearchableTarget)target).AddTwiceAsync(Token);

        OutcomeOf(await target.Provider.PrepareAsync(Any.Query(names), Token)).ShouldBeOfType<DeliveryOutcome.AccountNotFound>().Reason.ShouldContain("ambiguous");
    }

    private protected static DeliveryOutcome OutcomeOf(Preparation preparation) => preparation.ShouldBeOfType<Preparation.Obstacle>().Outcome;
}
