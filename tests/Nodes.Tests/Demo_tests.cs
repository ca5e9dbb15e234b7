using System.Diagnostics;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests;

/// <summary>The demo as a newcomer starts it.</summary>
public sealed class Demo_tests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task The_fixed_run_shows_every_stage_verifies_the_targets_and_exits_with_0()
    {
        var (exitCode, output) = await RunAsync(["--once"], input: "");

        exitCode.ShouldBe(0, output);
        output.ShouldContain("Every target has what the domain has.");
        output.ShouldContain("not sent: RefusedBySource");
        var course = output.Split('\n').First(line => line.Contains("ann   captured", StringComparison.Ordinal));
        foreach (var stage in new[] { "captured", "spooled", "confirmed", "accepted", "decided", "in user-table", "in webhook" }) course.ShouldContain(stage);
    }

    [Fact(Timeout = 600_000)]
    public async Task Talking_to_it_changes_a_password_and_tells_who_signs_in_where()
    {
        var (exitCode, output) = await RunAsync([], "bob Talked.2026!\ncheck bob Talked.2026!\ncheck bob wrong\nnobody x\nquit\n");

        exitCode.ShouldBe(0, output);
        output.ShouldContain("user table: signs in; webhook: signs in");
        output.ShouldContain("user table: does not sign in; webhook: does not sign in");
        output.ShouldContain("Not understood");
        output.ShouldMatch(@"pbm 127\.0\.0\.1:\d+ --token-file \S+first-administrator\.token --certificate \S+admin\.pem sync explain ann");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_plug_in_of_one_s_own_is_tried_without_any_server_and_gets_the_password()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "ann:1::\n", Token);
        var points = Path.GetTempFileName();
        await File.WriteAllTextAsync(points, System.Text.Json.JsonSerializer.Serialize(new
        {
            points = new[] { new { name = "crm", provider = "plugin", settings = new { program = ProgramNamed("PasswordSync.FilePlugin"), plugin = new { file } } } },
        }), Token);

        var (exitCode, output) = await RunAsync(["--points", points], "ann Tried.2026!\nbob Tried.2026!\nquit\n");

        exitCode.ShouldBe(0, output);
        output.ShouldContain("in crm +");
        output.ShouldContain("crm: AccountNotFound: No line has the login 'bob'.");
        (await File.ReadAllTextAsync(file, Token)).ShouldStartWith("ann:2:");
        File.Delete(file);
        File.Delete(points);
    }

    [Fact(Timeout = 600_000)]
    public async Task Points_that_cannot_be_used_are_told_with_key_and_remedy()
    {
        var points = Path.GetTempFileName();
        await File.WriteAllTextAsync(points, """{ "points": [{ "name": "crm", "provider": "plugin", "settings": { "program": "relative/path" } }] }""", Token);

        var (exitCode, output) = await RunAsync(["--points", points], input: "");

        exitCode.ShouldBe(2, output);
        output.ShouldContain("points[2].settings.program is 'relative/path': Give an absolute path.");
        File.Delete(points);
    }

    [Fact(Timeout = 600_000)]
    public async Task An_unknown_option_is_answered_with_the_usage()
    {
        var (exitCode, output) = await RunAsync(["--twice"], input: "");

        exitCode.ShouldBe(2);
        output.ShouldContain("usage:");
    }

    private static string ProgramNamed(string name) => Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? $"{name}.exe" : name);

    private static async Task<(int ExitCode, string Output)> RunAsync(string[] arguments, string input)
    {
        var start = new ProcessStartInfo(ProgramNamed("PasswordSync.Demo"), arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
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
