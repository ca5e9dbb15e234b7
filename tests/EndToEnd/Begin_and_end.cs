using System.Globalization;
using System.Reflection;
using PasswordSync.EndToEnd.Support;
using PasswordSync.Lab;
using PasswordSync.Lab.Product;
using Shouldly;
using Xunit;

namespace PasswordSync.EndToEnd;

/// <summary>The product is ended as an operator ends it (SIGTERM), while people change their passwords, and started again.</summary>
public sealed class Begin_and_end(Landscape landscape)
{
    // Version and commit: the same for all that is built together.
    private static readonly string Build = typeof(Begin_and_end).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ProductProcess Node => landscape.Product.Node;

    private ProductProcess Edge => landscape.Product.Edges[landscape.Alpha.First];

    [Fact(Timeout = 600_000)]
    public async Task I1_a_clean_end_of_node_or_edge_or_both_loses_nothing()
    {
        var changed = new List<(LabUser User, string Password)>();
        foreach (var ended in new ProductProcess[][] { [Node], [Edge], [Node, Edge], [Edge, Node] })
        {
            // One change while they end, one while they are down: it waits in the edge's spool, or in the drop folder.
            var during = ChangeAsync(changed);
            foreach (var process in ended)
            {
                await process.StopAsync(Token);
                process.IsRunning.ShouldBeFalse();
            }

            await during;
            await ChangeAsync(changed);
            foreach (var process in ended) await process.StartAsync(Token);
        }

        foreach (var (user, password) in changed) await landscape.ArrivesEverywhereAsync(user, password, Token);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_start_after_a_kill_is_told_with_version_configuration_database_addresses_and_the_counts_of_what_was_recovered()
    {
        var waiting = await landscape.NextUserAsync("delta", Token);
        await landscape.Delta.StopAsync(Token);
        var said = landscape.NodeLogEnd;
        (await landscape.Alpha.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, waiting, "", "Recovered.2026!x", Token)).Accepted.ShouldBeTrue();
        await landscape.NodeSaysAsync(said, Token, "delta", "is tried again");
        await Eventually.HoldsAsync("an edge that has forgotten this one and holds nothing of other tests", Landscape.ArrivalBound, async token =>
        {
            await Edge.StopAsync(token);
            return await HeldAfterStartAsync() == 0;
        }, Token);

        // One delivery waits for its target. Two captures are held by the edge.
        await Node.KillAsync(Token);
        var changed = new List<(LabUser User, string Password)>();
        await ChangeAsync(changed);
        await ChangeAsync(changed);
        var drop = Path.Combine(landscape.Product.EdgeFolder(landscape.Alpha.First), "drop");
        await Eventually.HoldsAsync("the spool to take what was dropped", Landscape.ArrivalBound, _ => Task.FromResult(!Directory.EnumerateFiles(drop).Any()), Token);
        await Edge.KillAsync(Token);
        var open = await OpenWorkAsync();
        open.Accounts.ShouldBeGreaterThan(0);

        var (nodeSaid, edgeSaid) = (Node.LogEnd, Edge.LogEnd);
        (await HeldAfterStartAsync()).ShouldBe(2);
        await Node.StartAsync(Token);

        (await SaidAsync(Node, nodeSaid, "Going on with what the database holds")).ShouldContain(
            $"{open.Captures} captures and reports to decide, {open.Accounts} accounts with something to deliver, {open.Writes} writes whose end is not known.");
        var node = await SaidAsync(Node, nodeSaid, "is up");
        node.ShouldContain(Build);
        node.ShouldContain(Path.Combine(landscape.Product.NodeFolder, "node.json"));
        node.ShouldContain("node.db");
        node.ShouldContain("127.0.0.1:");
        var edge = await SaidAsync(Edge, edgeSaid, "is up");
        edge.ShouldContain(Build);
        edge.ShouldContain(Path.Combine(landscape.Product.EdgeFolder(landscape.Alpha.First), "edge.json"));
        edge.ShouldContain("capture.sock");
        await landscape.Delta.StartAsync(Token);
        var there = landscape.InDelta(waiting);
        foreach (var (user, password) in changed) await landscape.ArrivesEverywhereAsync(user, password, Token);
        await Eventually.HoldsAsync("the password in delta", Landscape.ArrivalBound, async token => (await landscape.Delta.BindAsync(there, "Recovered.2026!x", token)).Accepted, Token);
    }

    /// <summary>Starts the edge; how many captures it says it found in its spool.</summary>
    private async Task<int> HeldAfterStartAsync()
    {
        var said = Edge.LogEnd;
        await Edge.StartAsync(Token);
        var words = (await SaidAsync(Edge, said, "recovered: ")).Split("recovered: ")[1].Split(' ');
        return int.Parse(words[0], CultureInfo.InvariantCulture);
    }

    /// <summary>What the database of the dead node holds, read from a copy with another implementation's SQLite.</summary>
    private async Task<(int Captures, int Accounts, int Writes)> OpenWorkAsync()
    {
        const string count = """
            import sqlite3, sys
            ask = sqlite3.connect(sys.argv[1]).execute
            print(*(ask("SELECT count(*) FROM " + what).fetchone()[0] for what in ("inbox", "pending", "account WHERE intent_attempt_id IS NOT NULL")))
            """;
        using var copy = TemporaryFolder.Create("nodedb");
        foreach (var file in Directory.EnumerateFiles(Path.Combine(landscape.Product.NodeFolder, "data"), "node.db*").Where(file => !file.EndsWith(".lock", StringComparison.Ordinal))) File.Copy(file, copy.PathOf(Path.GetFileName(file)));
        var counted = (await new ToolRun("/usr/bin/python3", ["-c", count, copy.PathOf("node.db")]).RunAsync(Token)).RequireSuccess().Output;
        var numbers = counted.Split(' ').Select(text => int.Parse(text, CultureInfo.InvariantCulture)).ToList();
        return (numbers[0], numbers[1], numbers[2]);
    }

    private async Task ChangeAsync(List<(LabUser User, string Password)> changed)
    {
        var (user, password) = (landscape.NextUser(), $"Ended.{changed.Count}.2026!x");
        var result = await landscape.Alpha.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", password, Token);
        result.Accepted.ShouldBeTrue(result.Diagnostics);
        changed.Add((user, password));
    }

    private static async Task<string> SaidAsync(ProductProcess process, long after, string part)
    {
        var found = "";
        await Eventually.HoldsAsync($"{process.Name} to say '{part}'", Landscape.ArrivalBound, _ =>
        {
            found = process.ReadLog(after).FirstOrDefault(line => line.Contains(part, StringComparison.Ordinal)) ?? "";
            return Task.FromResult(found.Length > 0);
        }, Token);
        return found;
    }
}
