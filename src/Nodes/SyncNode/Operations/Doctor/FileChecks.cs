using PasswordSync.Core.Settings;
using PasswordSync.Hosting.Doctor;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Operations.Doctor;

/// <summary>The files of a node and their rights.</summary>
internal static class FileChecks
{
    public static IEnumerable<Finding> Of(NodeConfiguration configuration)
    {
        var node = configuration.Node;
        yield return MachineChecks.Rights("data folder", configuration.DataFolder, MachineChecks.ForOwnerAlone, "Set 'data' in node.json; 'PasswordSync.SyncNode init' makes the folder of a new node.");
        yield return MachineChecks.Rights("key ring", Path.Combine(configuration.DataFolder, "keys.ring"), MachineChecks.ForOwnerAlone, "Bring the data folder back from a backup of this node; 'PasswordSync.SyncNode init' makes that of a new one.");
        if (SecretReference.FileOf(node.Passphrase) is { } passphrase) yield return MachineChecks.Rights("passphrase", configuration.PathOf(passphrase), MachineChecks.ForOthersNothing, "Set 'passphrase' in node.json.");
        foreach (var (what, path) in new[] { ("node.json", configuration.File), ("scopes", configuration.PathOf(node.Scopes)), ("points", configuration.PathOf(node.Points)) })
        {
            yield return MachineChecks.Rights(what, path, MachineChecks.ForOthersReading, "Bring the file back.");
        }
    }
}
