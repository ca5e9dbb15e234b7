using System.Net;
using System.Text.Json;

namespace PasswordSync.Lab;

/// <summary>
/// A real standalone <c>smbd</c> on an address of its own, which keeps accounts itself as a member server does. Accounts need Unix users of the same
/// name: the server sees a list of its own in the place of /etc/passwd.
/// </summary>
public sealed class SambaFileServer : LabServer
{
    public const string Name = "FILES1";

    /// <summary>A service account that may set passwords. The password is <see cref="SynchronisationPassword"/>.</summary>
    public const string SynchronisationName = "sync";

    public const string SynchronisationPassword = "Sync.Passw0rd!";

    /// <summary>The shortest password that the server's policy names. Samba does not hold it against resets.</summary>
    public const int PasswordLengthMin = 8;

    private const int FirstUserId = 20_000;

    // What a client of the server does: sign in, and open a pipe that every user may.
    private const string SignIn = """
        import json, sys
        from samba import NTSTATUSError, credentials, param
        from samba.dcerpc import srvsvc
        asked = json.load(sys.stdin)
        settings = param.LoadParm()
        settings.load("/dev/null")
        who = credentials.Credentials()
        who.guess(settings)
        who.set_username(asked["user"])
        who.set_domain("")
        who.set_password(asked["password"])
        who.set_kerberos_state(credentials.DONT_USE_KERBEROS)
        try:
            srvsvc.srvsvc("ncacn_np:" + asked["host"], settings, who)
            print("yes")
        except NTSTATUSError as refusal:
            print("no" if refusal.args[0] & 0xFFFFFFFF in (0xC000006D, 0xC000006A, 0xC0000064) else refusal)
        """;

    private readonly TemporaryFolder _folder = TemporaryFolder.Create("smbd");
    private readonly LoopbackAddress _address = LoopbackAddress.Lease();
    private readonly SemaphoreSlim _tools = new(1);
    private int _users;

    private SambaFileServer()
    {
    }

    public IPAddress Address => _address.Address;

    public IPEndPoint EndPoint => new(Address, 445);

    private string ConfigurationFile => _folder.PathOf("smb.conf");

    private string UserFile => _folder.PathOf("passwd");

    protected override string Title => $"smbd on {Address}";

    protected override ServerCommand Command =>
        new(LabMachine.PathOf(LabTool.SmbServer), ["-s", ConfigurationFile, "-F", "--no-process-group", "--debug-stdout"], _folder.PathOf("smbd.log")) { Mounts = Mounts };

    private IReadOnlyList<(string Source, string Target)> Mounts => [(UserFile, "/etc/passwd")];

    /// <summary>Starts a server that ends with this process, or when it is disposed.</summary>
    /// <exception cref="LabNotSupportedException">Not Linux: the calling test is skipped.</exception>
    /// <exception cref="LabEnvironmentException">The machine is not prepared, or smbd failed.</exception>
    public static async Task<SambaFileServer> StartNewAsync(CancellationToken cancellationToken)
    {
        LabMachine.Require(LabTool.SmbServer, LabTool.SmbPasswd, LabTool.SmbAccounts, LabTool.Net, LabTool.Python, LabTool.Unshare, LabTool.SetSid);
        var server = new SambaFileServer();
        try
        {
            await server.PrepareAsync(cancellationToken);
            await server.StartAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Adds an account.</summary>
    public async Task AddUserAsync(string name, string password, CancellationToken cancellationToken)
    {
        var id = FirstUserId + Interlocked.Increment(ref _users);
        await _tools.WaitAsync(cancellationToken);
        try
        {
            await File.AppendAllTextAsync(UserFile, $"{name}:x:{id}:{FirstUserId}::/nonexistent:/bin/false\n", cancellationToken);
        }
        finally
        {
            _tools.Release();
        }

        await RunToolAsync(LabTool.SmbPasswd, ["-c", ConfigurationFile, "-s", "-a", name], $"{password}\n{password}\n", cancellationToken);
    }

    /// <summary>Sets a password as the server's own administrator.</summary>
    public Task SetPasswordAsync(string name, string password, CancellationToken cancellationToken) =>
        RunToolAsync(LabTool.SmbPasswd, ["-c", ConfigurationFile, "-s", name], $"{password}\n{password}\n", cancellationToken);

    public Task RemoveUserAsync(string name, CancellationToken cancellationToken) =>
        RunToolAsync(LabTool.SmbPasswd, ["-c", ConfigurationFile, "-x", name], "", cancellationToken);

    /// <summary>Sets a rule of the server's policy by the name that pdbedit gives it.</summary>
    public Task SetPolicyAsync(string rule, int value, CancellationToken cancellationToken) =>
        RunToolAsync(LabTool.SmbAccounts, ["-s", ConfigurationFile, "-P", rule, "-C", $"{value}"], "", cancellationToken);

    /// <summary>Whether a user may sign in with a password. Beyond 256 characters too.</summary>
    public async Task<bool> SignsInAsync(string name, string password, CancellationToken cancellationToken)
    {
        var run = new ToolRun(LabMachine.PathOf(LabTool.Python), ["-I", "-c", SignIn]) { Input = JsonSerializer.Serialize(new { host = Address.ToString(), user = name, password }) };
        var said = (await run.RunAsync(cancellationToken)).RequireSuccess().Output.Trim();
        return said is "yes" or "no" ? said == "yes" : throw new LabEnvironmentException($"The sign-in failed otherwise: {said}");
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _address.Dispose();
        _tools.Dispose();
        _folder.Dispose();
    }

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        foreach (var name in (string[])["private", "state", "cache", "lock", "run", "ncalrpc"]) Directory.CreateDirectory(_folder.PathOf(name));
        await File.WriteAllTextAsync(ConfigurationFile, SambaConfigurationFiles.FileServer(Name, Address, _folder.FullPath), cancellationToken);
        File.Copy("/etc/passwd", UserFile);
        await AddUserAsync(SynchronisationName, SynchronisationPassword, cancellationToken);
        await RunToolAsync(LabTool.Net, ["-s", ConfigurationFile, "sam", "rights", "grant", SynchronisationName, "SeAddUsersPrivilege"], "", cancellationToken);
        await SetPolicyAsync("min password length", PasswordLengthMin, cancellationToken);
    }

    protected override async Task<string?> FindDelayAsync(CancellationToken cancellationToken)
    {
        if (!await EndPointProbe.AcceptsAsync(EndPoint, cancellationToken)) return $"{EndPoint} refuses connections";
        try
        {
            return await SignsInAsync(SynchronisationName, SynchronisationPassword, cancellationToken) ? null : $"it refuses '{SynchronisationName}'";
        }
        catch (LabEnvironmentException unready)
        {
            // It accepts connections before all its parts answer.
            return unready.Message;
        }
    }

    private async Task RunToolAsync(LabTool tool, IReadOnlyList<string> arguments, string input, CancellationToken cancellationToken)
    {
        var run = new ToolRun(LabMachine.PathOf(tool), arguments) { Input = input, Mounts = Mounts };
        (await run.RunAsync(cancellationToken)).RequireSuccess();
    }
}
