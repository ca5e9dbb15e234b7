using System.Text.Json;
using System.Text.RegularExpressions;
using PasswordSync.Lab;
using Shouldly;

namespace PasswordSync.EndToEnd.Support;

/// <summary>What an operator has: <c>pbm</c> as a process of its own, with the first administrator's token; and <c>PasswordSync.EdgeNode doctor</c>.</summary>
internal sealed partial class OperatorsTools(Landscape landscape)
{
    /// <summary>Runs pbm; it must do what it is asked.</summary>
    public async Task<string> PbmAsync(CancellationToken cancellationToken, params string[] words)
    {
        var result = await TryPbmAsync(cancellationToken, words);
        result.ExitCode.ShouldBe(0, $"pbm {string.Join(' ', words)}: {result.Output}{result.Errors}");
        return result.Output;
    }

    /// <summary>Runs pbm, which must do what it is asked and bring bad news.</summary>
    public async Task<string> BadNewsAsync(CancellationToken cancellationToken, params string[] words)
    {
        var result = await TryPbmAsync(cancellationToken, words);
        result.ExitCode.ShouldBe(6, $"pbm {string.Join(' ', words)}: {result.Output}{result.Errors}");
        return result.Output;
    }

    /// <summary>Runs pbm, whatever comes of it.</summary>
    public async Task<ToolResult> TryPbmAsync(CancellationToken cancellationToken, params string[] words)
    {
        var data = Path.Combine(landscape.Product.NodeFolder, "data");
        string[] who = [await AddressAsync(cancellationToken), "--token-file", Path.Combine(data, "first-administrator.token"), "--certificate", Path.Combine(data, "admin.pem")];
        return await new ToolRun(Built("Pbm", "pbm"), [.. who, .. words]) { Environment = Runtime }.RunAsync(cancellationToken);
    }

    /// <summary>The password log, whole.</summary>
    public async Task<List<JsonElement>> PasswordLogAsync(CancellationToken cancellationToken) =>
        [.. (await PbmAsync(cancellationToken, "--json", "sync", "export")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    /// <summary>Lets the edge of a domain controller be examined.</summary>
    public Task<ToolResult> DoctorAsync(SambaDomainController controller, CancellationToken cancellationToken) => new ToolRun(
        Built("EdgeNode", "PasswordSync.EdgeNode"), ["doctor", "--config", Path.Combine(landscape.Product.EdgeFolder(controller), "edge.json"), "--smb-conf", controller.ConfigurationFile])
    { Environment = Runtime }.RunAsync(cancellationToken);

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
