using System.Diagnostics;
using System.Net;
using System.Text.Json;

namespace PasswordSync.Lab;

/// <summary>
/// A real Active Directory domain: one or two Samba domain controllers on loopback addresses, with users. Provisioned once per
/// kind (<see cref="SambaDomainOptions"/>) and machine, copied for each use, so that a start takes about two seconds.
/// </summary>
public sealed class SambaDomain : IAsyncDisposable
{
    public const string AdministratorPassword = "Adm1n.Passw0rd!";

    /// <summary>How long a change may take to reach the other DC.</summary>
    public static readonly TimeSpan ReplicationBound = TimeSpan.FromMinutes(3);

    /// <summary>A socket's path has at most 107 bytes (unix(7)), of which Samba needs about 40 for itself.</summary>
    private const int FolderLengthMax = 65;

    /// <summary>How long DCs may disagree until they are told to pull. Notifications come within a second or two.</summary>
    private static readonly TimeSpan PullInterval = TimeSpan.FromSeconds(8);

    private static readonly TimeSpan ToolBound = TimeSpan.FromMinutes(5);
    private readonly TemporaryFolder? _temporary;
    private readonly Lock _networkFiles = new();

    private SambaDomain(
        SambaDomainOptions options, string folder, TemporaryFolder? temporary, CertificateAuthority authority, IReadOnlyList<LoopbackAddress> addresses)
    {
        Options = options;
        Folder = folder;
        _temporary = temporary;
        Authority = authority;
        Controllers = [.. addresses.Select((address, index) => new SambaDomainController(this, $"dc{index + 1}", address))];
        Users = [.. Enumerable.Range(1, options.Users).Select(number => LabUser.Numbered(number, "CN", UserContainer))];
    }

    public SambaDomainOptions Options { get; }

    /// <summary>Such as <c>DC=alpha,DC=test</c>.</summary>
    public string BaseName => Options.BaseName;

    /// <summary>The container of <see cref="Users"/>.</summary>
    public string UserContainer => $"{LabUser.Container},{BaseName}";

    /// <summary>User principal name of the domain's administrator; the password is <see cref="AdministratorPassword"/>.</summary>
    public string AdministratorName => $"administrator@{Options.DnsName}";

    public IReadOnlyList<SambaDomainController> Controllers { get; }

    public SambaDomainController First => Controllers[0];

    /// <summary>The second DC of a domain with two.</summary>
    public SambaDomainController Second => Controllers[1];

    /// <summary>The users the domain was made with, u0001 first.</summary>
    public IReadOnlyList<LabUser> Users { get; }

    /// <summary>Issues the certificates of the DCs.</summary>
    public CertificateAuthority Authority { get; }

    /// <summary>The authority's certificate as a PEM file.</summary>
    public string AuthorityFile => Path.Combine(Folder, "ca.pem");

    /// <summary>krb5.conf for clients of the domain.</summary>
    public string KerberosConfigurationFile => First.KerberosConfigurationFile;

    /// <summary>What clients of the domain should see as /etc/hosts.</summary>
    public string HostsFile => Path.Combine(Folder, "hosts");

    public string Folder { get; }

    internal bool IsLasting => _temporary is null;

    /// <summary>Starts a domain that ends with this process, or when it is disposed.</summary>
    /// <exception cref="LabNotSupportedException">Not Linux: the calling test is skipped.</exception>
    /// <exception cref="LabEnvironmentException">The machine is not prepared, or Samba failed; the message says what to do or look at.</exception>
    public static async Task<SambaDomain> StartAsync(SambaDomainOptions options, CancellationToken cancellationToken)
    {
        RequireTools();
        var template = await SambaTemplate.GetAsync(options, cancellationToken);
        var temporary = TemporaryFolder.Create("samba");
        return await StartAsync(Create(options, temporary.FullPath, temporary), template, cancellationToken);
    }

