using PasswordSync.Ldap;
using PasswordSync.Providers.Probing;

namespace PasswordSync.Providers.ActiveDirectory;

/// <summary>Makes sure that trying a password cannot lock an account, and that the answer would tell something.</summary>
internal static class LockoutGuard
{
    /// <summary>UF_ACCOUNTDISABLE (MS-ADTS 2.2.16).</summary>
    private const long Disabled = 2;

    public static readonly string[] Attributes = ["badPwdCount", "lockoutTime", "userAccountControl", "pwdLastSet", "msDS-ResultantPSO"];

    /// <returns>Why the password must not be tried; null if it may be, once.</returns>
    public static async Task<SignInResult.Unclear?> FindObstacleAsync(LdapConnection connection, LdapEntry account, CancellationToken cancellationToken)
    {
        if (account.GetInt64("userAccountControl") is not { } control) return new("The service may not read userAccountControl, so the password is not tried.");
        if ((control & Disabled) != 0) return new("The account is disabled there, so a sign-in tells nothing.");
        if (account.GetInt64("lockoutTime") > 0) return new("The account is or was locked there, so a sign-in tells nothing.");
        if (account.GetInt64("pwdLastSet") == 0) return new("The user must change the password there, so a sign-in tells nothing.");
        if (account.GetInt64("badPwdCount") > 0) return new("Failed sign-ins are counted for the account; another could lock it.");
        return await ReadThresholdAsync(connection, account, cancellationToken) switch
        {
            null => new("The lockout threshold cannot be read, so the password is not tried."),
            1 => new("A single failed sign-in locks accounts there, so the password is not tried."),
            _ => null,
        };
    }

    private static async Task<long?> ReadThresholdAsync(LdapConnection connection, LdapEntry account, CancellationToken cancellationToken)
    {
        if (account.GetString("msDS-ResultantPSO") is { } finer)
        {
            var settings = await connection.SearchAsync(
                new LdapSearchRequest(finer, LdapSearchScope.Base, LdapFilter.Present("objectClass"), "msDS-LockoutThreshold"), cancellationToken);
            return settings.Entries.SingleOrDefault()?.GetInt64("msDS-LockoutThreshold");
        }

        return await DomainFacts.ReadAsync(connection, cancellationToken) is { } domain ? await domain.ReadPolicyAsync(connection, "lockoutThreshold", cancellationToken) : null;
    }
}
