using System.Text;
using PasswordSync.Lab;

[assembly: AssemblyFixture(typeof(LabServers))]

namespace PasswordSync.Ldap.Tests.Live;

/// <summary>How the lab's servers are reached.</summary>
internal static class LiveServers
{
    /// <summary>How long real servers may take on a busy machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static readonly LdapOptions Patient = new() { ConnectTimeout = Patience, RequestTimeout = Patience };

    public static LdapServer Server(this OpenLdapServer slapd, int port) => new(slapd.Address.ToString(), port);

    public static LdapServer Server(this SambaDomainController controller, int port) => new(controller.Address.ToString(), port);

    public static LdapOptions Tls(this OpenLdapServer slapd) => Patient with { Trust = LdapTrust.CustomRoots([slapd.Authority.Certificate]) };

    public static LdapOptions Tls(this SambaDomain domain) => Patient with { Trust = LdapTrust.CustomRoots([domain.Authority.Certificate]) };

    /// <summary>Without TLS, for a bind that seals the connection itself.</summary>
    public static LdapOptions Sealed(this SambaDomain domain) => Patient with { Security = LdapSecurity.None, ExpectedName = domain.First.FullName };

    public static Task<LdapConnection> ConnectAsAdministratorAsync(this OpenLdapServer slapd, CancellationToken cancellationToken) =>
        slapd.ConnectAsync(slapd.AdministratorName, OpenLdapServer.AdministratorPassword, slapd.Tls(), cancellationToken);

    public static Task<LdapConnection> ConnectAsync(this OpenLdapServer slapd, string name, string password, LdapOptions options, CancellationToken cancellationToken) =>
        ConnectAsync(slapd.Server(Port(options)), name, password, options, cancellationToken);

    public static Task<LdapConnection> ConnectAsAdministratorAsync(this SambaDomain domain, CancellationToken cancellationToken) =>
        domain.ConnectAsync(domain.AdministratorName, SambaDomain.AdministratorPassword, domain.Tls(), cancellationToken);

    public static Task<LdapConnection> ConnectAsync(this SambaDomain domain, string name, string password, LdapOptions options, CancellationToken cancellationToken) =>
        ConnectAsync(domain.First.Server(Port(options)), name, password, options, cancellationToken);

    public static LdapCredential Simple(string name, string password) => new SimpleCredential(name, Encoding.UTF8.GetBytes(password));

    private static async Task<LdapConnection> ConnectAsync(LdapServer server, string name, string password, LdapOptions options, CancellationToken cancellationToken)
    {
        using var credential = Simple(name, password);
        return await LdapConnection.ConnectAsync(server, credential, options, TimeProvider.System, cancellationToken);
    }

    private static int Port(LdapOptions options) => options.Security == LdapSecurity.Ldaps ? LdapServer.DefaultTlsPort : LdapServer.DefaultPort;
}
