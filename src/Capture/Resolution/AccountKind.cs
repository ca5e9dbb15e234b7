using PasswordSync.Ldap;

namespace PasswordSync.Capture.Resolution;

/// <summary>Tells accounts that are never captured, by object class and account control, not by a <c>$</c> in the name: people may have one.</summary>
internal static class AccountKind
{
    // userAccountControl, MS-ADTS 2.2.16.
    private const long InterdomainTrust = 0x0800;
    private const long WorkstationTrust = 0x1000;
    private const long ServerTrust = 0x2000;
    private const long SmartCardRequired = 0x40000;
    private const string KrbtgtRelativeId = "-502";

    /// <summary>Why the account is never captured; null if it may be.</summary>
    public static AccountExclusion? Exclude(LdapEntry entry)
    {
        var control = entry.GetInt64("userAccountControl") ?? 0;
        var classes = entry.GetStrings("objectClass");
        if (Has(classes, "msDS-ManagedServiceAccount") || Has(classes, "msDS-GroupManagedServiceAccount") || Has(classes, "msDS-DelegatedManagedServiceAccount")) return AccountExclusion.ManagedServiceAccount;
        if ((control & InterdomainTrust) != 0) return AccountExclusion.Trust;
        if (Has(classes, "computer") || (control & (WorkstationTrust | ServerTrust)) != 0) return AccountExclusion.Machine;
        if (entry.GetSid("objectSid")?.EndsWith(KrbtgtRelativeId, StringComparison.Ordinal) == true || entry.GetString("msDS-SecondaryKrbTgtNumber") is not null) return AccountExclusion.KeyDistributionCenter;
        return (control & SmartCardRequired) != 0 ? AccountExclusion.SmartCardRequired : null;
    }

    private static bool Has(IReadOnlyList<string> classes, string name) => classes.Contains(name, StringComparer.OrdinalIgnoreCase);
}
