using System.Collections.Immutable;
using PasswordSync.Providers.Policies;

namespace PasswordSync.Providers.Contract;

/// <summary>What checking a provider's settings against its target came to, in the order of the checks.</summary>
public sealed record VerificationReport(ImmutableArray<VerificationCheck> Checks)
{
    /// <summary>The target's password policies, if they could be read; else empty, and what the provider declares counts (<see cref="ProviderDescription.Limits"/>).</summary>
    public ImmutableArray<PasswordPolicy> Policies { get; init; } = [];

    /// <summary>Whether no check failed.</summary>
    public bool IsGood => Checks.All(check => check.Result != VerificationResult.Failed);
}

/// <summary>One check.</summary>
/// <param name="Name">What was checked: <c>reachability</c>, <c>certificate</c>, <c>credentials</c>, <c>rights</c>, ….</param>
/// <param name="Result">How it went.</param>
/// <param name="Finding">What was found, for people; redacted.</param>
/// <param name="Remedy">What to do about it; null if nothing.</param>
public sealed record VerificationCheck(string Name, VerificationResult Result, string Finding, string? Remedy)
{
    public static VerificationCheck Passed(string name, string finding) => new(name, VerificationResult.Passed, finding, null);

    public static VerificationCheck Warned(string name, string finding, string remedy) => new(name, VerificationResult.Warned, finding, remedy);

    public static VerificationCheck Failed(string name, string finding, string remedy) => new(name, VerificationResult.Failed, finding, remedy);

    public static VerificationCheck NotRun(string name, string finding, string? remedy) => new(name, VerificationResult.NotRun, finding, remedy);
}

/// <summary>How a check went.</summary>
public enum VerificationResult
{
    Passed,

    /// <summary>It works, and somebody should look at it all the same.</summary>
    Warned,
    Failed,

    /// <summary>It could not be made: an earlier one failed, or a setting it needs is missing.</summary>
    NotRun,
}
