using System.Net;

namespace PasswordSync.Lab;

/// <summary>One writable domain controller: a real <c>samba</c>, with all its protocols, on an address of its own.</summary>
public sealed class SambaDomainController : LabServer
{
    private static readonly int[] PortsOfAReadyController = [88, 135, 389, 445, 464, 636];
    private readonly LoopbackAddress _address;
    private readonly LdapTools _ldap;

    // Each smbpasswd makes smbd fork and each samba-tool is a Python program; with 50 of them at once the DC answers "network busy".
    private readonly SemaphoreSlim _tools = new(4);

    internal SambaDomainController(SambaDomain domain, string name, LoopbackAddress address)
    {
        Domain = domain;
        Name = name;
        Folder = Path.Combine(domain.Folder, name);
        _address = address;
        _ldap = new LdapTools(address.Address, domain.AuthorityFile, domain.Folder);
    }

    public SambaDomain Domain { get; }

    /// <summary><c>dc1</c> or <c>dc2</c>.</summary>
    public string Name { get; }

    /// <summary>Such as <c>dc1.alpha.test</c>. The certificate bears it and the address.</summary>
    public string FullName => $"{Name}.{Domain.Options.DnsName}";

    /// <summary>Where it listens, on the ports every DC has. No DNS knows its name: connect to the address.</summary>
    public IPAddress Address => _address.Address;

    public string Folder { get; }

    public string LogFolder => Path.Combine(Folder, "log");

    public string ConfigurationFile => Path.Combine(Folder, "etc", "smb.conf");

    /// <summary>krb5.conf for clients of this DC, and for itself.</summary>
    public string KerberosConfigurationFile => Path.Combine(Folder, "etc", "krb5.conf");

    /// <summary>The directory's database, for ldb-tools on the DC itself.</summary>
    public string Database => Path.Combine(Folder, "private", "sam.ldb");

    public SambaControllerSettings Settings { get; private set; } = new();

    /// <summary>objectGUID of its nTDSDSA object; null until the domain knows it.</summary>
    internal Guid? DirectoryServiceId => File.Exists(DirectoryServiceIdFile) ? Guid.Parse(File.ReadAllText(DirectoryServiceIdFile)) : null;

    internal string DirectoryServiceIdFile => Path.Combine(Folder, "directory-service-id");

    internal LdapTools Ldap => _ldap;

    /// <summary>What the DC and the programs that run on it find in their environment.</summary>
    internal Dictionary<string, string> Environment
    {
        get
        {
            var environment = new Dictionary<string, string> { ["KRB5_CONFIG"] = KerberosConfigurationFile };
            if (Settings.ReadablePasswords is { } key) environment["GNUPGHOME"] = key.HomeFolder;
            return environment;
        }
    }

    protected override string Title => $"{FullName} on {Address}";

    protected override ServerCommand Command => new(
        LabMachine.PathOf(LabTool.Samba), ["-F", "--no-process-group", "-M", "prefork", "-s", ConfigurationFile], Path.Combine(LogFolder, "samba"))
    {
        // The path of winbindd's socket is compiled in; DCs are told of each other by the hosts file.
        Mounts = [(Path.Combine(Folder, "run", "samba"), SystemSambaFolder), (Domain.HostsFile, "/etc/hosts")],
        Environment = Environment,
        OutlivesThisProcess = Domain.IsLasting,
    };

    protected override IEnumerable<string> LogFiles => Directory.EnumerateFiles(LogFolder);

    /// <summary>Changes settings of smb.conf; a running DC is restarted for it, which takes about two seconds.</summary>
    public async Task ReconfigureAsync(SambaControllerSettings settings, CancellationToken cancellationToken)
    {
        Settings = settings;
        if (!IsRunning)
        {
            WriteFiles();
            return;
        }

        await StopAsync(cancellationToken);
        await StartAsync(cancellationToken);
    }

