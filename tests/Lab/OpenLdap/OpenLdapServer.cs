using System.Net;
using System.Text.Json;

namespace PasswordSync.Lab;

/// <summary>A real <c>slapd</c> on an address of its own, with TLS (StartTLS on 389, LDAPS on 636), ppolicy and users.</summary>
public sealed class OpenLdapServer : LabServer
{
    public const string AdministratorPassword = "Adm1n.Passw0rd!";
    public const string SynchronisationPassword = "Sync.Passw0rd!";

    private readonly TemporaryFolder? _temporary;
    private readonly LoopbackAddress _address;
    private readonly LdapTools _ldap;

    private OpenLdapServer(
        OpenLdapOptions options, string folder, TemporaryFolder? temporary, CertificateAuthority authority, LoopbackAddress address)
    {
        Options = options;
        Folder = folder;
        _temporary = temporary;
        _address = address;
        Authority = authority;
        _ldap = new LdapTools(address.Address, AuthorityFile, folder);
        Users = [.. Enumerable.Range(1, options.Users).Select(number => LabUser.Numbered(number, "uid", UserContainer))];
    }

    public OpenLdapOptions Options { get; }

    public string Suffix => Options.Suffix;

    /// <summary>The container of <see cref="Users"/>.</summary>
    public string UserContainer => $"ou=people,{Suffix}";

    /// <summary>The root name: no policy applies to it. The password is <see cref="AdministratorPassword"/>.</summary>
    public string AdministratorName => $"cn=admin,{Suffix}";

    /// <summary>A service account that may set passwords within the policy. The password is <see cref="SynchronisationPassword"/>.</summary>
    public string SynchronisationName => $"cn=sync,{Suffix}";

    /// <summary>The users the directory was made with, u0001 first.</summary>
    public IReadOnlyList<LabUser> Users { get; }

    /// <summary>Issued the server's certificate, which bears the address and <see cref="HostName"/>.</summary>
    public CertificateAuthority Authority { get; }

    /// <summary>The authority's certificate as a PEM file.</summary>
    public string AuthorityFile => Path.Combine(Folder, "ca.pem");

    public IPAddress Address => _address.Address;

    /// <summary>The name in the certificate, such as <c>slapd.gamma.test</c>. No DNS knows it: connect to the address.</summary>
    public string HostName => $"slapd.{string.Join('.', Suffix.Split(',').Select(part => part.Split('=')[1]))}";

    public string Folder { get; }

    protected override string Title => $"slapd on {Address}";

    protected override ServerCommand Command =>
        new(LabMachine.PathOf(LabTool.Slapd), ["-d", "0", "-f", ConfigurationFile, "-h", $"ldap://{Address}/ ldaps://{Address}/"], Path.Combine(Folder, "slapd.log")) { OutlivesThisProcess = _temporary is null };

    private string ConfigurationFile => Path.Combine(Folder, "slapd.conf");

    /// <summary>Starts a directory that ends with this process, or when it is disposed.</summary>
    /// <exception cref="LabNotSupportedException">Not Linux: the calling test is skipped.</exception>
    /// <exception cref="LabEnvironmentException">The machine is not prepared, or slapd failed; the message says what to do or look at.</exception>
    public static async Task<OpenLdapServer> StartAsync(OpenLdapOptions options, CancellationToken cancellationToken)
    {
        RequireTools();
        var temporary = TemporaryFolder.Create("slapd");
        return await CreateAsync(options, temporary.FullPath, temporary, cancellationToken);
    }

    /// <summary>Starts a directory that outlives this process, in a new or empty folder; see <see cref="Attach"/>.</summary>
    public static async Task<OpenLdapServer> StartLastingAsync(OpenLdapOptions options, string folder, CancellationToken cancellationToken)
    {
        RequireTools();
        Directory.CreateDirectory(folder);
        var server = await CreateAsync(options, Path.GetFullPath(folder), temporary: null, cancellationToken);
        var description = new Description(options, server.Address.ToString());
        await File.WriteAllTextAsync(DescriptionOf(folder), JsonSerializer.Serialize(description), cancellationToken);
        return server;
    }

