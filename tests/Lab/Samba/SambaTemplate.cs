using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace PasswordSync.Lab;

/// <summary>
/// Provisioned domains, kept per kind in the machine's temporary folder: to provision takes 7 s, to join a second DC 5 s more and
/// the two DCs need minutes to introduce themselves, but a copy starts in a second, because a DC's database knows no path and no address.
/// </summary>
internal static class SambaTemplate
{
    /// <summary>Changes with each change of this file that makes other templates.</summary>
    private const string Format = "2";

    private static readonly TimeSpan BuildBound = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan IntroductionBound = TimeSpan.FromMinutes(5);

    /// <summary>The folder of the template for such a domain, with one folder per DC; built now if no process has built it yet.</summary>
    public static async Task<string> GetAsync(SambaDomainOptions options, CancellationToken cancellationToken)
    {
        var version = (await new ToolRun(LabMachine.PathOf(LabTool.Samba), ["--version"]).RunAsync(cancellationToken)).RequireSuccess().Output;
        var key = SHA256.HashData(Encoding.UTF8.GetBytes($"{Format}|{version}|{JsonSerializer.Serialize(options)}"));
        var home = Path.Combine(LabMachine.RootFolder, "templates");
        var template = Path.Combine(home, Convert.ToHexStringLower(key.AsSpan(0, 8)));
        if (Directory.Exists(template)) return template;

        Directory.CreateDirectory(home);
        FileStream? building = null;
        await Eventually.HoldsAsync(
            $"another process to finish the template of {options.Realm}",
            BuildBound,
            _ => Task.FromResult((building = TryLock(template + ".lock")) is not null),
            cancellationToken);
        using (building)
        {
            if (!Directory.Exists(template)) await BuildAsync(options, template, cancellationToken);
        }

        return template;
    }

    private static async Task BuildAsync(SambaDomainOptions options, string template, CancellationToken cancellationToken)
    {
        using var stage = TemporaryFolder.Create("template");
        await using (var domain = SambaDomain.Create(options, stage.FullPath, stage))
        {
            await ProvisionAsync(domain, cancellationToken);
            if (options.Controllers == 2) await JoinAsync(domain, cancellationToken);
            foreach (var controller in domain.Controllers)
            {
                await controller.StopAsync(cancellationToken);
                foreach (var name in (string[])["etc", "lock", "log", "ncalrpc", "run", "tls"])
                    Directory.Delete(Path.Combine(controller.Folder, name), recursive: true);
            }

            Directory.Move(stage.FullPath, template);
        }
    }

    private static async Task ProvisionAsync(SambaDomain domain, CancellationToken cancellationToken)
    {
        var first = domain.First;
        Directory.CreateDirectory(first.Folder);
        domain.WriteNetworkFiles();
        var seed = await WriteSeedAsync(first, cancellationToken);
        await RequireAsync(
            first,
            LabTool.SambaTool,
            [
                "domain", "provision", $"--configfile={seed}", $"--targetdir={first.Folder}", $"--realm={domain.Options.Realm}",
                $"--domain={domain.Options.NetBiosName}", "--server-role=dc", $"--dns-backend={(domain.Options.NameService ? "SAMBA_INTERNAL" : "NONE")}", $"--host-name={first.Name}",
                $"--host-ip={first.Address}", .. InterfaceOptions(first),
            ],
            "",
            cancellationToken);
        first.WriteFiles();
        await RequireAsync(
            first, LabTool.SambaTool, ["user", "setpassword", "Administrator", "-s", first.ConfigurationFile],
            $"{SambaDomain.AdministratorPassword}\n{SambaDomain.AdministratorPassword}\n", cancellationToken);
        await domain.SetPasswordPolicyAsync(domain.Options.PasswordPolicy, cancellationToken);
        await RequireAsync(first, LabTool.SambaUpdateSpn, ["-s", first.ConfigurationFile], "", cancellationToken);

        var users = new StringBuilder($"dn: {domain.UserContainer}\nobjectClass: organizationalUnit\n\n");
        foreach (var user in domain.Users) users.Append(domain.ToLdif(user, changeType: ""));
        await RequireAsync(first, LabTool.LdbAdd, [$"--configfile={first.ConfigurationFile}", "-H", first.Database], users.ToString(), cancellationToken);
        await SaveDirectoryServiceIdAsync(first, first, cancellationToken);
    }

