using System.Runtime.InteropServices;

namespace PasswordSync.Lab;

/// <summary>Lets this very process find the KDCs of lab domains, for code under test that binds with Kerberos.</summary>
public static partial class LabKerberos
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, SambaDomain> Domains = [];
    private static TemporaryFolder? _folder;

    /// <summary>
    /// Adds a domain to this process's Kerberos configuration. Of two running domains of one realm the later one counts.
    /// The system's Kerberos library reads the environment of the process, which .NET does not write to: hence setenv(3).
    /// </summary>
    public static void UseInThisProcess(SambaDomain domain)
    {
        lock (Gate)
        {
            _folder ??= TemporaryFolder.Create("krb5");
            Domains[domain.Options.Realm] = domain;
            var file = _folder.PathOf("krb5.conf");
            Write(file, SambaConfigurationFiles.Kerberos(
                [.. Domains.Values.Select(known => (known.Options.Realm, (IReadOnlyList<System.Net.IPAddress>)[.. known.Controllers.Select(controller => controller.Address)]))]));
            if (SetEnvironmentVariable("KRB5_CONFIG", file, 1) != 0 || SetEnvironmentVariable("KRB5CCNAME", "MEMORY:passwordsync-lab", 1) != 0)
                throw new LabEnvironmentException("Cannot set KRB5_CONFIG for this process.");
        }
    }

    /// <summary>Writes the present keys of an account into a keytab, as an administrator of the domain does it.</summary>
    /// <param name="controller">A DC of the domain.</param>
    /// <param name="accountName">sAMAccountName.</param>
    /// <param name="file">Must not exist: the tool would add to it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task ExportKeytabAsync(SambaDomainController controller, string accountName, string file, CancellationToken cancellationToken) =>
        (await controller.SambaToolAsync(["domain", "exportkeytab", file, $"--principal={accountName}@{controller.Domain.Options.Realm}"], "", cancellationToken)).RequireSuccess();

    // At once: other threads of this process read the file while they bind.
    private static void Write(string file, string text)
    {
        if (File.Exists(file) && File.ReadAllText(file) == text) return;
        File.WriteAllText(file + ".new", text);
        File.Move(file + ".new", file, overwrite: true);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironmentVariable(string name, string value, int overwrite);
}
