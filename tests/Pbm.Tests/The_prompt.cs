using Shouldly;
using Xunit;

namespace PasswordSync.Pbm.Tests;

/// <summary>The interactive prompt: completion of what the node offers, and what Ctrl-C ends.</summary>
public sealed class The_prompt(OnePbm one) : IClassFixture<OnePbm>
{
    private readonly PbmSession pbm = one.Pbm;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Completes_palettes_commands_and_switches_as_the_node_tells_them()
    {
        var line = CommandLine.Parse([pbm.Address, "--token-file", pbm.TokenFile, "--certificate", pbm.Certificate], _ => null);
        using var client = new NodeClient(line, pbm.Silent);
        var prompt = new Prompt(client, await client.FetchAsync(Token), line, pbm.Silent);

        Complete("", "s").ShouldBe(["sync"]);
        Complete("", "e").ShouldBe(["edge", "exit"]);
        Complete("", "cluster").ShouldBe(["cluster", "cluster-sharding"]);
        Complete("sync", "po").ShouldBe(["point", "points"]);
        Complete("sync point", "").ShouldBe(["disable", "enable", "pause", "resume", "show", "verify"]);
        Complete("sync history", "-p").ShouldBe(["-point"]);
        Complete("doctor", "").ShouldBe(["-faults"]);
        Complete("sync check", "-").ShouldNotContain("-password", "a secret is never typed into a line");
        Complete("nothing", "").ShouldBeEmpty();

        IEnumerable<string> Complete(string before, string begun) => prompt.Complete(CommandLine.Split(before), begun);
    }

    [Fact(Timeout = 600_000)]
    public async Task Ctrl_C_ends_a_stream_and_the_prompt_goes_on()
    {
        var interrupts = new Interrupts();
        using var shown = new PressingWriter("| node1 | up |", interrupts);
        var terminal = new Terminal(new StringReader("cluster tail\nkeys list\n"), shown, TextWriter.Null, false, null, pbm.Home, _ => null) { Interrupts = interrupts };

        var code = await PbmRun.RunAsync([pbm.Address, "--token-file", pbm.TokenFile, "--certificate", pbm.Certificate], terminal, Token);

        code.ShouldBe(ExitCodes.Done);
        shown.HasPressed.ShouldBeTrue();
        shown.ToString().ShouldContain("Count: 1 row\n", Case.Sensitive, shown.ToString());
        shown.ToString().ShouldContain("Count: 1 key\n");
        interrupts.Press().ShouldBeFalse("nothing runs that could end by itself");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_file_is_begun_with_the_answer_and_stays_as_it_was_where_there_is_none()
    {
        var file = Path.Combine(pbm.Home, "answer.txt");
        await File.WriteAllTextAsync(file, "what was there", Token);
        string[] mistyped = ["sync explode", "sync explain", "help sync explode", "sync point pause nowhere"];

        var told = await TypeAsync(mistyped.Select(line => $"{line} > \"{file}\""));

        (await File.ReadAllTextAsync(file, Token)).ShouldBe("what was there");
        told.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(mistyped.Length, told);
        await TypeAsync([$"help doctor > \"{file}\""]);
        (await File.ReadAllTextAsync(file, Token)).ShouldContain("It is written into the audit.");
        await TypeAsync([$"keys list > \"{file}\""]);
        (await File.ReadAllTextAsync(file, Token)).ShouldEndWith($"Count: 1 key{Environment.NewLine}");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_file_has_no_headings_and_what_the_prompt_was_started_with_holds_for_its_lines()
    {
        var file = Path.Combine(pbm.Home, "keys.txt");
        using var shown = new StringWriter { NewLine = "\n" };
        var typed = $"keys list\nkeys list >\"{file}\"\n";
        (await PbmRun.RunAsync([pbm.Address, "--token-file", pbm.TokenFile, "--certificate", pbm.Certificate], At(typed, shown), Token)).ShouldBe(ExitCodes.Done);
        shown.ToString().ShouldContain("pbm> key ", Case.Sensitive, "the heading at the terminal");
        var lines = await File.ReadAllLinesAsync(file, Token);
        lines.Length.ShouldBe(2, "a key and the count");
        lines[1].ShouldBe("Count: 1 key");

        shown.GetStringBuilder().Clear();
        (await PbmRun.RunAsync([pbm.Address, "--json", "--token-file", pbm.TokenFile, "--certificate", pbm.Certificate], At("keys list\nkeys list --csv\n", shown), Token)).ShouldBe(ExitCodes.Done);
        shown.ToString().ShouldContain("\"sections\": [");
        shown.ToString().ShouldContain("pbm> key,state,");

        Terminal At(string lines, StringWriter where) => new(new StringReader(lines), where, TextWriter.Null, true, null, pbm.Home, _ => null);
    }

    // What went to the error output.
    private async Task<string> TypeAsync(IEnumerable<string> lines)
    {
        using var errors = new StringWriter();
        var terminal = new Terminal(new StringReader(string.Join('\n', lines)), TextWriter.Null, errors, false, null, pbm.Home, _ => null);
        (await PbmRun.RunAsync([pbm.Address, "--token-file", pbm.TokenFile, "--certificate", pbm.Certificate], terminal, Token)).ShouldBe(ExitCodes.Done);
        return errors.ToString();
    }

    /// <summary>Presses Ctrl-C once a text was shown.</summary>
    private sealed class PressingWriter(string text, Interrupts interrupts) : StringWriter
    {
        public override string NewLine => "\n";

        public bool HasPressed { get; private set; }

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (!HasPressed && value?.Contains(text, StringComparison.Ordinal) == true) HasPressed = interrupts.Press();
        }
    }
}
