using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Conformance;

/// <summary>What providers must do whose match need not be unique.</summary>
public abstract class SearchingConformance : ProbingConformance
{
    [Fact]
    public async Task A_match_of_two_accounts_is_ambiguous()
    {
        await using var target = await OpenAsync(Token);
        var names = await ((ISearchableTarget)target).AddTwiceAsync(Token);

        OutcomeOf(await target.Provider.PrepareAsync(Any.Query(names), Token)).ShouldBeOfType<DeliveryOutcome.AccountNotFound>().Reason.ShouldContain("ambiguous");
    }
}
