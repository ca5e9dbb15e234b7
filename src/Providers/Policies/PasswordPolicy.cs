using System.Globalization;
using PasswordSync.Ldap.ActiveDirectory;
using PasswordSync.Providers.Contract;

namespace PasswordSync.Providers.Policies;

/// <summary>The rules that one system has for the passwords it takes. Null: not known.</summary>
/// <param name="Name">Whose rules, for people: <c>the domain's policy</c>, <c>the fine-grained policy 'staff'</c>, ….</param>
public sealed record PasswordPolicy(string Name)
{
    /// <summary>The longest password that Active Directory takes, in UTF-16 code units (MS-SAMR 3.1.1.7.2).</summary>
    private const int DomainLengthMax = 256;

    /// <summary>The shortest password.</summary>
    public int? LengthMin { get; init; }

    /// <summary>The longest password.</summary>
    public int? LengthMax { get; init; }

    /// <summary>Whether three kinds of characters are needed, and the account's names are refused.</summary>
    public bool? IsComplex { get; init; }

    /// <summary>How many former passwords are refused: from a user in a source, from the service in a target.</summary>
    public int? HistoryLength { get; init; }

    /// <summary>After how long a password expires; <see cref="TimeSpan.MaxValue"/> if never.</summary>
    public TimeSpan? AgeMax { get; init; }

    /// <summary>Which characters are taken, for people; null if all, or not known.</summary>
    public string? AllowedCharacters { get; init; }

    /// <summary>What a provider declares.</summary>
    public static PasswordPolicy Of(PasswordLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        return new PasswordPolicy("what the provider declares of the target")
        {
            // Zero says that the provider has no bound of its own, not that the target has none.
            LengthMin = limits.LengthMin > 0 ? limits.LengthMin : null,
            LengthMax = limits.LengthMax < int.MaxValue ? limits.LengthMax : null,
            IsComplex = limits.IsComplex,
            HistoryLength = limits.HistoryLength,
            AgeMax = limits.AgeMax,
            AllowedCharacters = limits.AllowedCharacters,
        };
    }

    /// <summary>A policy of a domain, for what its users choose themselves.</summary>
    public static PasswordPolicy OfSource(DomainPasswordPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return new PasswordPolicy(policy.IsFineGrained ? $"the fine-grained policy '{NameOf(policy.Dn)}'" : "the domain's policy")
        {
            LengthMin = policy.LengthMin,
            LengthMax = DomainLengthMax,
            IsComplex = policy.IsComplex,
            HistoryLength = policy.HistoryLength,
            AgeMax = policy.AgeMax,
        };
    }

    /// <summary>A policy of a domain, for what the service sets there: a reset is held against every rule but the history.</summary>
    public static PasswordPolicy OfTarget(DomainPasswordPolicy policy) => OfSource(policy) with { HistoryLength = 0 };

    /// <summary>The rules for people.</summary>
    public string Describe()
    {
        var length = (LengthMin, LengthMax) switch
        {
            (null, null) => "length not known",
            ({ } min, { } max) => string.Create(CultureInfo.InvariantCulture, $"{min} to {max} characters"),
            ({ } min, null) => string.Create(CultureInfo.InvariantCulture, $"{min} characters or more"),
            (null, { } max) => string.Create(CultureInfo.InvariantCulture, $"at most {max} characters, least length not known"),
        };
        var complexity = IsComplex switch { true => "complexity", false => "no complexity", null => "complexity not known" };
        var history = HistoryLength switch { null => "history not known", 0 => "no history", { } held => string.Create(CultureInfo.InvariantCulture, $"history of {held}") };
        return $"{Name}: {length}, {complexity}, {history}, {DescribeAge(AgeMax)}";
    }

    internal static string DescribeAge(TimeSpan? age) => age switch
    {
        null => "expiry not known",
        { } never when never == TimeSpan.MaxValue => "never expires",
        { } some => string.Create(CultureInfo.InvariantCulture, $"expires after {some.TotalDays:0.##} days"),
    };

    // The first value of a DN such as CN=staff,CN=Password Settings Container,….
    private static string NameOf(string dn)
    {
        var first = dn.Split(',', 2)[0];
        return first[(first.IndexOf('=', StringComparison.Ordinal) + 1)..];
    }
}
