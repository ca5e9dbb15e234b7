namespace PasswordSync.Ldap;

/// <summary>What was wrong with a server's certificate.</summary>
/// <param name="Subject">The certificate's subject.</param>
/// <param name="Issuer">The certificate's issuer.</param>
/// <param name="Reason">What the check of the chain or of the name said.</param>
/// <param name="ExpectedName">The name or address that the certificate had to be made for.</param>
/// <param name="FoundNames">The names and addresses that it is made for.</param>
public sealed record LdapCertificateFailure(
    string Subject,
    string Issuer,
    string Reason,
    string ExpectedName,
    IReadOnlyList<string> FoundNames);
