using System.Globalization;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Providers.LocalAccounts;

/// <summary>What NTSTATUS codes (MS-ERREF 2.3) of a server, or of the way to it, mean for a delivery.</summary>
internal static class SambaFailures
{
    private const uint AccessDenied = 0xC0000022, NoSuchUser = 0xC0000064, WrongPassword = 0xC000006A, IllFormedPassword = 0xC000006B, PasswordRestriction = 0xC000006C,
        LogonFailure = 0xC000006D, AccountRestriction = 0xC000006E, InvalidLogonHours = 0xC000006F, InvalidWorkstation = 0xC0000070, PasswordExpired = 0xC0000071,
        AccountDisabled = 0xC0000072, NoSuchDomain = 0xC00000DF, LogonTypeNotGranted = 0xC000015B, AccountExpired = 0xC0000193, PasswordMustChange = 0xC0000224,
        AccountLockedOut = 0xC0000234, NotSupported = 0xC00000BB, NtlmBlocked = 0xC0000418;

    /// <summary>Whether the server says that name or password are wrong.</summary>
    public static bool IsWrongPassword(uint status) => status is LogonFailure or WrongPassword or NoSuchUser;

    /// <summary>Whether the server says, after it has checked the password, that the account may not sign in all the same.</summary>
    public static bool IsRightPassword(uint status) => status is AccountRestriction or InvalidLogonHours or InvalidWorkstation or PasswordExpired or AccountDisabled or AccountExpired or PasswordMustChange or LogonTypeNotGranted;

    /// <param name="status">The code.</param>
    /// <param name="text">What it is called; no part of it came from the password.</param>
    /// <param name="mayHaveWritten">Whether the password was on its way already.</param>
    public static DeliveryOutcome Classify(uint status, string text, bool mayHaveWritten)
    {
        var reason = string.Create(CultureInfo.InvariantCulture, $"The server answered 0x{status:X8}: {text}");
        return status switch
        {
            NoSuchUser => new DeliveryOutcome.AccountNotFound(reason),
            PasswordRestriction or IllFormedPassword => new DeliveryOutcome.RefusedByPolicy(reason),
            AccessDenied => new DeliveryOutcome.TargetMisconfigured($"{reason} The service needs the right to reset passwords there (and, unless encrypt is false, a server that encrypts)."),
            LogonFailure or WrongPassword or AccountRestriction or InvalidLogonHours or InvalidWorkstation or PasswordExpired or AccountDisabled or AccountExpired or PasswordMustChange or AccountLockedOut
                or LogonTypeNotGranted or NtlmBlocked => new DeliveryOutcome.TargetMisconfigured($"{reason} Check bindName and bindPassword, and that the service's account may sign in over the network."),
            NoSuchDomain => new DeliveryOutcome.TargetMisconfigured(reason),
            NotSupported => new DeliveryOutcome.TargetMisconfigured($"{reason} If the server has no SMB 3 encryption, set encrypt to false."),
            _ when mayHaveWritten => new DeliveryOutcome.Unknown(reason),
            _ => new DeliveryOutcome.Transient(reason),
        };
    }
}
