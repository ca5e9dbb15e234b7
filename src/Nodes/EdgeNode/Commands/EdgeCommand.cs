using System.CommandLine;
using PasswordSync.Hosting.Commands;

namespace PasswordSync.EdgeNode.Commands;

/// <summary>What the edge's commands have in common.</summary>
internal static class EdgeCommand
{
    public static Option<FileInfo> Config { get; } = new("--config") { Description = "The edge's configuration file, edge.json.", Required = true };

    public static Task<int> RunAsync(Func<Task<int>> run) => Guarded.RunAsync(run, _ => false);
}
