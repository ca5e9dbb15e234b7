using System.Globalization;
using System.Text.RegularExpressions;
using PasswordSync.Lab;
using PasswordSync.Lab.Product;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests;

/// <summary>The commands of <c>cluster-config/three-nodes-one-machine/README.md</c> with the files beside it, as they stand but for ports, paths and the way to psql.</summary>
public sealed partial class Three_nodes_on_one_machine_tests : IAsyncLifetime
{
    private const string Name = "three-nodes-one-machine";

    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(5);
    private static readonly string Documented = Path.Combine(ProductBuild.Root, "cluster-config", Name);

    private readonly TemporaryFolder folder = TemporaryFolder.Create("three");
    private PostgresServer server = null!;
    private ServerProcess? typist;
    private (string Documented, string Here)[] changes = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string LogFile => folder.PathOf("typed.log");

    public async ValueTask InitializeAsync()
    {
        server = await PostgresServer.StartAsync(["fsync = off"], Token);

        // The files make it.
        await server.RunSqlAsync($"DROP DATABASE {PostgresServer.Database}", database: "postgres", Token);
        changes =
        [
            ("../node/PasswordSync.SyncNode", ProductBuild.SyncNode),
            ("runuser -u postgres -- psql", $"{PostgresServer.Program("psql")} -h {Path.Combine(server.Folder, "socket")} -p {Text(server.Port)} -U {PostgresServer.Administrator} -d postgres"),
            ("5432", Text(server.Port)),
            .. from port in (int[])[9443, 9444, 9445, 9110, 9111, 9112] select (Text(port), Text(FreePort.Find())),
        ];
    }

    public async ValueTask DisposeAsync()
    {
        if (typist is not null) await typist.KillAsync(CancellationToken.None);
        if (typist is not null) await typist.DisposeAsync();
        await server.DisposeAsync();
        folder.Dispose();
    }

    [Fact(Timeout = 1_200_000)]
    public async Task Start_by_the_commands_of_the_page_survive_the_loss_of_one_and_end()
    {
        var typed = Commands();
        typed.Count.ShouldBe(4, "database, nodes, the loss of one, the end");
        foreach (var file in Directory.EnumerateFiles(Documented, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".md", StringComparison.Ordinal)))
        {
            var here = Path.Combine(folder.FullPath, Path.GetRelativePath(Documented, file));
            Directory.CreateDirectory(Path.GetDirectoryName(here)!);
            await File.WriteAllTextAsync(here, Changed(await File.ReadAllTextAsync(file, Token)), Token);
        }

        Type(string.Join('\n', ["set -euo pipefail", $"cd {folder.FullPath}", typed[0], typed[1], Await("lose"), typed[2], Await("again"), "start south", Await("end"), typed[3], "wait || true", "touch ended"]));

        await HaveSharesAsync("north 86, south 85, west 85", "north 85, south 86, west 85", "north 85, south 85, west 86");
        await SayAsync("lose");
        await HaveSharesAsync("north 128, west 128");
        await SayAsync("again");
        await HaveSharesAsync("north 86, south 85, west 85", "north 85, south 86, west 85", "north 85, south 85, west 86");
        await SayAsync("end");
        await Eventually.HoldsAsync("the end of the commands", Bound, _ => Task.FromResult(File.Exists(folder.PathOf("ended"))), Token);

        (await server.RunSqlAsync("SELECT count(*) FROM passwordsync.node WHERE has_left", Token)).ShouldBe("3", "each gave its shards back");
        (await server.RunSqlAsync("SELECT count(*) FROM passwordsync.shard WHERE owner IS NOT NULL", Token)).ShouldBe("0");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Await(string what) => $"until [ -e say-{what} ]; do sleep 0.1; done";

    private List<string> Commands()
    {
        var page = File.ReadAllText(Path.Combine(Documented, "README.md"));
        var commands = Block().Matches(page).Select(block => Changed(block.Groups["commands"].Value)).ToList();
        var all = string.Join('\n', Directory.EnumerateFiles(Documented, "*", SearchOption.AllDirectories).Select(File.ReadAllText));
        changes.Select(change => change.Documented).Where(text => !all.Contains(text, StringComparison.Ordinal)).ShouldBeEmpty("what this test changes no longer stands there");
        return commands;
    }

    // In one pass: a port of the test's may have one of the page's in it.
    private string Changed(string text) => Regex.Replace(
        text, string.Join('|', changes.Select(change => Regex.Escape(change.Documented))), found => changes.Single(change => change.Documented == found.Value).Here);

    private void Type(string script)
    {
        var file = folder.PathOf("typed.sh");
        File.WriteAllText(file, script);
        typist = ServerProcess.Start(new ServerCommand(LabMachine.PathOf(LabTool.Bash), [file], LogFile) { Environment = ProductBuild.Environment });
    }

    private Task SayAsync(string what) => File.WriteAllTextAsync(folder.PathOf($"say-{what}"), "", Token);

    private async Task HaveSharesAsync(params string[] oneOf)
    {
        var seen = "";
        try
        {
            await Eventually.HoldsAsync($"the shares {oneOf[0]}", Bound, async token =>
            {
                if (!typist!.IsRunning) throw new InvalidOperationException("The commands ended by themselves.");
                seen = await SharesAsync(token);
                return oneOf.Contains(seen);
            }, Token);
        }
        catch (Exception failure) when (failure is TimeoutException or InvalidOperationException)
        {
            throw new InvalidOperationException($"{failure.Message} Last seen: '{seen}'.\n{LogTail.Of([LogFile, .. Directory.EnumerateFiles(folder.FullPath, "node.log", SearchOption.AllDirectories)])}", failure);
        }
    }

    // Nothing while there is no such database or table.
    private async Task<string> SharesAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await server.RunSqlAsync(
                "SELECT string_agg(owner || ' ' || shards, ', ' ORDER BY owner) FROM (SELECT owner, count(*) AS shards FROM passwordsync.shard WHERE owner IS NOT NULL GROUP BY owner) AS owned", cancellationToken);
        }
        catch (LabEnvironmentException)
        {
            return "";
        }
    }

    [GeneratedRegex(@"^```bash\r?\n(?<commands>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
