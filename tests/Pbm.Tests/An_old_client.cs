using System.Text.Json;
using Shouldly;
using Xunit;

namespace PasswordSync.Pbm.Tests;

/// <summary>This client and a node of a later version: what the node offers is offered, and what the client does not know is shown as it came.</summary>
public sealed class An_old_client
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Runs_a_newer_nodes_commands_with_kinds_of_parameters_and_columns_that_it_does_not_know()
    {
        await using var node = await A_newer_node.StartAsync(Token);

        (await RunAsync(node, "help")).Out.ShouldBe("fleet paint | Paints the fleet.\nfleet watch | Streams the fleet.\nCount: 2 commands\n");
        (await RunAsync(node, "help", "fleet", "paint")).Lines.ShouldBe(
            ["fleet paint: Paints the fleet.", "Needs the role operator. It is written into the audit.", "  HUE: The colour. Required.", "  -coats, -c: How many coats. Default: 1.", "Example: pbm fleet paint red -c 2"]);

        var painted = await RunAsync(node, "fleet", "paint", "red", "-c", "2");

        painted.Error.ShouldBeEmpty();
        painted.Code.ShouldBe(ExitCodes.Done);
        using var asked = JsonDocument.Parse(node.Asked);
        asked.RootElement.GetProperty("hue")[0].GetString().ShouldBe("red", "a value of an unknown kind goes as it was typed");
        asked.RootElement.GetProperty("coats")[0].GetString().ShouldBe("2");
        painted.Lines.ShouldBe(["ships:", "Vega | 271.5                  | [\"ada\", \"bob\"] | -", "Lyra | { \"from\": 1, \"to\": 2 } | -              | -", "Count: 2 ships"]);
        (await RunAsync(node, "fleet", "paint", "-hue", "red", "--csv")).Lines[0].ShouldBe("ship,course,crew,later");
        JsonDocument.Parse((await RunAsync(node, "fleet", "paint", "red", "--json")).Out).RootElement.GetProperty("mood").GetString().ShouldBe("bright");
    }

    [Fact(Timeout = 600_000)]
    public async Task Streams_what_a_newer_node_streams_and_refuses_by_the_nodes_own_words_what_it_does_not_offer()
    {
        await using var node = await A_newer_node.StartAsync(Token);

        (await RunAsync(node, "fleet", "watch")).Lines.ShouldBe(["Vega | 90", "Lyra | [1,2]", "Count: 2 rows"]);
        (await RunAsync(node, "sync", "status")).ShouldSatisfyAllConditions(run => run.Code.ShouldBe(ExitCodes.Usage), run => run.Error.ShouldContain("'sync' is no palette of this node: it has fleet."));
        (await RunAsync(node, "fleet", "paint")).Error.ShouldBe("'fleet paint' needs hue: The colour.\n");
        (await RunAsync(node, "fleet", "paint", "red", "-glitter", "much")).Error.ShouldContain("'-glitter' is not a switch of 'fleet paint': it has -u (-hue), -c (-coats).");
        (await RunAsync(node, "version")).Lines[1].ShouldBe("node north of main 9.0.0");
    }

    private static async Task<PbmResult> RunAsync(A_newer_node node, params string[] words)
    {
        var home = Directory.CreateTempSubdirectory("pbm-").FullName;
        try
        {
            var token = Path.Combine(home, "a-token");
            await File.WriteAllTextAsync(token, "any", Token);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(token, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            using var output = new StringWriter { NewLine = "\n" };
            using var error = new StringWriter { NewLine = "\n" };
            var terminal = new Terminal(TextReader.Null, output, error, false, null, home, _ => null);
            var code = await PbmRun.RunAsync([node.Address, "--token-file", token, "--certificate", node.Fingerprint, .. words], terminal, Token);
            return new PbmResult(code, output.ToString(), error.ToString());
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }
}