    /// <summary>Starts a domain that outlives this process, in a new or empty folder; see <see cref="Attach"/>.</summary>
    public static async Task<SambaDomain> StartLastingAsync(SambaDomainOptions options, string folder, CancellationToken cancellationToken)
    {
        RequireTools();
        var template = await SambaTemplate.GetAsync(options, cancellationToken);
        folder = Path.GetFullPath(folder);
        if (folder.Length > FolderLengthMax)
            throw new LabEnvironmentException($"The path '{folder}' is longer than {FolderLengthMax} characters: Samba's sockets in it would not fit.");
        Directory.CreateDirectory(folder);
        var domain = await StartAsync(Create(options, folder, temporary: null), template, cancellationToken);
        var description = new Description(options, [.. domain.Controllers.Select(controller => controller.Address.ToString())]);
        await File.WriteAllTextAsync(DescriptionOf(folder), JsonSerializer.Serialize(description), cancellationToken);
        return domain;
    }

    /// <summary>Finds a lasting domain that another process started. Its DCs may run or not. Disposing it stops nothing.</summary>
    public static SambaDomain Attach(string folder)
    {
        RequireTools();
        folder = Path.GetFullPath(folder);
        var description = JsonSerializer.Deserialize<Description>(File.ReadAllText(DescriptionOf(folder)))!;
        var authority = CertificateAuthority.Load(Path.Combine(folder, "ca.pem"), Path.Combine(folder, "ca.key"));
        var addresses = description.Addresses.Select(address => LoopbackAddress.Known(IPAddress.Parse(address)));
        var domain = new SambaDomain(description.Options, folder, temporary: null, authority, [.. addresses]);
        foreach (var controller in domain.Controllers) controller.Attach();
        return domain;
    }

    /// <summary>The name by which a user binds, whatever its distinguished name has become.</summary>
    public string PrincipalNameOf(LabUser user) => $"{user.AccountName}@{Options.DnsName}";

    /// <summary>Adds a user at the first DC.</summary>
    public async Task<LabUser> AddUserAsync(string name, string password, CancellationToken cancellationToken)
    {
        var user = LabUser.Named(name, password, "CN", UserContainer);
        await First.ApplyLdifAsync(ToLdif(user, "changetype: add\n"), cancellationToken);
        return user;
    }

    /// <summary>Sets the domain's password policy at the first DC.</summary>
    public async Task SetPasswordPolicyAsync(PasswordPolicy policy, CancellationToken cancellationToken) =>
        (await First.SambaToolAsync(["domain", "passwordsettings", "set", .. policy.ToArguments()], "", cancellationToken)).RequireSuccess();

    /// <summary>The domain's password policy as the first DC knows it.</summary>
    public async Task<PasswordPolicy> ReadPasswordPolicyAsync(CancellationToken cancellationToken) =>
        PasswordPolicy.Parse((await First.SambaToolAsync(["domain", "passwordsettings", "show"], "", cancellationToken)).RequireSuccess().Output);

    /// <summary>Keeps the running DCs from hearing of each other's changes until the result is disposed. Clients notice nothing.</summary>
    public async Task<ReplicationPause> PauseReplicationAsync(CancellationToken cancellationToken) =>
        await ReplicationPause.BeginAsync(Controllers, cancellationToken);

