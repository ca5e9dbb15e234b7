using PasswordSync.Core.Deliveries;
using PasswordSync.Ldap;
using PasswordSync.Providers.Contract;

namespace PasswordSync.Providers.Directories;

/// <summary>The checks that all directories have in common.</summary>
internal static class DirectoryVerification
{
    public const string Reachability = "reachability";
    public const string Certificate = "certificate";
    public const string Credentials = "credentials";

    /// <summary>Connects and binds.</summary>
    /// <param name="session">The provider's session.</param>
    /// <param name="checks">Takes the checks.</param>
    /// <param name="cancellationToken">The caller's token.</param>
    /// <returns>The connection; null if a check failed.</returns>
    public static async Task<LdapConnection?> ConnectAsync(DirectorySession session, List<VerificationCheck> checks, CancellationToken cancellationToken)
    {
        var (connection, obstacle, kind) = await session.TryConnectAsync(evenIfRefused: true, cancellationToken);
        if (connection is not null)
        {
            checks.Add(VerificationCheck.Passed(Reachability, $"{connection.Server} answers."));
            checks.Add(VerificationCheck.Passed(Certificate, "The connection is protected, and the server is the one that was meant."));
            checks.Add(VerificationCheck.Passed(Credentials, $"The bind is accepted; the server takes this connection for {await WhoAmIAsync(connection, cancellationToken)}."));
            return connection;
        }

        var step = kind switch
        {
            LdapErrorKind.UntrustedCertificate or LdapErrorKind.WrongCertificateName or LdapErrorKind.TlsFailed => 1,
            LdapErrorKind.Result or LdapErrorKind.NegotiationFailed or LdapErrorKind.EncryptionRequired => 2,
            null when obstacle is DeliveryOutcome.TargetMisconfigured => 2,
            _ => 0,
        };
        string[] names = [Reachability, Certificate, Credentials];
        for (var i = 0; i < names.Length; i++)
        {
            checks.Add(i < step ? VerificationCheck.Passed(names[i], "The connection came that far.")
                : i == step ? VerificationCheck.Failed(names[i], obstacle!.Explain()!, Remedy(step))
                : VerificationCheck.NotRun(names[i], "There is no connection.", remedy: null));
        }

        return null;
    }

    private static string Remedy(int step) => step switch
    {
        0 => "Check servers, the network and firewalls.",
        1 => "Check trustedRoots, certificateName and the server's certificate.",
        _ => "Check bindName, bindPassword or keytab, and the bind account.",
    };

    private static async Task<string> WhoAmIAsync(LdapConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            var name = await connection.WhoAmIAsync(cancellationToken);
            return name.Length == 0 ? "nobody" : name;
        }
        catch (LdapException e) when (e.Kind == LdapErrorKind.Result)
        {
            return "somebody whom it does not name";
        }
    }
}
