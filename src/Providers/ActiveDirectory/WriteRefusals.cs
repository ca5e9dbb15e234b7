using PasswordSync.Core.Deliveries;
using PasswordSync.Ldap;

namespace PasswordSync.Providers.ActiveDirectory;

/// <summary>What a domain controller's refusal of a write means (MS-ADTS 3.1.1.3.1.5.1 and MS-ERREF 2.2; Samba answers alike).</summary>
internal static class WriteRefusals
{
    /// <summary>ERROR_PASSWORD_RESTRICTION.</summary>
    private const uint PasswordRestriction = 0x52D;

    /// <summary>ERROR_INVALID_PASSWORD.</summary>
    private const uint InvalidPassword = 0x56;

    /// <summary>ERROR_GEN_FAILURE: for unicodePwd, that the connection is not encrypted.</summary>
    private const uint GeneralFailure = 0x1F;

    /// <summary>Whether the domain's rules refuse the password. Windows says so with result 53 or 19, Samba with 19.</summary>
    public static bool IsPolicy(LdapResult result) =>
        ActiveDirectoryDiagnostics.ErrorCode(result) is PasswordRestriction or InvalidPassword
        || (result.Code == LdapResultCode.ConstraintViolation && ActiveDirectoryDiagnostics.ErrorCode(result) is null);

    /// <param name="e">A failure with an answer.</param>
    /// <param name="account">How people know the account.</param>
    /// <param name="said">What the server said, redacted.</param>
    public static DeliveryOutcome Classify(LdapException e, string account, string said)
    {
        var result = e.Result!;
        var reason = said.Length == 0 ? e.Message : $"{e.Message} It said: {said}";
        return result.Code switch
        {
            _ when IsPolicy(result) => new DeliveryOutcome.RefusedByPolicy(reason),
            LdapResultCode.NoSuchObject => new DeliveryOutcome.AccountNotFound($"The account {account} is gone. {reason}"),
            LdapResultCode.InsufficientAccessRights => new DeliveryOutcome.TargetMisconfigured(
                $"The bind account may not reset the password of {account}, or not write lockoutTime (unlock) or pwdLastSet (carryMustChange) there. Grant it. {reason}"),
            LdapResultCode.UnwillingToPerform when ActiveDirectoryDiagnostics.ErrorCode(result) == GeneralFailure => new DeliveryOutcome.TargetMisconfigured(
                $"The domain controller takes passwords only over an encrypted connection: use security ldaps, startTls or kerberos. {reason}"),
            LdapResultCode.Referral => new DeliveryOutcome.TargetMisconfigured($"{ReadRefusals.ExplainReferral(result)} {reason}"),
            var code when Directories.DirectoryFailures.IsForNow(code) => new DeliveryOutcome.Transient(reason),
            _ => new DeliveryOutcome.TargetMisconfigured(reason),
        };
    }
}
