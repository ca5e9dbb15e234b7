using System.Runtime.InteropServices;
using PasswordSync.Lab;
using PasswordSync.Lab.Product;
using Xunit;

namespace PasswordSync.Chaos.Cluster;

/// <summary>The sync server as an older commit of this repository has it, built beside this one.</summary>
internal static class FormerBuild
{
    /// <summary>Names the commit; without it, it is the one before the last that changed what nodes write for each other: another than that may have the same formats as this one.</summary>
    public const string CommitVariable = "PASSWORDSYNC_FORMER_COMMIT";

    private const string Git = "/usr/bin/git";
    private const string Tar = "/usr/bin/tar";

    /// <summary>Where the formats of events and rows, and the schema of the database, are written down.</summary>
    private static readonly string[] Formats = ["src/Journal/Formats", "src/Journal/Postgres/Migrations"];

    /// <summary>On a busy machine.</summary>
    private static readonly TimeSpan BuildBound = TimeSpan.FromMinutes(25);

    /// <summary>Builds it, unless that was done before. Where no history is at hand the calling test is skipped.</summary>
    /// <returns>The commit, and the program.</returns>
    public static async Task<(string Commit, string Program)> MakeAsync(CancellationToken cancellationToken)
    {
        var commit = await FindAsync(cancellationToken);
        Assert.SkipWhen(commit is null, $"No older commit to build: '{ProductBuild.Root}' is no Git repository, or its history does not go back to before the last change of {string.Join(" or ", Formats)} ({CommitVariable} names a commit; 'git fetch --unshallow' brings the history).");
        var builds = Directory.CreateDirectory(Path.Combine(ProductBuild.Root, "artifacts", "former"));
        var folder = Path.Combine(builds.FullName, commit!);
        var program = Path.Combine(folder, "src/Nodes/SyncNode/bin/Debug/net10.0/PasswordSync.SyncNode");
        var whole = Path.Combine(folder, "whole");
        if (File.Exists(whole)) return (commit!, program);
        foreach (var earlier in builds.GetDirectories()) earlier.Delete(recursive: true);
        Directory.CreateDirectory(folder);
        var archive = Path.Combine(folder, "sources.tar");
        (await RunAsync(Git, ["-C", ProductBuild.Root, "archive", "--output", archive, commit!], cancellationToken)).RequireSuccess();
        (await RunAsync(Tar, ["-xf", archive, "-C", folder], cancellationToken)).RequireSuccess();
        var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        var build = new ToolRun(
            Path.Combine(root, "dotnet"),
            ["build", Path.Combine(folder, "src/Nodes/SyncNode"), "-c", "Debug", "-v", "q", "-nologo", "-nodeReuse:false", "-p:NuGetAudit=false", "-p:RunAnalyzers=false", "-p:EnforceCodeStyleInBuild=false"])
        {
            Bound = BuildBound,
            Environment = new Dictionary<string, string> { ["DOTNET_ROOT"] = root, ["HOME"] = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ["DOTNET_NOLOGO"] = "1", ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1" },
        };
        (await build.RunAsync(cancellationToken)).RequireSuccess();
        await File.WriteAllTextAsync(whole, "", cancellationToken);
        return (commit!, program);
    }

    private static async Task<string?> FindAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(Git) || await AskGitAsync(["rev-parse", "--show-toplevel"], cancellationToken) != ProductBuild.Root) return null;
        if (Environment.GetEnvironmentVariable(CommitVariable) is { Length: > 0 } given)
            return await AskGitAsync(["rev-parse", "--verify", $"{given}^{{commit}}"], cancellationToken) ?? throw new LabEnvironmentException($"{CommitVariable} names '{given}', which is no commit here.");

        // Where the history was cut off, its oldest commit seems to have changed everything, and has no parent.
        var changed = await AskGitAsync(["log", "-1", "--format=%H", "--", .. Formats], cancellationToken);
        return string.IsNullOrEmpty(changed) ? null : await AskGitAsync(["rev-parse", "--verify", $"{changed}^"], cancellationToken);
    }

    private static async Task<string?> AskGitAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var asked = await RunAsync(Git, ["-C", ProductBuild.Root, .. arguments], cancellationToken);
        return asked.ExitCode == 0 ? asked.Output.Trim() : null;
    }

    // The repository may be another user's.
    private static Task<ToolResult> RunAsync(string program, string[] arguments, CancellationToken cancellationToken) =>
        new ToolRun(program, program == Git ? ["-c", "safe.directory=*", .. arguments] : arguments).RunAsync(cancellationToken);
}
