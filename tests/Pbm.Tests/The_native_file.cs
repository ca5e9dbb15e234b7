using System.Diagnostics;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Pbm.Tests;

/// <summary>The client as docs/operations/pbm.md says how to publish it: one native file that needs no .NET.</summary>
public sealed class The_native_file
{
    private const int StartsMeasured = 20;

    private static readonly TimeSpan StartBound = TimeSpan.FromMilliseconds(100);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 900_000)]
    public async Task Is_published_as_the_page_says_talks_to_a_node_and_starts_at_once()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1" && OperatingSystem.IsLinux(), "Part of the long series, on Linux: it compiles natively, and fetches packages for it.");
        await using var node = await TestNode.StartAsync(new Dictionary<string, Providers.Memory.MemoryTarget>(), Token);
        using var pbm = new PbmSession(node);
        var command = (await File.ReadAllLinesAsync(Path.Combine(GeneratedPage.Root(), "docs", "operations", "pbm.md"), Token)).Single(line => line.StartsWith("dotnet publish", StringComparison.Ordinal) && line.Contains("PublishAot", StringComparison.Ordinal));
        var output = Path.Combine(pbm.Home, "native");
        var published = await RunAsync("bash", ["-c", command.Replace("$PWD/artifacts/pbm", output, StringComparison.Ordinal)]);
        published.Code.ShouldBe(0, published.Output);
        var file = Directory.GetFiles(Path.Combine(output, "publish"), "pbm", SearchOption.AllDirectories).ShouldHaveSingleItem();

        // Alone in a folder, and where there is no .NET.
        var alone = Path.Combine(Directory.CreateDirectory(Path.Combine(pbm.Home, "alone")).FullName, "pbm");
        File.Copy(file, alone);
        string[] who = [pbm.Address, "--token-file", pbm.TokenFile, "--certificate", pbm.Certificate];
        (await RunAsync(alone, [.. who, "keys", "list"])).ShouldSatisfyAllConditions(run => run.Code.ShouldBe(ExitCodes.Done, run.Output), run => run.Output.ShouldEndWith("Count: 1 key\n"));
        (await RunAsync(alone, [.. who, "help", "sync", "explain"])).Output.ShouldContain("Example: pbm sync explain ada");
        (await RunAsync(alone, [.. who, "sync", "explode"])).Code.ShouldBe(ExitCodes.Usage);
        (await RunAsync(alone, [.. who[..3], "--certificate", $"sha256:{new string('0', 64)}", "keys", "list"])).Code.ShouldBe(ExitCodes.NotTrusted);

        List<TimeSpan> starts = [];
        for (var i = 0; i < StartsMeasured; i++)
        {
            var begun = Stopwatch.GetTimestamp();
            (await RunAsync(alone, ["--help"])).Code.ShouldBe(ExitCodes.Done);
            starts.Add(Stopwatch.GetElapsedTime(begun));
        }

        starts.Sort();
        var median = (starts[(StartsMeasured / 2) - 1] + starts[StartsMeasured / 2]) / 2;
        TestContext.Current.TestOutputHelper?.WriteLine($"{new FileInfo(alone).Length} bytes; starts: least {starts[0].TotalMilliseconds:0} ms, median {median.TotalMilliseconds:0} ms.");
        median.ShouldBeLessThan(StartBound);
    }

    private static async Task<(int Code, string Output)> RunAsync(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = GeneratedPage.Root() };
        start.Environment.Remove("DOTNET_ROOT");
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(Token), process.StandardError.ReadToEndAsync(Token));
        await process.WaitForExitAsync(Token);
        return (process.ExitCode, await output + await error);
    }
}
