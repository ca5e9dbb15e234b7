using PasswordSync.Core.Deliveries;
using PasswordSync.Ldap;
using PasswordSync.Providers.Directories;

namespace PasswordSync.Providers.Ldap;

/// <summary>What a directory's refusal of a password modification (RFC 3062) means.</summary>
internal static class LdapRefusals
{
    /// <param name="e">A failure with an answer.</param>
    /// <param name="account">How people know the account.</param>
    /// <param name="said">What the server said, redacted.</param>
    public static DeliveryOutcome Classify(LdapException e, string account, string said)
    {
        var reason = said.Length == 0 ? e.Message : $"{e.Message} It said: {said}";
        return e.Result!.Code switch
        {
            LdapResultCode.ConstraintViolation => new DeliveryOutcome.RefusedByPolicy(reason),
            LdapResultCode.NoSuchObject => new DeliveryOutcome.AccountNotFound($"The account {account} is gone. {reason}"),
            LdapResultCode.InsufficientAccessRights => new DeliveryOutcome.TargetMisconfigured($"The bind account may not write the password of {account}: grant it manage (OpenLDAP) or write on userPassword. {reason}"),
            LdapResultCode.ConfidentialityRequired => new DeliveryOutcome.TargetMisconfigured($"The server wants an encrypted connection: use security ldaps or startTls. {reason}"),
            LdapResultCode.Referral => new DeliveryOutcome.TargetMisconfigured($"The server is a replica that cannot be written: name one that can (servers). {reason}"),
            LdapResultCode.ProtocolError => new DeliveryOutcome.TargetMisconfigured($"The server does not know the password modification of RFC 3062. {reason}"),
            var code when DirectoryFailures.IsForNow(code) => new DeliveryOutcome.Transient(reason),
            _ => new DeliveryOutcome.TargetMisconfigured(reason),
        };
    }
}
