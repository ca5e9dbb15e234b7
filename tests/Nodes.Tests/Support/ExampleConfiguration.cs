using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Providers;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Settings;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.Nodes.Tests.Support;

/// <summary>The ready configuration of a single node.</summary>
internal static class ExampleConfiguration
{
    /// <summary>Where its files are.</summary>
    public static string Folder { get; } = Path.Combine(RepositoryFolder.Path, "cluster-config", "single-node");

    /// <summary>Makes the provider of a point as the server would.</summary>
    /// <param name="folder">Where the configuration is.</param>
    /// <param name="name">The point.</param>
    /// <param name="allow">From the configuration's allow-list to the one that holds.</param>
    /// <returns>If it was made, the caller owns it.</returns>
    public static ProviderCreation Create(string folder, string name, Func<NodeAllowList, NodeAllowList> allow)
    {
        var configuration = NodeConfiguration.Read(Path.Combine(folder, "node.json"));
        var point = configuration.Points.Single(point => point.Name == name);
        var listed = configuration.Node.Allow;
        var allowed = allow(new NodeAllowList(listed.Endpoints, [.. listed.Files.Select(OnThisMachine)], [.. listed.Secrets.Select(OnThisMachine)]) { Programs = [.. listed.Programs.Select(OnThisMachine)] });
        var context = new ProviderContext(new SyncPointId(name), TimeProvider.System, NullLoggerFactory.Instance, new SecretReferences(allowed), allowed, _ => 0);
        var settings = NodeConfiguration.Flatten(point.Settings).ToImmutableDictionary(setting => setting.Key, setting => OnThisMachine(setting.Value));
        return ProviderRegistry.BuiltIn.Create(point.Provider, settings, context);
    }

    /// <summary>The example's paths are those of Unix; on Windows an absolute path begins with a drive.</summary>
    private static string OnThisMachine(string value)
    {
        const string reference = "file:/";
        if (!OperatingSystem.IsWindows()) return value;
        if (value.StartsWith(reference, StringComparison.Ordinal)) return $"file:C:/{value[reference.Length..]}";
        return value.StartsWith('/') ? $"C:{value}" : value;
    }
}
