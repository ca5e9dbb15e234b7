using Xunit;

namespace PasswordSync.Providers.Tests.Conformance;

/// <summary>What providers must do that show marks and whose match need not be unique.</summary>
public abstract class SearchingConformance : ProbingConformance
{
    [Fact]
    public Task A_match_of_two_accounts_is_ambiguous() => CheckAmbiguityAsync();
}

/// <summary>What providers must do that show no marks and whose match need not be unique.</summary>
public abstract class MatchingConformance : LookupConformance
{
    [Fact]
    public Task A_match_of_two_accounts_is_ambiguous() => CheckAmbiguityAsync();
}
