using PasswordSync.Core.Identities;
using PasswordSync.Core.Settings;
using PasswordSync.Hosting.Settings;
using PasswordSync.Ldap;

namespace PasswordSync.EdgeNode.Settings;

/// <summary>The edge's configuration, read and checked.</summary>
public sealed class EdgeSettingsFile
{
    private EdgeSettingsFile(string file, EdgeSettings edge)
    {
        File = file;
        Edge = edge;
    }

    /// <summary>The full path of <c>edge.json</c>.</summary>
    public string File { get; }

    public EdgeSettings Edge { get; }

    /// <summary>Reads and checks the file.</summary>
    /// <exception cref="SettingsException">Something is wrong; the message lists all of it.</exception>
    public static EdgeSettingsFile Read(string file)
    {
        var path = Path.GetFullPath(file);
        var edge = SettingsFile.Read<EdgeSettings>(path);
        var faults = FindFaults(edge).ToList();
        return faults.Count == 0 ? new EdgeSettingsFile(path, edge) : throw new SettingsException(path, faults);
    }

    /// <summary>A path of the configuration, made absolute.</summary>
    public string PathOf(string path) => SettingsFile.Resolve(File, path);

    private static IEnumerable<SettingFault> FindFaults(EdgeSettings edge)
    {
        const int socketPathBytesMax = 107;
        if (!SourceId.IsValid(edge.Cluster)) yield return new("cluster", edge.Cluster, "use the node's value: 1 to 63 lower-case letters, digits, dots or hyphens.");
        if (!SourceId.IsValid(edge.Source)) yield return new("source", edge.Source, "use 1 to 63 lower-case letters, digits, dots or hyphens.");
        if (edge.DomainController.Length == 0 || edge.DomainController.Any(char.IsUpper)) yield return new("domainController", edge.DomainController, "use the DC's DNS host name in lower case.");
        if (edge.Nodes.IsDefaultOrEmpty) yield return new("nodes", "", "name at least one sync server, such as \"https://sync1.example.test:9443\".");
        foreach (var node in edge.Nodes.Where(node => !Uri.TryCreate(node, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttps)) yield return new("nodes", node, "use https://host:port.");
        if (edge.Socket.Length is 0 or > socketPathBytesMax) yield return new("socket", edge.Socket, $"use a path of 1 to {socketPathBytesMax} bytes.");
        foreach (var (key, path) in new[] { ("authority", edge.Authority), ("certificate", edge.Certificate), ("key", edge.Key), ("data", edge.Data), ("drop", edge.Drop), ("captureFile", edge.CaptureFile) })
        {
            if (string.IsNullOrWhiteSpace(path)) yield return new(key, path, "name a path; a relative one begins where this file is.");
        }

        if (!LdapServer.TryParse(edge.Directory.Server, LdapServer.DefaultPort, out _)) yield return new("directory.server", edge.Directory.Server, "use host:port of this domain controller itself, such as \"dc1.example.test:636\".");
        foreach (var fault in edge.Metrics.FindFaults()) yield return fault;
        if (edge.WaitMilliseconds is < 1 or > 5_000) yield return new("waitMilliseconds", $"{edge.WaitMilliseconds}", "use 1 to 5000.");
        if (edge.MinimumLength is < 0 or > 128) yield return new("minimumLength", $"{edge.MinimumLength}", "use 0 to 128.");
        if (edge.ProofBound < TimeSpan.FromSeconds(1) || edge.ProofBound > TimeSpan.FromMinutes(10)) yield return new("proofBound", $"{edge.ProofBound}", "use 00:00:01 to 00:10:00.");
        if (edge.ConfigurationInterval < TimeSpan.FromSeconds(1) || edge.ConfigurationInterval > TimeSpan.FromMinutes(1)) yield return new("configurationInterval", $"{edge.ConfigurationInterval}", "use 00:00:01 to 00:01:00: a node calls an edge gone after 3 minutes without a word.");
        if (edge.SpoolBytesMax < 1 << 20) yield return new("spoolBytesMax", $"{edge.SpoolBytesMax}", "use 1048576 or more.");
        if (edge.Directory.Security is not ("ldaps" or "startTls" or "none")) yield return new("directory.security", edge.Directory.Security, "use ldaps, startTls or none.");
        if ((edge.Directory.User is null) != (edge.Directory.Password is null)) yield return new("directory.user", edge.Directory.User ?? "", "give both user and password, or neither for Kerberos.");
        if (edge.Directory.Password is { } password && !SecretReference.HasForm(password)) yield return new("directory.password", SettingFault.NotShown, "use a reference, file:PATH or env:NAME; never the password itself.");
        if (edge.Directory.User is null && edge.Directory.Security == "startTls") yield return new("directory.security", "startTls", "with Kerberos use ldaps or none.");
    }
}
