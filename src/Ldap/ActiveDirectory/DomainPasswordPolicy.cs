using System.Collections.Immutable;

namespace PasswordSync.Ldap.ActiveDirectory;

/// <summary>One password policy of an Active Directory domain. What the domain does not show to the account that asked is null.</summary>
/// <param name="Dn">Where it stands: the domain itself, or the object of a fine-grained policy.</param>
/// <param name="IsFineGrained">Whether it is a fine-grained one, which holds for chosen users and groups.</param>
public sealed record DomainPasswordPolicy(string Dn, bool IsFineGrained)
{
    /// <summary>The most fine-grained policies that are read; a domain with more is told as a failure of the search (<c>sizeLimitExceeded</c>).</summary>
    public const int FineGrainedMax = 1_000;

    /// <summary>DOMAIN_PASSWORD_COMPLEX of <c>pwdProperties</c> (MS-SAMR 2.2.1.10).</summary>
    private const long Complex = 1;

    private const string AppliesTo = "msDS-PSOAppliesTo";

    private static readonly string[] DomainAttributes = ["minPwdLength", "pwdProperties", "pwdHistoryLength", "maxPwdAge"];

    private static readonly string[] FineGrainedAttributes =
        ["msDS-MinimumPasswordLength", "msDS-PasswordComplexityEnabled", "msDS-PasswordHistoryLength", "msDS-MaximumPasswordAge", AppliesTo];

    /// <summary>The shortest password that a user may choose, in characters.</summary>
    public int? LengthMin { get; private init; }

    /// <summary>Whether passwords need characters of three kinds and must not hold the account's names (MS-SAMR 3.1.1.7.2).</summary>
    public bool? IsComplex { get; private init; }

    /// <summary>How many former passwords a user's own change may not use again.</summary>
    public int? HistoryLength { get; private init; }

    /// <summary>After how long a password expires; <see cref="TimeSpan.MaxValue"/> if never.</summary>
    public TimeSpan? AgeMax { get; private init; }

    /// <summary>Whether it holds for anybody: false for a fine-grained policy that no user or group has.</summary>
    public bool IsApplied { get; private init; } = true;

    /// <summary>Reads the policies of a domain: its own first, then the fine-grained ones by DN. Changes nothing.</summary>
    /// <remarks>Any account may read the domain's own. The fine-grained ones (MS-ADTS 6.1.1.4.11.1) are shown to administrators only, unless others were given the right to read them; whoever has it not is shown none.</remarks>
    /// <param name="connection">A connection to a domain controller.</param>
    /// <param name="domainDn">The domain's DN.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="LdapException">The directory cannot be asked, or has too many policies.</exception>
    public static async Task<ImmutableArray<DomainPasswordPolicy>> ReadAllAsync(LdapConnection connection, string domainDn, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var domain = await connection.SearchAsync(new LdapSearchRequest(domainDn, LdapSearchScope.Base, LdapFilter.Present("objectClass"), DomainAttributes), cancellationToken).ConfigureAwait(false);
        var fineGrained = await ReadFineGrainedAsync(connection, domainDn, cancellationToken).ConfigureAwait(false);
        return [.. domain.Entries.Select(OfDomain), .. fineGrained.Select(OfFineGrained).OrderBy(policy => policy.Dn, StringComparer.Ordinal)];
    }

    /// <summary>
    /// Whether the account is shown the fine-grained policies, so that their absence says that there are none: it may read their container. Who may read that and not a policy in it, whose rights
    /// were changed by hand, is not told apart.
    /// </summary>
    /// <param name="connection">A connection to a domain controller.</param>
    /// <param name="domainDn">The domain's DN.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="LdapException">The directory cannot be asked.</exception>
    public static async Task<bool> AreFineGrainedShownAsync(LdapConnection connection, string domainDn, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connection);
        try
        {
            // An object may be shown to those who may list it and not read it, bare of its attributes.
            var container = await connection.SearchAsync(new LdapSearchRequest(ContainerOf(domainDn), LdapSearchScope.Base, LdapFilter.Present("objectClass"), "objectClass"), cancellationToken).ConfigureAwait(false);
            return container.Entries.Any(entry => entry.GetStrings("objectClass").Any());
        }
        catch (LdapException failure) when (IsNotShown(failure))
        {
            return false;
        }
    }

    private static async Task<IEnumerable<LdapEntry>> ReadFineGrainedAsync(LdapConnection connection, string domainDn, CancellationToken cancellationToken)
    {
        var request = new LdapSearchRequest(
            ContainerOf(domainDn), LdapSearchScope.Subtree, LdapFilter.Equal("objectClass", "msDS-PasswordSettings"), FineGrainedAttributes)
        { SizeLimit = FineGrainedMax };
        try
        {
            return (await connection.SearchAsync(request, cancellationToken).ConfigureAwait(false)).Entries;
        }
        catch (LdapException failure) when (IsNotShown(failure))
        {
            // A domain of an older level has no such policies; others do not show them to everybody.
            return [];
        }
    }

    private static string ContainerOf(string domainDn) => $"CN=Password Settings Container,CN=System,{domainDn}";

    private static bool IsNotShown(LdapException failure) => failure is { Kind: LdapErrorKind.Result, Result.Code: LdapResultCode.NoSuchObject or LdapResultCode.InsufficientAccessRights };

    private static DomainPasswordPolicy OfDomain(LdapEntry entry) => new(entry.Dn, IsFineGrained: false)
    {
        LengthMin = (int?)entry.GetInt64("minPwdLength"),
        IsComplex = entry.GetInt64("pwdProperties") is { } properties ? (properties & Complex) != 0 : null,
        HistoryLength = (int?)entry.GetInt64("pwdHistoryLength"),
        AgeMax = AgeOf(entry.GetInt64("maxPwdAge")),
    };

    private static DomainPasswordPolicy OfFineGrained(LdapEntry entry) => new(entry.Dn, IsFineGrained: true)
    {
        LengthMin = (int?)entry.GetInt64("msDS-MinimumPasswordLength"),
        IsComplex = entry.GetString("msDS-PasswordComplexityEnabled") switch { "TRUE" => true, "FALSE" => false, _ => null },
        HistoryLength = (int?)entry.GetInt64("msDS-PasswordHistoryLength"),
        AgeMax = AgeOf(entry.GetInt64("msDS-MaximumPasswordAge")),

        // Of many values a server sends a range, under a name with an option.
        IsApplied = entry.Attributes.Any(attribute => attribute.Name.StartsWith(AppliesTo, StringComparison.OrdinalIgnoreCase) && attribute.Values.Count > 0),
    };

    // Intervals are negative numbers of 100 ns; 0 and the least number mean never (MS-ADTS, attribute maxPwdAge).
    private static TimeSpan? AgeOf(long? interval) => interval switch
    {
        null => null,
        0 or long.MinValue => TimeSpan.MaxValue,
        { } value => TimeSpan.FromTicks(Math.Abs(value)),
    };
}
