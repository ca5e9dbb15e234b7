using System.Diagnostics;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests;

/// <summary>The demo as a newcomer starts it.</summary>
public sealed class Demo_tests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task The_fixed_run_shows_every_stage_verifies_the_targets_and_exits_with_0()
    {
        var (exitCode, output) = await RunAsync(["--once"], input: "");

        exitCode.ShouldBe(0, output);
        output.ShouldContain("Every target has what the domain has.");
        output.ShouldContain("not sent: RefusedBySource");
        var course = output.Split('\n').First(line => line.Contains("ann   captured", StringComparison.Ordinal));
        foreach (var stage in new[] { "captured", "spooled", "confirmed", "accepted", "decided", "in user-table", "in webhook" }) course.ShouldContain(stage);
    }

    [Fact(Timeout = 120_000)]
    public async Task Talking_to_it_changes_a_password_and_tells_who_signs_in_where()
    {
        var (exitCode, output) = await RunAsync([], "bob Talked.2026!\ncheck bob Talked.2026!\ncheck bob wrong\nnobody x\nquit\n");

        exitCode.ShouldBe(0, output);
        output.ShouldContain("user table: signs in; webhook: signs in");
        output.ShouldContain("user table: does not sign in; webhook: does not sign in");
        output.ShouldContain("Not understood");
    }

    [Fact(Timeout = 180_000)]
    public async Task An_unknown_option_is_answered_with_the_usage()
    {
        var (exitCode, output) = await RunAsync(["--twice"], input: "");

        exitCode.ShouldBe(2);
        output.ShouldContain("usage:");
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string[] arguments, string input)
    {
        var program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "PasswordSync.Demo.exe" : "PasswordSync.Demo");
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        using var process = Process.Start(start)!;
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), Token);
            process.StandardInput.Close();
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(Token), process.StandardError.ReadToEndAsync(Token));
            await process.WaitForExitAsync(Token);
            return (process.ExitCode, await output + await errors);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
