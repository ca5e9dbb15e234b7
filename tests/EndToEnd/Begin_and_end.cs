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

    [Fact(Timeout = 300_000)]
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

    [Fact(Timeout = 300_000)]
    public async Task The_start_is_told_with_version_build_configuration_database_addresses_and_what_was_recovered()
    {
        await Edge.StopAsync(Token);
        await Node.StopAsync(Token);
        var changed = new List<(LabUser User, string Password)>();
        await ChangeAsync(changed);
        var (nodeSaid, edgeSaid) = (File.ReadAllText(Node.LogFile).Length, File.ReadAllText(Edge.LogFile).Length);

        await Node.StartAsync(Token);
        await Edge.StartAsync(Token);

        var node = await SaidAsync(Node, nodeSaid, "is up");
        node.ShouldContain(Build);
        node.ShouldContain(Path.Combine(landscape.Product.NodeFolder, "node.json"));
        node.ShouldContain("node.db");
        node.ShouldContain("127.0.0.1:");
        (await SaidAsync(Node, nodeSaid, "Going on with what the database holds")).ShouldContain("captures and reports to decide");
        var edge = await SaidAsync(Edge, edgeSaid, "is up");
        edge.ShouldContain(Build);
        edge.ShouldContain(Path.Combine(landscape.Product.EdgeFolder(landscape.Alpha.First), "edge.json"));
        edge.ShouldContain("capture.sock");
        edge.ShouldContain("recovered:");
        await landscape.ArrivesEverywhereAsync(changed[0].User, changed[0].Password, Token);
    }

    private async Task ChangeAsync(List<(LabUser User, string Password)> changed)
    {
        var (user, password) = (landscape.NextUser(), $"Ended.{changed.Count}.2026!x");
        var result = await landscape.Alpha.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", password, Token);
        result.Accepted.ShouldBeTrue(result.Diagnostics);
        changed.Add((user, password));
    }

    private static async Task<string> SaidAsync(ProductProcess process, int after, string part)
    {
        var found = "";
        await Eventually.HoldsAsync($"{process.Name} to say '{part}'", Landscape.ArrivalBound, _ =>
        {
            found = File.ReadAllText(process.LogFile)[after..].Split('\n').FirstOrDefault(line => line.Contains(part, StringComparison.Ordinal)) ?? "";
            return Task.FromResult(found.Length > 0);
        }, Token);
        return found;
    }
}
