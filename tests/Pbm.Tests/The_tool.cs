using System.Diagnostics;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Pbm.Tests;

/// <summary>The client as the .NET tool that docs/operations/pbm.md tells to pack and install.</summary>
public sealed class The_tool
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 900_000)]
    public async Task Is_packed_and_installed_as_the_page_says_and_talks_to_a_node()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1", "Part of the long series: it builds and installs a package.");
        await using var node = await TestNode.StartAsync(new Dictionary<string, Providers.Memory.MemoryTarget>(), Token);
        using var pbm = new PbmSession(node);
        var page = await File.ReadAllTextAsync(Path.Combine(GeneratedPage.Root(), "docs", "operations", "pbm.md"), Token);
        page.ShouldContain("`dotnet pack src/Nodes/Pbm -c Release -o packages` and `dotnet tool install PasswordSync.Pbm --tool-path tools --add-source packages`");
        var (packages, tools) = (Path.Combine(pbm.Home, "packages"), Path.Combine(pbm.Home, "tools"));

        // Built aside, so that nothing else that is built at the time is disturbed.
        (await RunAsync("dotnet", ["pack", "src/Nodes/Pbm", "-c", "Release", "-o", packages, "--artifacts-path", Path.Combine(pbm.Home, "artifacts")])).ShouldSatisfyAllConditions(run => run.Code.ShouldBe(0, run.Output));
        var package = Path.GetFileNameWithoutExtension(Directory.GetFiles(packages, "*.nupkg").ShouldHaveSingleItem());
        var version = package["PasswordSync.Pbm.".Length..];
        (await RunAsync("dotnet", ["tool", "install", "PasswordSync.Pbm", "--tool-path", tools, "--add-source", packages, "--version", version])).ShouldSatisfyAllConditions(run => run.Code.ShouldBe(0, run.Output));

        var tool = Path.Combine(tools, OperatingSystem.IsWindows() ? "pbm.exe" : "pbm");
        string[] who = [pbm.Address, "--token-file", pbm.TokenFile, "--certificate", pbm.Certificate];
        (await RunAsync(tool, ["--help"])).Output.ShouldContain("Usage: pbm [host:port]");
        (await RunAsync(tool, [.. who, "keys", "list"])).ShouldSatisfyAllConditions(run => run.Code.ShouldBe(ExitCodes.Done, run.Output), run => run.Output.ReplaceLineEndings("\n").ShouldEndWith("Count: 1 key\n"));
        (await RunAsync(tool, [.. who, "sync", "explode"])).Code.ShouldBe(ExitCodes.Usage);
    }

    private static async Task<(int Code, string Output)> RunAsync(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = GeneratedPage.Root() })!;
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(Token), process.StandardError.ReadToEndAsync(Token));
        await process.WaitForExitAsync(Token);
        return (process.ExitCode, await output + await error);
    }
}
