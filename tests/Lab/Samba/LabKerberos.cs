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
            File.WriteAllText(file, SambaConfigurationFiles.Kerberos(
                [.. Domains.Values.Select(known => (known.Options.Realm, (IReadOnlyList<System.Net.IPAddress>)[.. known.Controllers.Select(controller => controller.Address)]))]));
            if (SetEnvironmentVariable("KRB5_CONFIG", file, 1) != 0 || SetEnvironmentVariable("KRB5CCNAME", "MEMORY:passwordsync-lab", 1) != 0)
                throw new LabEnvironmentException("Cannot set KRB5_CONFIG for this process.");
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironmentVariable(string name, string value, int overwrite);
}
