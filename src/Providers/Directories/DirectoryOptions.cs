using System.Collections.Immutable;
using PasswordSync.Core.Settings;
using PasswordSync.Ldap;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Directories;

/// <summary>How the connection to a directory is protected, and who the service is there.</summary>
public enum DirectorySecurity
{
    /// <summary>TLS from the first byte; simple bind.</summary>
    Ldaps,

    /// <summary>StartTLS; simple bind.</summary>
    StartTls,

    /// <summary>Kerberos (SASL GSS-SPNEGO), which signs and encrypts everything itself.</summary>
    Kerberos,
}

/// <summary>The settings of a connection to a directory, common to <c>activeDirectory</c> and <c>ldap</c>.</summary>
public sealed record DirectoryOptions
{
    /// <summary>The most files of trusted roots.</summary>
    private const int TrustedRootsMax = 16;

    /// <summary><c>servers</c>: <c>host</c> or <c>host:port</c> in the order of preference, 1 to 32. All hold the same data; the first that takes a connection is used. Required, unless <see cref="Domain"/> is given.</summary>
    public required ImmutableArray<LdapServer> Servers { get; init; }

    /// <summary>How the domain controllers are found by DNS, in place of <see cref="Servers"/>; see <see cref="DomainSettings"/>.</summary>
    public DomainControllerQuery? Domain { get; init; }

    /// <summary><c>security</c>: default <c>ldaps</c>. The port is 636 for it, else 389, where a server names none.</summary>
    public DirectorySecurity Security { get; init; } = DirectorySecurity.Ldaps;

    /// <summary><c>trustedRoots</c>: absolute paths of PEM files with the only roots to trust. Default: the system's.</summary>
    public ImmutableArray<string> TrustedRoots { get; init; } = [];

    /// <summary><c>certificateName</c>: the name that certificates must be made for. Default: each server's own.</summary>
    public string? CertificateName { get; init; }

    /// <summary><c>bindName</c>: a DN; Active Directory also takes a UPN or <c>DOMAIN\name</c>. For Kerberos a user name; without one the process's own identity is used. Required but for Kerberos.</summary>
    public string? BindName { get; init; }

    /// <summary><c>bindPassword</c>: the reference to the password. Required with <c>bindName</c>.</summary>
    public string? BindPassword { get; init; }

    /// <summary><c>keytab</c>: for Kerberos on Linux, the reference <c>file:/absolute/path</c> to a keytab with keys of <c>bindName</c>, in place of <c>bindPassword</c>.</summary>
    public string? Keytab { get; init; }

    /// <summary><c>realm</c>: for Kerberos with a user name, in upper case. Required then.</summary>
    public string? Realm { get; init; }

    /// <summary><c>connectTimeout</c>: for name, TCP and TLS together, and for the bind again. Default 5 s; 100 ms to 2 min.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>requestTimeout</c>: for the answer to one request. Default 10 s; 100 ms to 5 min. The attempt's deadline may end it earlier.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    internal LdapSecurity LdapSecurity => Security switch
    {
        DirectorySecurity.Ldaps => LdapSecurity.Ldaps,
        DirectorySecurity.StartTls => LdapSecurity.StartTls,
        DirectorySecurity.Kerberos => LdapSecurity.None,
        _ => throw new InvalidOperationException($"Internal error: unknown security {Security}."),
    };

    /// <summary>Reads the settings; what is wrong is noted there.</summary>
    public static DirectoryOptions Read(SettingsReader settings, NodeAllowList allowList) => Read(settings, allowList, domain: null);

