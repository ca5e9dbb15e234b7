using PasswordSync.Core.Deliveries;
using PasswordSync.Ldap;

namespace PasswordSync.Providers.Directories;

/// <summary>What failures of LDAP mean for a delivery, as far as all directories agree. The message of an <see cref="LdapException"/> holds no words of the server.</summary>
internal static class DirectoryFailures
{
    /// <summary>No connection could be made, or the service's own bind was refused.</summary>
    public static DeliveryOutcome OfConnecting(LdapException e) => e.Kind switch
    {
        LdapErrorKind.UntrustedCertificate => new DeliveryOutcome.TargetMisconfigured($"{e.Message} Add its root to trustedRoots, or install a certificate of a trusted one."),
        LdapErrorKind.WrongCertificateName => new DeliveryOutcome.TargetMisconfigured($"{e.Message} Name the server as its certificate does (servers), or set certificateName."),
        LdapErrorKind.TlsFailed when e.InnerException is not IOException => new DeliveryOutcome.TargetMisconfigured($"{e.Message} Check security and the port, and that the server has a certificate."),
        LdapErrorKind.NegotiationFailed => new DeliveryOutcome.TargetMisconfigured($"{e.Message} Check bindName, realm, the Kerberos configuration and the clock."),
        LdapErrorKind.EncryptionRequired => new DeliveryOutcome.TargetMisconfigured(e.Message),
        LdapErrorKind.Result => OfBind(e),
        _ => new DeliveryOutcome.Transient(e.Message),
    };

    /// <summary>A request that only reads failed.</summary>
    public static DeliveryOutcome OfReading(LdapException e) => e.Kind switch
    {
        LdapErrorKind.Result => e.Result!.Code switch
        {
            LdapResultCode.NoSuchObject => new DeliveryOutcome.TargetMisconfigured($"{e.Message} The search base does not exist: check base."),
            LdapResultCode.InsufficientAccessRights => new DeliveryOutcome.TargetMisconfigured($"{e.Message} The bind account may not search there."),
            var code when IsForNow(code) => new DeliveryOutcome.Transient(e.Message),
            _ => new DeliveryOutcome.TargetMisconfigured(e.Message),
        },
        LdapErrorKind.EncryptionRequired => new DeliveryOutcome.TargetMisconfigured(e.Message),
        _ => new DeliveryOutcome.Transient(e.Message),
    };

    /// <summary>A write got no answer; one that was refused by an answer is for the caller to classify.</summary>
    public static DeliveryOutcome OfUnanswered(LdapException e)
    {
        if (e.OutcomeIsUnknown) return new DeliveryOutcome.Unknown($"{e.Message} The password may have reached the server.");
        return e.Kind == LdapErrorKind.EncryptionRequired ? new DeliveryOutcome.TargetMisconfigured(e.Message) : new DeliveryOutcome.Transient(e.Message);
    }

    /// <summary>Whether a result code says that it may go well later, without anybody doing anything.</summary>
    public static bool IsForNow(LdapResultCode code) => code
        is LdapResultCode.Busy or LdapResultCode.Unavailable or LdapResultCode.TimeLimitExceeded or LdapResultCode.AdminLimitExceeded
        or LdapResultCode.OperationsError or LdapResultCode.Other or LdapResultCode.LoopDetect;

    private static DeliveryOutcome OfBind(LdapException e)
    {
        var code = e.Result!.Code;
        if (code == LdapResultCode.InvalidCredentials)
        {
            var why = ActiveDirectoryDiagnostics.BindReason(e.Result) switch
            {
                0x533 => "The bind account is disabled.",
                0x701 => "The bind account has expired.",
                0x532 or 0x773 => "The bind account must change its password first.",
                0x775 => "The bind account is locked.",
                _ => "The name or the password of the bind account is wrong.",
            };
            return new DeliveryOutcome.TargetMisconfigured($"{e.Message} {why} Check bindName and bindPassword.");
        }

        return IsForNow(code)
            ? new DeliveryOutcome.Transient(e.Message)
            : new DeliveryOutcome.TargetMisconfigured($"{e.Message} The server does not take this kind of bind: check security, bindName and the server's own settings.");
    }
}
