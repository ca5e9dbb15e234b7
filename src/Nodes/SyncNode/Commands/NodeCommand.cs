using System.CommandLine;
using PasswordSync.Core.Ports;
using PasswordSync.Hosting.Commands;
using PasswordSync.Journal;

namespace PasswordSync.SyncNode.Commands;

/// <summary>What the node's commands have in common.</summary>
internal static class NodeCommand
{
    public static Option<FileInfo> Config { get; } = new("--config") { Description = "The node's configuration file, node.json.", Required = true };

    public static Task<int> RunAsync(Func<Task<int>> run) => Guarded.RunAsync(run, failure => failure is StoreRefusedException or StorageUnavailableException);
}