    /// <summary>Changes a user's password at this DC in one of the usual ways.</summary>
    /// <param name="currentPassword">Needed by the ways in which users change their own; the administrator's ways ignore it.</param>
    /// <exception cref="LabEnvironmentException">The change was neither made nor refused: something is broken.</exception>
    public Task<PasswordChangeResult> ChangePasswordAsync(
        PasswordChangeWay way, LabUser user, string currentPassword, string newPassword, CancellationToken cancellationToken) =>
        PasswordChange.RunAsync(this, way, user, currentPassword, newPassword, cancellationToken);

    /// <summary>A simple bind over LDAPS. The name is a distinguished name, a user principal name or <c>NETBIOS\name</c>.</summary>
    public Task<BindCheck> BindAsync(string name, string password, CancellationToken cancellationToken) =>
        _ldap.BindAsync(name, password, cancellationToken);

    /// <summary>A simple bind over LDAPS as a user.</summary>
    public Task<BindCheck> BindAsync(LabUser user, string password, CancellationToken cancellationToken) =>
        _ldap.BindAsync(Domain.PrincipalNameOf(user), password, cancellationToken);

    /// <summary>Applies LDIF (RFC 2849) as the administrator: add, modify, rename, move, delete.</summary>
    /// <exception cref="LabEnvironmentException">A change was refused.</exception>
    public async Task ApplyLdifAsync(string ldif, CancellationToken cancellationToken) =>
        (await _ldap.ModifyAsync(Domain.AdministratorName, SambaDomain.AdministratorPassword, ldif, cancellationToken)).RequireSuccess();

    /// <summary>
    /// Adds objects on the DC itself, with an objectGUID or systemFlags of one's own, which LDAP lets nobody choose: what replication from another domain
    /// of the forest would bring.
    /// </summary>
    public async Task AddAsReplicationWouldAsync(string ldif, CancellationToken cancellationToken) =>
        (await RunToolAsync(LabTool.LdbAdd, [$"--configfile={ConfigurationFile}", "-H", Database, "--relax"], ldif, cancellationToken)).RequireSuccess();

    /// <summary>Reads one attribute of one object as the administrator; empty when it has no value.</summary>
    public async Task<IReadOnlyList<byte[]>> ReadAttributeAsync(string distinguishedName, string attribute, CancellationToken cancellationToken)
    {
        var result = await _ldap.SearchAsync(
            Domain.AdministratorName, SambaDomain.AdministratorPassword, distinguishedName, "base", "(objectClass=*)", [attribute], cancellationToken);
        return [.. LdapTools.ValuesOf(attribute, result.RequireSuccess().Output)];
    }

    /// <summary>Whether this DC knows a user by the initial password, and shows the user an object.</summary>
    public async Task<bool> ShowsAsync(LabUser user, string distinguishedName, CancellationToken cancellationToken)
    {
        var result = await _ldap.SearchAsync(Domain.PrincipalNameOf(user), user.InitialPassword, distinguishedName, "base", "(objectClass=*)", ["objectClass"], cancellationToken);
        return result.ExitCode == 0 && LdapTools.ValuesOf("objectClass", result.Output).Any();
    }

    /// <summary>What this DC knows of the last originating write of a user's unicodePwd; null when the user has no password yet.</summary>
    public Task<AttributeStamp?> ReadPasswordStampAsync(LabUser user, CancellationToken cancellationToken) =>
        ReadPasswordStampAsync(user.DistinguishedName, cancellationToken);

    /// <summary>As above, by the distinguished name the user has now, or <c>&lt;GUID=...&gt;</c>.</summary>
    public async Task<AttributeStamp?> ReadPasswordStampAsync(string distinguishedName, CancellationToken cancellationToken)
    {
        var values = await ReadAttributeAsync(distinguishedName, "replPropertyMetaData", cancellationToken);
        return AttributeStamp.Find(values.Single(), AttributeStamp.UnicodePassword);
    }