    /// <summary>
    /// Waits until all running DCs have the same stamp for a user's password, and returns that stamp. A DC tells the other of a change once: if the other's pull then fails, as it may right after
    /// a pause, Samba pulls again minutes later. So the DCs are told to pull whenever they do not agree for a while.
    /// </summary>
    public async Task<AttributeStamp> WaitUntilReplicatedAsync(LabUser user, CancellationToken cancellationToken)
    {
        AttributeStamp? agreed = null;
        var pulledAt = Stopwatch.GetTimestamp();
        await Eventually.HoldsAsync(
            $"the DCs of {Options.Realm} to agree on the password of {user.AccountName}",
            ReplicationBound,
            async token =>
            {
                var stamps = await Task.WhenAll(
                    Controllers.Where(controller => controller.IsRunning).Select(controller => controller.ReadPasswordStampAsync(user, token)));
                agreed = stamps[0];
                if (agreed is not null && stamps.All(stamp => stamp == agreed)) return true;
                if (Stopwatch.GetElapsedTime(pulledAt) < PullInterval) return false;
                foreach (var controller in Controllers)
                {
                    foreach (var source in Controllers.Where(other => other != controller)) await controller.TryReplicateFromAsync(source, token);
                }

                pulledAt = Stopwatch.GetTimestamp();
                return false;
            },
            cancellationToken);
        return agreed!;
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Controllers.Select(controller => controller.DisposeAsync().AsTask()));
        Authority.Dispose();
        _temporary?.Dispose();
    }

    internal static SambaDomain Create(SambaDomainOptions options, string folder, TemporaryFolder? temporary)
    {
        if (options.Controllers is < 1 or > 2 || (options.NameService && options.Controllers > 1))
            throw new ArgumentOutOfRangeException(nameof(options), options.Controllers, "A lab domain has 1 or 2 controllers, and 1 if it is a name service.");
        if (options.Realm.Any(char.IsLower) || !options.Realm.Contains('.'))
            throw new ArgumentException($"The realm '{options.Realm}' is not an upper-case DNS name such as ALPHA.TEST.", nameof(options));
        var authority = CertificateAuthority.Create($"{options.Realm} lab authority");
        authority.Save(Path.Combine(folder, "ca.pem"), Path.Combine(folder, "ca.key"));
        return new SambaDomain(
            options, folder, temporary, authority, [.. Enumerable.Range(0, options.Controllers).Select(_ => LoopbackAddress.Lease())]);
    }

    /// <summary>A user as LDIF.</summary>
    /// <param name="changeType">The line that LDIF of changes has after the name; empty for LDIF of contents.</param>
    internal string ToLdif(LabUser user, string changeType) =>
        $"dn: {user.DistinguishedName}\n{changeType}objectClass: user\nsAMAccountName: {user.AccountName}\nuserPrincipalName: {PrincipalNameOf(user)}\n"
        + $"mail: {user.Mail}\ngivenName: Given\nsn: Surname\nuserAccountControl: 512\nunicodePwd:: {PasswordChange.Quoted(user.InitialPassword)}\n\n";

    /// <summary>Writes the hosts file and each DC's krb5.conf, in place: running DCs have the hosts file mounted.</summary>
    internal void WriteNetworkFiles()
    {
        lock (_networkFiles)
        {
            File.WriteAllText(HostsFile, SambaConfigurationFiles.Hosts(Controllers, Options));
            foreach (var controller in Controllers)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(controller.KerberosConfigurationFile)!);
                IPAddress[] ownFirst = [controller.Address, .. Controllers.Where(other => other != controller).Select(other => other.Address)];
                File.WriteAllText(controller.KerberosConfigurationFile, SambaConfigurationFiles.Kerberos([(Options.Realm, ownFirst)]));
            }
        }
    }

    private static async Task<SambaDomain> StartAsync(SambaDomain domain, string template, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var controller in domain.Controllers)
            {
                var copy = new ToolRun(
                    LabMachine.PathOf(LabTool.Copy), ["-a", "--sparse=always", Path.Combine(template, controller.Name), controller.Folder])
                { Bound = ToolBound };
                (await copy.RunAsync(cancellationToken)).RequireSuccess();
            }

            await Task.WhenAll(domain.Controllers.Select(controller => controller.StartAsync(cancellationToken)));
            return domain;
        }
        catch
        {
            await domain.DisposeAsync();
            throw;
        }
    }

    private static string DescriptionOf(string folder) => Path.Combine(folder, "domain.json");

    private static void RequireTools() => LabMachine.Require(
        LabTool.Samba, LabTool.SambaTool, LabTool.SambaUpdateSpn, LabTool.SmbPasswd, LabTool.LdbAdd, LabTool.LdbSearch, LabTool.KPasswd,
        LabTool.LdapSearch, LabTool.LdapModify, LabTool.Unshare, LabTool.SetSid);

    private sealed record Description(SambaDomainOptions Options, IReadOnlyList<string> Addresses);
}