    private static async Task JoinAsync(SambaDomain domain, CancellationToken cancellationToken)
    {
        var (first, second) = (domain.First, domain.Second);
        await first.StartAsync(cancellationToken);
        var seed = await WriteSeedAsync(second, cancellationToken);
        await RequireAsync(
            second,
            LabTool.SambaTool,
            [
                "domain", "join", domain.Options.DnsName, "DC", $"--server={first.FullName}", "-U", "administrator", $"--realm={domain.Options.Realm}",
                $"--targetdir={second.Folder}", $"--configfile={seed}", "--dns-backend=NONE", .. InterfaceOptions(second),
            ],
            $"{SambaDomain.AdministratorPassword}\n",
            cancellationToken);
        await SaveDirectoryServiceIdAsync(first, second, cancellationToken);
        await second.StartAsync(cancellationToken);
        await IntroduceAsync(first, second, cancellationToken);
        await IntroduceAsync(second, first, cancellationToken);
    }

    /// <summary>
    /// Makes one DC pull from the other, and the other notify it from now on. Samba would do so itself, but only when its
    /// periodic checks come round, which takes minutes.
    /// </summary>
    private static async Task IntroduceAsync(SambaDomainController puller, SambaDomainController source, CancellationToken cancellationToken)
    {
        var domain = puller.Domain;
        await Eventually.HoldsAsync(
            $"{puller.FullName} to pull from {source.FullName}",
            IntroductionBound,
            async token =>
            {
                await puller.SambaToolAsync(["drs", "kcc", puller.FullName, "-P"], "", token);
                var pull = await puller.SambaToolAsync(["drs", "replicate", puller.FullName, source.FullName, domain.BaseName, "--add-ref", "-P"], "", token);
                return pull.ExitCode == 0 && await source.ReadAttributeAsync(domain.BaseName, "repsTo", token) is [_, ..];
            },
            cancellationToken);
    }

    private static async Task SaveDirectoryServiceIdAsync(SambaDomainController witness, SambaDomainController controller, CancellationToken cancellationToken)
    {
        var settings = $"CN=NTDS Settings,CN={controller.Name.ToUpperInvariant()},CN=Servers,CN=Default-First-Site-Name,CN=Sites,CN=Configuration,{witness.Domain.BaseName}";
        var output = await RequireAsync(
            witness, LabTool.LdbSearch,
            [$"--configfile={witness.ConfigurationFile}", "-H", witness.Database, "-b", settings, "-s", "base", "objectGUID"], "", cancellationToken);
        var id = Encoding.ASCII.GetString(LdapTools.ValuesOf("objectGUID", output).Single());
        await File.WriteAllTextAsync(controller.DirectoryServiceIdFile, id, cancellationToken);
        witness.Domain.WriteNetworkFiles();
    }

    /// <summary>The configuration a DC is made with: nothing of the machine's own smb.conf.</summary>
    private static async Task<string> WriteSeedAsync(SambaDomainController controller, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(controller.Folder);
        var seed = Path.Combine(controller.Domain.Folder, $"{controller.Name}-seed.conf");
        await File.WriteAllTextAsync(seed, $"[global]\n  netbios name = {controller.Name.ToUpperInvariant()}\n", cancellationToken);
        return seed;
    }

    private static string[] InterfaceOptions(SambaDomainController controller) =>
        [$"--option=interfaces={controller.Address}/8", "--option=bind interfaces only=yes"];

    private static async Task<string> RequireAsync(
        SambaDomainController controller, LabTool tool, IReadOnlyList<string> arguments, string input, CancellationToken cancellationToken) =>
        (await controller.RunToolAsync(tool, arguments, input, cancellationToken)).RequireSuccess().Output;

    private static FileStream? TryLock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