    /// <summary>The id under which this DC originates writes.</summary>
    public async Task<Guid> ReadInvocationIdAsync(CancellationToken cancellationToken)
    {
        var settings = System.Text.Encoding.UTF8.GetString((await ReadAttributeAsync("", "dsServiceName", cancellationToken)).Single());
        return new Guid((await ReadAttributeAsync(settings, "invocationId", cancellationToken)).Single());
    }

    /// <summary>Runs <c>samba-tool</c> on this DC, in the network the DC sees.</summary>
    /// <param name="arguments">Without the configuration file, which is added. No passwords: they go into <paramref name="input"/>, a line each.</param>
    public Task<ToolResult> SambaToolAsync(IReadOnlyList<string> arguments, string input, CancellationToken cancellationToken) =>
        RunToolAsync(LabTool.SambaTool, [.. arguments, "-s", ConfigurationFile], input, cancellationToken);

    /// <summary>Pulls what the other DC has now, without waiting for its notification.</summary>
    public async Task ReplicateFromAsync(SambaDomainController source, CancellationToken cancellationToken) => (await TryReplicateFromAsync(source, cancellationToken)).RequireSuccess();

    internal Task<ToolResult> TryReplicateFromAsync(SambaDomainController source, CancellationToken cancellationToken) =>
        SambaToolAsync(["drs", "replicate", FullName, source.FullName, Domain.BaseName, "-P"], "", cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _address.Dispose();
        _tools.Dispose();
    }

    internal async Task<ToolResult> RunToolAsync(LabTool tool, IReadOnlyList<string> arguments, string input, CancellationToken cancellationToken)
    {
        await _tools.WaitAsync(cancellationToken);
        try
        {
            var run = new ToolRun(LabMachine.PathOf(tool), arguments)
            {
                Input = input,
                Mounts = [(Domain.HostsFile, "/etc/hosts")],
                Environment = new Dictionary<string, string>(Environment) { ["KRB5CCNAME"] = "MEMORY:" },
            };
            return await run.RunAsync(cancellationToken);
        }
        finally
        {
            _tools.Release();
        }
    }

    /// <summary>The process that pulls changes from other DCs and notifies them; null when the DC does not run.</summary>
    internal int? ReplicationProcess =>
        ProcessIds.Cast<int?>().FirstOrDefault(id => ProcessTree.CommandLineOf(id!.Value).StartsWith("samba: task[drepl]", StringComparison.Ordinal));

    protected override void Prepare() => WriteFiles();

    internal void WriteFiles()
    {
        foreach (var name in (string[])["cache", "etc", "lock", "log", "ncalrpc", "ntp_signd", "run/samba", "tls", "usershares"])
            Directory.CreateDirectory(Path.Combine(Folder, name));
        Directory.CreateDirectory(SystemSambaFolder);
        File.WriteAllText(ConfigurationFile, SambaConfigurationFiles.Samba(this, Domain.Options));
        Domain.WriteNetworkFiles();
        var certificate = Path.Combine(Folder, "tls", "server.pem");
        if (!File.Exists(certificate))
            Domain.Authority.Issue(certificate, Path.Combine(Folder, "tls", "server.key"), [FullName, Name, Domain.Options.DnsName], [Address]);
    }

    private const string SystemSambaFolder = "/run/samba";

    protected override async Task<string?> FindDelayAsync(CancellationToken cancellationToken)
    {
        foreach (var port in PortsOfAReadyController)
        {
            if (!await EndPointProbe.AcceptsAsync(new IPEndPoint(Address, port), cancellationToken)) return $"port {port} refuses connections";
        }

        var look = await _ldap.SearchAsync(
            Domain.AdministratorName, SambaDomain.AdministratorPassword, Domain.BaseName, "base", "(objectClass=*)", ["1.1"], cancellationToken);
        return look.ExitCode == 0 ? null : $"LDAP result {look.ExitCode}: {look.Errors}";
    }
}
