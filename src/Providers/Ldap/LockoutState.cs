using PasswordSync.Ldap;
using PasswordSync.Providers.Probing;

namespace PasswordSync.Providers.Ldap;

/// <summary>Makes sure that trying a password cannot lock an account, as far as the directory shows its policy's state (draft-behera-ldap-password-policy).</summary>
internal static class LockoutState
{
    private const string LockedTime = "pwdAccountLockedTime";
    private const string FailureTime = "pwdFailureTime";
    private const string Reset = "pwdReset";

    public static readonly string[] Attributes = [LockedTime, FailureTime, Reset];

    /// <returns>Why the password must not be tried; null if it may be, once.</returns>
    public static SignInResult.Unclear? FindObstacle(LdapEntry entry)
    {
        if (entry.TryGet(LockedTime, out _)) return new("The entry is locked, so a sign-in tells nothing.");
        if (entry.TryGet(FailureTime, out _)) return new("Failed sign-ins are counted for the entry; another could lock it.");
        return "TRUE".Equals(entry.GetString(Reset), StringComparison.OrdinalIgnoreCase) ? new("The user must change the password there, so a sign-in tells nothing.") : null;
    }
}
