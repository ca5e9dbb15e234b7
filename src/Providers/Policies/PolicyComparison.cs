using System.Collections.Immutable;
using System.Globalization;

namespace PasswordSync.Providers.Policies;

/// <summary>A rule of a target that is stricter than the source's.</summary>
/// <param name="Rule">Which: <c>length</c>, <c>complexity</c>, <c>history</c>, <c>age</c>, <c>characters</c>.</param>
/// <param name="Finding">What comes of it, for people.</param>
/// <param name="Remedy">What to change.</param>
public sealed record PolicyDifference(string Rule, string Finding, string Remedy);

/// <summary>Tells which passwords a source takes and a target refuses. Only what is known of both is compared.</summary>
public static class PolicyComparison
{
    /// <summary>How many policies of a source one finding names; it counts the others.</summary>
    private const int NamedMax = 5;

    /// <summary>Compares each policy of the target with all of the source: nobody knows here whom which of them holds for.</summary>
    /// <param name="source">What users may choose: the domain's own policy and the fine-grained ones.</param>
    /// <param name="target">What the target takes of the service.</param>
    /// <returns>In the order of the target's policies, then of the rules; empty if nothing known is refused.</returns>
    public static ImmutableArray<PolicyDifference> Compare(ImmutableArray<PasswordPolicy> source, ImmutableArray<PasswordPolicy> target) =>
        [.. target.SelectMany(strict => Rules.Select(rule => rule(source, strict)).OfType<PolicyDifference>())];

    private static ImmutableArray<Func<ImmutableArray<PasswordPolicy>, PasswordPolicy, PolicyDifference?>> Rules { get; } = [TooShort, TooLong, TooSimple, UsedBefore, ExpiresSooner, OtherCharacters];

    private static PolicyDifference? TooShort(ImmutableArray<PasswordPolicy> source, PasswordPolicy target)
    {
        var lax = source.Where(policy => policy.LengthMin < target.LengthMin).OrderBy(policy => policy.LengthMin).ToList();
        return lax.Count == 0 ? null : new PolicyDifference(
            "length",
            $"Passwords of {Range(lax[0].LengthMin!.Value, target.LengthMin!.Value - 1)} characters would be refused and parked: {target.Name} asks for {Number(target.LengthMin.Value)}, {Name(lax, policy => $"for {Number(policy.LengthMin!.Value)}")}.",
            $"Raise the least length in the source to {Number(target.LengthMin.Value)}, or lower it in the target.");
    }

    private static PolicyDifference? TooLong(ImmutableArray<PasswordPolicy> source, PasswordPolicy target)
    {
        var lax = source.Where(policy => policy.LengthMax > target.LengthMax).OrderByDescending(policy => policy.LengthMax).ToList();
        return lax.Count == 0 ? null : new PolicyDifference(
            "length",
            $"Passwords of {Range(target.LengthMax!.Value + 1, lax[0].LengthMax!.Value)} characters would be refused and parked: {target.Name} takes {Number(target.LengthMax.Value)} at most.",
            "Tell people how long a password may be; a domain has no such rule.");
    }

    private static PolicyDifference? TooSimple(ImmutableArray<PasswordPolicy> source, PasswordPolicy target)
    {
        var lax = target.IsComplex == true ? source.Where(policy => policy.IsComplex == false).ToList() : [];
        return lax.Count == 0 ? null : new PolicyDifference(
            "complexity",
            $"Passwords with fewer than three kinds of characters, or with the account's name in them, would be refused and parked: {target.Name} asks for complexity, {Name(lax, _ => "does not")}.",
            "Turn complexity on in the source, or off in the target.");
    }

    private static PolicyDifference? UsedBefore(ImmutableArray<PasswordPolicy> source, PasswordPolicy target)
    {
        var lax = source.Where(policy => policy.HistoryLength < target.HistoryLength).OrderBy(policy => policy.HistoryLength).ToList();
        return lax.Count == 0 ? null : new PolicyDifference(
            "history",
            $"Passwords that were used before would be refused and parked: {target.Name} refuses the last {Number(target.HistoryLength!.Value)}, {Name(lax, policy => $"the last {Number(policy.HistoryLength!.Value)}")}.",
            $"Raise the history in the source to {Number(target.HistoryLength.Value)}, or lower it in the target.");
    }

    private static PolicyDifference? ExpiresSooner(ImmutableArray<PasswordPolicy> source, PasswordPolicy target)
    {
        var lax = source.Where(policy => policy.AgeMax > target.AgeMax).OrderByDescending(policy => policy.AgeMax).ToList();
        return lax.Count == 0 ? null : new PolicyDifference(
            "age",
            $"Passwords expire in the target before they do in the source, and who then changes one there has two: {target.Name} {PasswordPolicy.DescribeAge(target.AgeMax)}, {Name(lax, policy => PasswordPolicy.DescribeAge(policy.AgeMax))}.",
            "Let passwords expire in the source first, or never in the target.");
    }

    private static PolicyDifference? OtherCharacters(ImmutableArray<PasswordPolicy> source, PasswordPolicy target) => target.AllowedCharacters is not { } allowed || source.IsEmpty ? null : new PolicyDifference(
        "characters",
        $"Passwords with other characters would be refused and parked: {target.Name} takes {allowed}; a domain takes any.",
        "Tell people which characters a password may have; a domain has no such rule.");

    private static string Name(List<PasswordPolicy> policies, Func<PasswordPolicy, string> says)
    {
        var named = string.Join(", ", policies.Take(NamedMax).Select(policy => $"{policy.Name} of the source {says(policy)}"));
        return policies.Count <= NamedMax ? named : $"{named}, and {Number(policies.Count - NamedMax)} more";
    }

    private static string Range(int from, int to) => from == to ? Number(from) : $"{Number(from)} to {Number(to)}";

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
