using System.ComponentModel;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Providers.LocalAccounts;

/// <summary>What the codes of the NetUser functions (lmerr.h, winerror.h) mean for a delivery.</summary>
internal static class WindowsFailures
{
    public const int Success = 0;

    private const int AccessDenied = 5, BadNetworkPath = 53, InvalidPassword = 86, InvalidParameter = 87, InvalidName = 123, AccountRestriction = 1327, LogonFailure = 1326, PasswordRestriction = 1325,
        InvalidLogonHours = 1328, InvalidWorkstation = 1329, PasswordExpired = 1330, AccountDisabled = 1331, LogonTypeNotGranted = 1385, RpcUnavailable = 1722, RpcNotExecuted = 1727, AccountExpired = 1793,
        PasswordMustChange = 1907, AccountLockedOut = 1909, CredentialConflict = 1219,
        BadUserName = 2202, BadPassword = 2203, UserNotFound = 2221, NotPrimary = 2226, PasswordTooShort = 2245, InvalidComputer = 2351;

    /// <param name="code">Not <see cref="Success"/>.</param>
    /// <param name="mayHaveWritten">Whether the password was on its way already.</param>
    public static DeliveryOutcome Classify(int code, bool mayHaveWritten)
    {
        var reason = $"Windows answered {code}: {new Win32Exception(code).Message}";
        return code switch
        {
            UserNotFound or BadUserName or InvalidName => new DeliveryOutcome.AccountNotFound(reason),
            PasswordTooShort or PasswordRestriction or InvalidPassword or BadPassword => new DeliveryOutcome.RefusedByPolicy(reason),
            AccessDenied => new DeliveryOutcome.TargetMisconfigured($"{reason} The service must be a member of the server's Administrators."),
            LogonFailure or AccountRestriction or InvalidLogonHours or InvalidWorkstation or PasswordExpired or AccountDisabled or AccountExpired or PasswordMustChange or AccountLockedOut
                or LogonTypeNotGranted => new DeliveryOutcome.TargetMisconfigured($"{reason} Check bindName and bindPassword, and that the service's account may sign in over the network."),
            CredentialConflict => new DeliveryOutcome.TargetMisconfigured($"{reason} Another program of this session uses the server under another name."),
            NotPrimary => new DeliveryOutcome.TargetMisconfigured($"{reason} This server is a domain controller: use the kind activeDirectory."),

            // Microsoft says only that a parameter is wrong. Server, level and buffer are what they always are, and the password is one that a source took: what differs is the name.
            InvalidParameter => new DeliveryOutcome.TargetMisconfigured(reason),

            // The connection could not be made at all, or the call was not carried out.
            BadNetworkPath or InvalidComputer or RpcUnavailable or RpcNotExecuted => new DeliveryOutcome.Transient(reason),
            _ when mayHaveWritten => new DeliveryOutcome.Unknown(reason),
            _ => new DeliveryOutcome.Transient(reason),
        };
    }
}
