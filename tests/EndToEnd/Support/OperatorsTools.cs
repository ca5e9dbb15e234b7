using System.Text.Json;
using System.Text.RegularExpressions;
using PasswordSync.Lab;
using Shouldly;

namespace PasswordSync.EndToEnd.Support;

/// <summary>What an operator has: <c>pbm</c> as a process of its own, with the first administrator's token; and <c>PasswordSync.EdgeNode doctor</c>.</summary>
internal sealed partial class OperatorsTools(Landscape landscape)
{
    /// <summary>The exit code of a pbm that the node refused what it asked.</summary>
    public const int Refused = 1;

    /// <summary>The exit code of a pbm that did what it was asked and brings bad news.</summary>
    public const int BadNews = 6;

    /// <summary>What it says when it did not get through to the node, which knows nothing of it then: it waits for a connection for some seconds only.</summary>
    private static readonly string[] Unreached = ["cannot be reached", "did not answer within"];

    /// <summary>Runs pbm; it must do what it is asked.</summary>
    public async Task<string> PbmAsync(CancellationToken cancellationToken, params string[] words)
    {
        var result = await ReachAsync(words, cancellationToken);
        result.ExitCode.ShouldBe(0, $"pbm {string.Join(' ', words)}: {result.Output}{result.Errors}");
        return result.Output;
    }

    /// <summary>Runs pbm, which must do what it is asked and bring bad news.</summary>
    public async Task<string> BadNewsAsync(CancellationToken cancellationToken, params string[] words)
    {
        var result = await ReachAsync(words, cancellationToken);
        result.ExitCode.ShouldBe(BadNews, $"pbm {string.Join(' ', words)}: {result.Output}{result.Errors}");
        return result.Output;
    }

    /// <summary>Runs pbm, whatever comes of it.</summary>
    public async Task<ToolResult> TryPbmAsync(CancellationToken cancellationToken, params string[] words)
    {
        var data = Path.Combine(landscape.Product.NodeFolder, "data");
        string[] who = [await AddressAsync(cancellationToken), "--token-file", Path.Combine(data, "first-administrator.token"), "--certificate", Path.Combine(data, "admin.pem")];
        return await new ToolRun(Built("Pbm", "pbm"), [.. who, .. words]) { Environment = Runtime }.RunAsync(cancellationToken);
    }

    /// <summary>Runs pbm until it does what it is asked and its output is as it should be. On a busy machine one run may fail to reach the server: it is asked again.</summary>
    public async Task<string> PbmUntilAsync(string what, Func<string, bool> isSo, CancellationToken cancellationToken, params string[] words) =>
        (await UntilAsync($"pbm {string.Join(' ', words)} to {what}", token => TryPbmAsync(token, words), result => result.ExitCode == 0 && isSo(result.Output), cancellationToken)).Output;

    /// <summary>Runs a tool until it ends as it should; if it never does, how it ended last is told.</summary>
    public static async Task<ToolResult> UntilAsync(string what, Func<CancellationToken, Task<ToolResult>> run, Func<ToolResult, bool> isSo, CancellationToken cancellationToken)
    {
        ToolResult? last = null;
        try
        {
            await Eventually.HoldsAsync(what, Landscape.ArrivalBound, async token => isSo(last = await run(token)), cancellationToken);
        }
        catch (TimeoutException vain)
        {
            throw new TimeoutException($"{vain.Message} The last answer: {last}", vain);
        }

        return last!;
    }

    /// <summary>The password log, whole; null if pbm did not bring it this time.</summary>
    public async Task<List<JsonElement>?> TryPasswordLogAsync(CancellationToken cancellationToken)
    {
        var result = await TryPbmAsync(cancellationToken, "--json", "sync", "export");
        return result.ExitCode == 0 ? [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)] : null;
    }

    /// <summary>Lets the edge of a domain controller be examined.</summary>
    public Task<ToolResult> DoctorAsync(SambaDomainController controller, CancellationToken cancellationToken) => new ToolRun(
        Built("EdgeNode", "PasswordSync.EdgeNode"), ["doctor", "--config", Path.Combine(landscape.Product.EdgeFolder(controller), "edge.json"), "--smb-conf", controller.ConfigurationFile])
    { Environment = Runtime }.RunAsync(cancellationToken);

    private Task<ToolResult> ReachAsync(string[] words, CancellationToken cancellationToken) =>
        UntilAsync($"pbm {string.Join(' ', words)} to reach the node", token => TryPbmAsync(token, words), result => !Unreached.Any(word => result.Errors.Contains(word, StringComparison.Ordinal)), cancellationToken);

    private static Dictionary<string, string> Runtime => new()
    {
        ["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..")),
    };

    // The port is any free one, another after each start; the node says which, some time after it listens to edges.
    private async Task<string> AddressAsync(CancellationToken cancellationToken)
    {
        var (node, port) = (landscape.Product.Node, "");
        await Eventually.HoldsAsync("the sync server to say where it listens to operators", LabServer.StartBound, _ =>
        {
            port = node.ReadLog(node.LastStart).Select(line => Listening().Match(line).Groups[1].Value).FirstOrDefault(found => found.Length > 0, "");
            return Task.FromResult(port.Length > 0);
        }, cancellationToken);
        return $"127.0.0.1:{port}";
    }

    private static string Built(string project, string program)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var folder = output;
        while (!File.Exists(Path.Combine(folder.FullName, "PasswordSync.sln"))) folder = folder.Parent!;
        return Path.Combine(folder.FullName, "src", "Nodes", project, "bin", output.Parent!.Name, output.Name, program);
    }

    [GeneratedRegex(@"Operators are listened to on https://127\.0\.0\.1:(\d+)")]
    private static partial Regex Listening();
}
