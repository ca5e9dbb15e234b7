using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Policies;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Policies;

public sealed class PolicyComparisonTests
{
    private static readonly PasswordPolicy Source = new("the domain's policy") { LengthMin = 7, LengthMax = 256, IsComplex = true, HistoryLength = 24, AgeMax = TimeSpan.FromDays(42) };

    /// <summary>Each rule on its own; the text names the rule, then what the finding must hold. Rows without text: no difference.</summary>
    public static TheoryData<string, PasswordPolicy, string> Targets => new()
    {
        { "the same rules", Source with { Name = "the target" }, "" },
        { "nothing known of the target", new PasswordPolicy("the target"), "" },
        { "a shorter least length", new PasswordPolicy("the target") { LengthMin = 6 }, "" },
        { "a greater least length", new PasswordPolicy("the target") { LengthMin = 12 }, "length: Passwords of 7 to 11 characters would be refused and parked: the target asks for 12, the domain's policy of the source for 7." },
        { "a least length greater by one", new PasswordPolicy("the target") { LengthMin = 8 }, "length: Passwords of 7 characters would be refused and parked" },
        { "a smaller greatest length", new PasswordPolicy("the target") { LengthMax = 72 }, "length: Passwords of 73 to 256 characters would be refused and parked: the target takes 72 at most." },
        { "complexity on both sides", new PasswordPolicy("the target") { IsComplex = true }, "" },
        { "a longer history", new PasswordPolicy("the target") { HistoryLength = 30 }, "history: Passwords that were used before would be refused and parked: the target refuses the last 30, the domain's policy of the source the last 24." },
        { "no history", new PasswordPolicy("the target") { HistoryLength = 0 }, "" },
        { "a sooner expiry", new PasswordPolicy("the target") { AgeMax = TimeSpan.FromDays(30) }, "age: Passwords expire in the target before they do in the source, and who then changes one there has two: the target expires after 30 days, the domain's policy of the source expires after 42 days." },
        { "a later expiry", new PasswordPolicy("the target") { AgeMax = TimeSpan.FromDays(90) }, "" },
        { "no expiry", new PasswordPolicy("the target") { AgeMax = TimeSpan.MaxValue }, "" },
        { "few characters", new PasswordPolicy("the target") { AllowedCharacters = "ASCII" }, "characters: Passwords with other characters would be refused and parked: the target takes ASCII; a domain takes any." },
    };

    [Theory]
    [MemberData(nameof(Targets))]
    public void What_a_target_refuses_that_the_source_takes_is_told_rule_by_rule(string row, PasswordPolicy target, string expected)
    {
        var found = PolicyComparison.Compare([Source], [target]).Select(difference => $"{difference.Rule}: {difference.Finding}").ToList();

        if (expected.Length == 0) found.ShouldBeEmpty(row);
        else found.ShouldHaveSingleItem(row).ShouldStartWith(expected);
    }

    [Theory]
    [InlineData(true, null)]
    [InlineData(null, null)]
    [InlineData(false, "complexity")]
    public void Complexity_is_told_of_only_where_the_source_is_known_to_have_none(bool? source, string? rule) =>
        PolicyComparison.Compare([Source with { IsComplex = source }], [new PasswordPolicy("the target") { IsComplex = true }]).SingleOrDefault()?.Rule.ShouldBe(rule);

    [Fact]
    public void A_source_whose_passwords_never_expire_is_told_of_a_target_where_they_do() =>
        PolicyComparison.Compare([Source with { AgeMax = TimeSpan.MaxValue }], [new PasswordPolicy("the target") { AgeMax = TimeSpan.FromDays(42) }])
            .ShouldHaveSingleItem().Finding.ShouldEndWith("the target expires after 42 days, the domain's policy of the source never expires.");

    [Fact]
    public void The_weakest_policy_of_the_source_gives_the_range_and_comes_first()
    {
        var service = new PasswordPolicy("the fine-grained policy 'service'") { LengthMin = 4 };
        var strong = new PasswordPolicy("the fine-grained policy 'strong'") { LengthMin = 20 };

        var finding = PolicyComparison.Compare([Source, service, strong], [new PasswordPolicy("the target") { LengthMin = 12 }]).ShouldHaveSingleItem().Finding;

        finding.ShouldBe("Passwords of 4 to 11 characters would be refused and parked: the target asks for 12, the fine-grained policy 'service' of the source for 4, the domain's policy of the source for 7.");
    }

    [Fact]
    public void Each_policy_of_the_target_is_compared()
    {
        var found = PolicyComparison.Compare([Source], [new PasswordPolicy("the domain's policy") { LengthMin = 7 }, new PasswordPolicy("the fine-grained policy 'admins'") { LengthMin = 15 }]);

        found.ShouldHaveSingleItem().Finding.ShouldContain("the fine-grained policy 'admins' asks for 15");
    }

    [Fact]
    public void A_finding_names_five_policies_of_the_source_and_counts_the_others()
    {
        var source = Enumerable.Range(1, 8).Select(number => new PasswordPolicy($"policy {number}") { LengthMin = number });

        var finding = PolicyComparison.Compare([.. source], [new PasswordPolicy("the target") { LengthMin = 12 }]).ShouldHaveSingleItem().Finding;

        finding.ShouldContain("policy 5 of the source for 5, and 3 more.");
        finding.ShouldNotContain("policy 6");
    }

    [Fact]
    public void What_a_provider_declares_counts_and_a_least_length_of_zero_is_nothing_known()
    {
        var declared = PasswordPolicy.Of(new PasswordLimits(LengthMin: 0, LengthMax: 64, NeedsWellFormedText: true, AllowedCharacters: null, HistoryLength: null));

        declared.LengthMin.ShouldBeNull();
        PolicyComparison.Compare([Source], [declared]).ShouldHaveSingleItem().Finding.ShouldContain("65 to 256 characters");
        declared.Describe().ShouldBe("what the provider declares of the target: at most 64 characters, least length not known, complexity not known, history not known, expiry not known");
    }

    [Fact]
    public void The_complexity_and_the_greatest_age_that_a_provider_declares_are_compared()
    {
        var limits = new PasswordLimits(LengthMin: 7, LengthMax: 256, NeedsWellFormedText: true, AllowedCharacters: null, HistoryLength: 0) { IsComplex = true, AgeMax = TimeSpan.FromDays(30) };

        var declared = PasswordPolicy.Of(limits);

        declared.Describe().ShouldBe("what the provider declares of the target: 7 to 256 characters, complexity, no history, expires after 30 days");
        PolicyComparison.Compare([Source with { IsComplex = false }], [declared]).Select(difference => difference.Rule).ShouldBe(["complexity", "age"]);
    }
}
