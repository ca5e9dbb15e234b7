using System.Collections;
using System.Globalization;
using System.Text.Json;
using PasswordSync.Lab.Product;
using Shouldly;
using Xunit;

namespace PasswordSync.Lab.Tests;

/// <summary><c>./lab.sh</c> as somebody types it who tries the product: its answers, its exit codes, and that nothing stays behind.</summary>
public sealed class ScriptTests
{
    private const string Password = "Typed.In.The.Lab.2026!";

    // The first start builds, and provisions two domains.
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(10);

    private static readonly string Folder = Path.Combine(ProductBuild.Root, "lab-data");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 1_800_000)]
    public async Task Up_change_status_and_down_do_what_they_say_and_leave_no_process()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1", "Part of the long series.");
        Directory.Exists(Folder).ShouldBeFalse($"somebody's lab is in {Folder}, and this test would take it down: ./lab.sh down");
        try
        {
            (await SaysAsync("", exitCode: 2)).ShouldContain("usage: ./lab.sh up");
            (await SaysAsync("status", exitCode: 1)).ShouldContain("The lab is not up: ./lab.sh up");

            var up = await SaysAsync("up", exitCode: 0);
            ShowsEverythingUp(up);
            up.ShouldContain("u0001 / Init.Passw0rd.1 to u0010 / Init.Passw0rd.10, in all three");
            var processes = ServerProcesses();

            var changed = await SaysAsync("change u0003", exitCode: 0, typed: Password);
            foreach (var line in (string[])["^ALPHA.TEST +changed", "^BETA.TEST +has the new password", "^OpenLDAP +has the new password"]) changed.ShouldMatch($"(?m){line}");
            (await SaysAsync("change u0003", exitCode: 1, typed: "x")).ShouldContain("ALPHA.TEST refused: ");
            (await SaysAsync("change nobody", exitCode: 1, typed: Password)).ShouldContain("There is no user 'nobody': they are u0001 to u0010.");

            ShowsEverythingUp(await SaysAsync("status", exitCode: 0));

            (await SaysAsync("down", exitCode: 0)).ShouldContain("Everything is stopped and removed.");
            Directory.Exists(Folder).ShouldBeFalse();
            processes.Where(process => ProcessTree.IdentityOf(process.ProcessId) == process).ShouldBeEmpty("what ran before is gone, with all that it forked");
            ProcessesThatName(Folder).ShouldBeEmpty();
            (await SaysAsync("status", exitCode: 1)).ShouldContain("The lab is not up: ./lab.sh up");
        }
        finally
        {
            if (Directory.Exists(Folder)) await RunAsync("down", typed: "", CancellationToken.None);
        }
    }

    private static void ShowsEverythingUp(string said)
    {
        foreach (var line in (string[])["^ALPHA.TEST +up ", "^BETA.TEST +up ", "^OpenLDAP +up ", "^PasswordSync +up +the sync server; log ", "^PasswordSync +up +the edge of alpha/"]) said.ShouldMatch($"(?m){line}");
        said.ShouldNotContain("DOWN", Case.Sensitive);
    }

    /// <summary>All processes of the two domain controllers, the directory, the node and the edge, found as <c>down</c> finds them: by what was noted at their start.</summary>
    private static List<ProcessTree.Identity> ServerProcesses()
    {
        var roots = Directory.EnumerateFiles(Folder, "*.running", SearchOption.AllDirectories).Select(note => JsonSerializer.Deserialize<ProcessTree.Identity>(File.ReadAllText(note))).ToList();
        roots.Count.ShouldBe(5);
        List<ProcessTree.Identity> all = [.. roots, .. roots.SelectMany(root => ProcessTree.DescendantsOf(root.ProcessId)).Select(ProcessTree.IdentityOf).OfType<ProcessTree.Identity>()];
        all.Count.ShouldBeGreaterThan(roots.Count * 2, "each server has a guard and a process of its own");
        ProcessesThatName(Folder).Count.ShouldBeGreaterThanOrEqualTo(roots.Count, "the search that must find nothing in the end finds them now");
        return all;
    }

    private static List<string> ProcessesThatName(string path) =>
    [
        .. from folder in Directory.EnumerateDirectories("/proc")
           let name = Path.GetFileName(folder)
           where name.All(char.IsAsciiDigit)
           let line = ProcessTree.CommandLineOf(int.Parse(name, CultureInfo.InvariantCulture))
           where line.Contains(path, StringComparison.Ordinal)
           select line,
    ];

    /// <returns>What it wrote to standard output.</returns>
    private static async Task<string> SaysAsync(string words, int exitCode, string typed = "")
    {
        var result = await RunAsync(words, typed, Cancellation);
        result.ExitCode.ShouldBe(exitCode, $"./lab.sh {words}: {result.Output}{result.Errors}");
        return result.Output;
    }

    private static Task<ToolResult> RunAsync(string words, string typed, CancellationToken cancellationToken)
    {
        // The caller's own environment, as in a shell; but no build server, which would keep the output open after its build.
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");
        environment["MSBUILDDISABLENODEREUSE"] = "1";
        environment["UseSharedCompilation"] = "false";
        return new ToolRun(Path.Combine(ProductBuild.Root, "lab.sh"), words.Split(' ', StringSplitOptions.RemoveEmptyEntries)) { Input = $"{typed}\n", Environment = environment, Bound = Bound }.RunAsync(cancellationToken);
    }
}
