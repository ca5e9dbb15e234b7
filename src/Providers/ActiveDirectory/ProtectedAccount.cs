using PasswordSync.Ldap;

namespace PasswordSync.Providers.ActiveDirectory;

/// <summary>
/// Accounts that are, or were, in a protected group: the domain sets their rights anew from AdminSDHolder, once an hour by default, and marks them with <c>adminCount</c> = 1
/// (MS-ADTS 3.1.1.6.1), so that a grant on their organisational unit does not reach them.
/// </summary>
internal static class ProtectedAccount
{
    private const string AdminCount = "adminCount";

    /// <returns>What is to be known of the account where a right is missing on it; empty if it is not marked, or that cannot be read.</returns>
    public static async Task<string> ExplainAsync(LdapConnection connection, string key, CancellationToken cancellationToken)
    {
        try
        {
            var account = await AccountLookup.ReadAsync(connection, key, [AdminCount], cancellationToken);
            return account?.GetString(AdminCount) == "1"
                ? "This account is protected (adminCount = 1): the domain copies its rights from CN=AdminSDHolder,CN=System, so a grant on its organisational unit does not reach it. "
                    + "Leave such accounts out of the scope, or grant the right on AdminSDHolder on purpose; if it has left the protected groups, clear adminCount and let it inherit rights again."
                : "";
        }
        catch (LdapException)
        {
            return "";
        }
    }
}
