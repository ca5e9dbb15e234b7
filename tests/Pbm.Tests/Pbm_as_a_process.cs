using System.Diagnostics;
using Shouldly;
using Xunit;

namespace PasswordSync.Pbm.Tests;

/// <summary>The client as a process of its own, with real pipes and a real Ctrl-C.</summary>
public sealed class Pbm_as_a_process(OnePbm one) : IClassFixture<OnePbm>
{
    private const string OnUnix = "It is about pipes and signals as Linux has them.";

    private readonly PbmSession pbm = one.Pbm;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Writes_into_pipes_and_files_and_ends_when_nobody_reads_any_more()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), OnUnix);
        var file = Path.Combine(pbm.Home, "keys");
        using (var written = Start($"\"$@\" keys list > '{file}' && \"$@\" keys list | tail -n 1"))
        {
            (await written.StandardOutput.ReadToEndAsync(Token)).ShouldBe("Count: 1 key\n");
            await written.WaitForExitAsync(Token);
            (await File.ReadAllTextAsync(file, Token)).ShouldEndWith("Count: 1 key\n");
        }

        using var piped = Start("\"$@\" log tail | grep -m 1 -F '| Audit '; echo ${PIPESTATUS[0]}");
        var ended = piped.StandardOutput.ReadToEndAsync(Token);

        // The tail may begin late: each change is a line of the log.
        while (!ended.IsCompleted)
        {
            (await pbm.RunAsync("log", "level", "information")).Code.ShouldBe(ExitCodes.Done);
            await Task.WhenAny(ended, Task.Delay(PbmSession.AskAgainInterval, Token));
        }

        var lines = (await ended).TrimEnd('\n').Split('\n');
        lines.Length.ShouldBe(2);
        lines[0].ShouldContain("log level");
        lines[1].ShouldBe($"{ExitCodes.Done}");
    }

    [Fact(Timeout = 600_000)]
    public async Task Ctrl_C_ends_a_stream_with_its_count()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), OnUnix);
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
