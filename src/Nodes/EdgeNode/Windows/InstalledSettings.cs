using System.Net.NetworkInformation;
using System.Runtime.Versioning;
using System.Text.Json;
using Microsoft.Win32;
using PasswordSync.Hosting.Certificates;

namespace PasswordSync.EdgeNode.Windows;

/// <summary>
/// Makes the edge's first configuration from what the installer or a group policy left in the registry, because Group Policy software installation
/// can give a service neither a file nor an argument. None of it is secret: of a registration key it has the path alone.
/// </summary>
public static class InstalledSettings
{
    private const string PolicyKey = @"SOFTWARE\Policies\PasswordSync\Edge";
    private const string InstalledKey = @"SOFTWARE\PasswordSync\Edge";

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    /// <summary>Writes the configuration file if there is none and enough is known.</summary>
    [SupportedOSPlatform("windows")]
    public static async Task WriteIfMissingAsync(string file, CancellationToken cancellationToken)
    {
        if (File.Exists(file)) return;
        var machine = IPGlobalProperties.GetIPGlobalProperties();
        var text = Compose(name => Read(PolicyKey, name), name => Read(InstalledKey, name), machine.HostName, machine.DomainName);
        if (text is not null) await PrivateFile.WriteAsync(file, text, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The configuration as JSON.</summary>
    /// <param name="policy">Values of the group policy, by name; null or empty: not given.</param>
    /// <param name="installed">Values of the installation, which the policy's replace.</param>
    /// <param name="hostName">This machine's name.</param>
    /// <param name="domainName">The DNS name of its domain.</param>
    /// <returns>Null if neither says which nodes or which cluster.</returns>
    public static string? Compose(Func<string, string?> policy, Func<string, string?> installed, string hostName, string domainName)
    {
        ArgumentNullException.ThrowIfNull(hostName);
        ArgumentNullException.ThrowIfNull(domainName);
        var nodes = Value("Nodes")?.Split([',', ';', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        var cluster = Value("Cluster");
        if (nodes.Length == 0 || cluster is null || domainName.Length == 0) return null;
        var domain = domainName.ToLowerInvariant();
        var controller = $"{hostName.ToLowerInvariant()}.{domain}";
        return JsonSerializer.Serialize(
            new
            {
                cluster,
                source = Value("Source") ?? domain,
                domainController = controller,
                nodes,
                authority = "ca.pem",
                certificate = "edge.pem",
                key = "edge.key",
                registrationKey = Value("RegistrationKey"),
                data = ".",
                socket = "passwordsync-edge",
                drop = "drop",
                captureFile = "capture",
                directory = new { server = $"{controller}:389", security = "none" },
                log = new { folder = "log" },
            },
            Readable);

        string? Value(string name) => policy(name) is { Length: > 0 } byPolicy ? byPolicy : installed(name) is { Length: > 0 } byInstaller ? byInstaller : null;
    }

    [SupportedOSPlatform("windows")]
    private static string? Read(string path, string name)
    {
        using var key = Registry.LocalMachine.OpenSubKey(path);
        return key?.GetValue(name) as string;
    }
}