    /// <summary>Finds a lasting directory that another process started; it may run or not. Disposing it stops nothing.</summary>
    public static OpenLdapServer Attach(string folder)
    {
        RequireTools();
        folder = Path.GetFullPath(folder);
        var description = JsonSerializer.Deserialize<Description>(File.ReadAllText(DescriptionOf(folder)))!;
        var authority = CertificateAuthority.Load(Path.Combine(folder, "ca.pem"), Path.Combine(folder, "ca.key"));
        var server = new OpenLdapServer(
            description.Options, folder, temporary: null, authority, LoopbackAddress.Known(IPAddress.Parse(description.Address)));
        server.Attach();
        return server;
    }

    /// <summary>A simple bind over LDAPS.</summary>
    public Task<BindCheck> BindAsync(string distinguishedName, string password, CancellationToken cancellationToken) =>
        _ldap.BindAsync(distinguishedName, password, cancellationToken);

    /// <summary>A simple bind over LDAPS as a user.</summary>
    public Task<BindCheck> BindAsync(LabUser user, string password, CancellationToken cancellationToken) =>
        _ldap.BindAsync(user.DistinguishedName, password, cancellationToken);

    /// <summary>Applies LDIF (RFC 2849) as the administrator: add, modify, rename, move, delete.</summary>
    /// <exception cref="LabEnvironmentException">A change was refused.</exception>
    public async Task ApplyLdifAsync(string ldif, CancellationToken cancellationToken) =>
        (await _ldap.ModifyAsync(AdministratorName, AdministratorPassword, ldif, cancellationToken)).RequireSuccess();

    /// <summary>Adds a user.</summary>
    public async Task<LabUser> AddUserAsync(string name, string password, CancellationToken cancellationToken)
    {
        var user = LabUser.Named(name, password, "uid", UserContainer);
        await ApplyLdifAsync(OpenLdapConfigurationFiles.User(user, "changetype: add\n"), cancellationToken);
        return user;
    }

    /// <summary>Reads one attribute of one object as the administrator; empty when it has no value. Operational attributes by name.</summary>
    public async Task<IReadOnlyList<byte[]>> ReadAttributeAsync(string distinguishedName, string attribute, CancellationToken cancellationToken)
    {
        var result = await _ldap.SearchAsync(
            AdministratorName, AdministratorPassword, distinguishedName, "base", "(objectClass=*)", [attribute], cancellationToken);
        return [.. LdapTools.ValuesOf(attribute, result.RequireSuccess().Output)];
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _address.Dispose();
        Authority.Dispose();
        _temporary?.Dispose();
    }

    protected override async Task<string?> FindDelayAsync(CancellationToken cancellationToken)
    {
        var look = await _ldap.SearchAsync(AdministratorName, AdministratorPassword, Suffix, "base", "(objectClass=*)", ["1.1"], cancellationToken);
        return look.ExitCode == 0 ? null : $"LDAP result {look.ExitCode}: {look.Errors}";
    }

    private static async Task<OpenLdapServer> CreateAsync(
        OpenLdapOptions options, string folder, TemporaryFolder? temporary, CancellationToken cancellationToken)
    {
        var authority = CertificateAuthority.Create($"{options.Suffix} lab authority");
        authority.Save(Path.Combine(folder, "ca.pem"), Path.Combine(folder, "ca.key"));
        var server = new OpenLdapServer(options, folder, temporary, authority, LoopbackAddress.Lease());
        try
        {
            authority.Issue(Path.Combine(folder, "server.pem"), Path.Combine(folder, "server.key"), [server.HostName], [server.Address]);
            Directory.CreateDirectory(Path.Combine(folder, "data"));
            await File.WriteAllTextAsync(server.ConfigurationFile, OpenLdapConfigurationFiles.Server(options, folder), cancellationToken);
            var load = new ToolRun(LabMachine.PathOf(LabTool.SlapAdd), ["-q", "-f", server.ConfigurationFile])
            {
                Input = OpenLdapConfigurationFiles.Contents(options, server.Users),
            };
            (await load.RunAsync(cancellationToken)).RequireSuccess();
            await server.StartAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private static string DescriptionOf(string folder) => Path.Combine(folder, "directory.json");

    private static void RequireTools() => LabMachine.Require(
        LabTool.Slapd, LabTool.SlapAdd, LabTool.LdapSearch, LabTool.LdapModify, LabTool.Unshare, LabTool.SetSid);

    private sealed record Description(OpenLdapOptions Options, string Address);
}