    /// <summary>As above, with servers that may also have been found by DNS.</summary>
    public static DirectoryOptions Read(SettingsReader settings, NodeAllowList allowList, DomainControllerQuery? domain)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(allowList);
        var security = settings.Choice("security", DirectorySecurity.Ldaps);
        var defaults = new DirectoryOptions { Servers = [] };
        var options = defaults with
        {
            Security = security,
            Servers = domain is null ? ReadServers(settings, allowList, security == DirectorySecurity.Ldaps ? LdapServer.DefaultTlsPort : LdapServer.DefaultPort) : [],
            Domain = domain is null ? null : domain with { Port = security == DirectorySecurity.Ldaps ? LdapServer.DefaultTlsPort : null },
            TrustedRoots = settings.List("trustedRoots", TrustedRootsMax),
            CertificateName = settings.OptionalText("certificateName"),
            BindName = settings.OptionalText("bindName"),
            BindPassword = settings.SecretReference("bindPassword", allowList),
            Keytab = settings.SecretReference("keytab", allowList),
            Realm = settings.OptionalText("realm"),
            ConnectTimeout = settings.Duration("connectTimeout", defaults.ConnectTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(2)),
            RequestTimeout = settings.Duration("requestTimeout", defaults.RequestTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5)),
        };
        if (options.TrustedRoots.Any(path => !(Path.IsPathFullyQualified(path) && allowList.AllowsFile(path))))
        {
            settings.Reject("trustedRoots", "Give absolute paths that this node's allow-list of files has.");
        }

        CheckCredentials(settings, options);
        return options;
    }

    private static ImmutableArray<LdapServer> ReadServers(SettingsReader settings, NodeAllowList allowList, int defaultPort)
    {
        var texts = settings.List("servers", LdapClientOptions.ServersMax);
        if (texts.IsEmpty) settings.Reject("servers", "Give at least one host or host:port.");
        var servers = ImmutableArray.CreateBuilder<LdapServer>();
        foreach (var text in texts)
        {
            try
            {
                var server = LdapServer.Parse(text, defaultPort);
                servers.Add(server);
                if (!allowList.AllowsEndpoint(server.Host, server.Port)) settings.Reject("servers", $"This node's allow-list of end points does not have {server}: add it there.");
            }
            catch (FormatException)
            {
                settings.Reject("servers", $"'{text}' is not a server: use host, host:port or [IPv6]:port.");
            }
        }

        return servers.ToImmutable();
    }

    private static void CheckCredentials(SettingsReader settings, DirectoryOptions options)
    {
        var isKerberos = options.Security == DirectorySecurity.Kerberos;
        var (hasPassword, hasKeytab) = (settings.OptionalText("bindPassword") is not null, settings.OptionalText("keytab") is not null);
        if (!isKerberos && options.BindName is null) settings.Reject("bindName", "Give the name to bind with; only Kerberos can do without.");
        if (options.BindName is not null && !hasPassword && !hasKeytab) settings.Reject("bindPassword", "Give the reference to the password of bindName, file:/absolute/path or env:NAME; for Kerberos a keytab will do too (keytab).");
        if (options.BindName is null && hasPassword) settings.Reject("bindName", "Give the name that bindPassword belongs to.");
        if (hasKeytab) CheckKeytab(settings, options, isKerberos, hasPassword);
        if (isKerberos && options.BindName is not null && options.Realm is null) settings.Reject("realm", "Give the Kerberos realm of bindName, in upper case.");
        if (!isKerberos && options.Realm is not null) settings.Reject("realm", "Only for security kerberos: remove it.");
    }

    private static void CheckKeytab(SettingsReader settings, DirectoryOptions options, bool isKerberos, bool hasPassword)
    {
        if (!isKerberos) settings.Reject("keytab", "Only for security kerberos: remove it.");
        if (hasPassword) settings.Reject("keytab", "Give either keytab or bindPassword.");
        if (options.BindName is null) settings.Reject("bindName", "Give the name whose keys the keytab has.");
        if (options.Keytab is { } keytab && !keytab.StartsWith(SecretReference.FilePrefix, StringComparison.Ordinal)) settings.Reject("keytab", "Give the reference to a file, file:/absolute/path.");
        if (OperatingSystem.IsWindows()) settings.Reject("keytab", "Windows has no keytabs: run the service as the account, for example a group managed service account, and leave bindName and keytab away.");
    }
}
