using System.Diagnostics;
using PasswordSync.Nodes.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Pbm.Tests;

/// <summary>The client as a process of its own, with real pipes and a real Ctrl-C.</summary>
public sealed class Pbm_as_a_process : IAsyncLifetime
{
    private TestNode node = null!;
    private PbmSession pbm = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "It is about pipes and signals as Linux has them.");
        node = await TestNode.StartAsync(new Dictionary<string, Providers.Memory.MemoryTarget>(), CancellationToken.None);
        pbm = new PbmSession(node);
    }

    public async ValueTask DisposeAsync()
    {
        pbm?.Dispose();
        if (node is not null) await node.DisposeAsync();
    }

    [Fact(Timeout = 600_000)]
    public async Task Writes_into_pipes_and_files_and_ends_when_nobody_reads_any_more()
    {
        var file = Path.Combine(pbm.Home, "keys");
        using (var written = Start($"\"$@\" keys list > '{file}' && \"$@\" keys list | tail -n 1"))
        {
            (await written.StandardOutput.ReadToEndAsync(Token)).ShouldBe("Count: 1 key\n");
            await written.WaitForExitAsync(Token);
            (await File.ReadAllTextAsync(file, Token)).ShouldEndWith("Count: 1 key\n");
        }

        using var piped = Start("\"$@\" log tail | head -n 1; echo ${PIPESTATUS[0]}");
        var ended = piped.StandardOutput.ReadToEndAsync(Token);

        // The tail may begin late: each change is a line of the log.
        while (!ended.IsCompleted) (await pbm.RunAsync("log", "level", "information")).Code.ShouldBe(ExitCodes.Done);
        var lines = (await ended).TrimEnd('\n').Split('\n');
        lines.Length.ShouldBe(2);
        lines[0].ShouldContain("| Audit ");
        lines[1].ShouldBe($"{ExitCodes.Done}");
    }

    [Fact(Timeout = 600_000)]
    public async Task Ctrl_C_ends_a_stream_with_its_count()
    {
        using var tail = Start("exec \"$@\" cluster tail");
        (await tail.StandardOutput.ReadLineAsync(Token))!.ShouldContain("| node1 | up |");

        using (var pressed = Process.Start("kill", ["-INT", $"{tail.Id}"])) await pressed.WaitForExitAsync(Token);

        var rest = await tail.StandardOutput.ReadToEndAsync(Token);
        await tail.WaitForExitAsync(Token);
        rest.TrimEnd('\n').Split('\n')[^1].ShouldMatch("^Count: [0-9]+ rows?$");
        tail.ExitCode.ShouldBe(ExitCodes.Done);
    }

    // The shell gets the client with its options as its arguments.
    private Process Start(string script)
    {
        string[] client = ["dotnet", Path.Combine(AppContext.BaseDirectory, "pbm.dll"), pbm.Address, "--token-file", pbm.TokenFile, "--certificate", pbm.Certificate];
        return Process.Start(new ProcessStartInfo("bash", ["-c", script, "pbm", .. client]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
    }
}
