using System.Collections.Immutable;
using System.Text.Json;
using Shouldly;
using Xunit;

namespace PasswordSync.Pbm.Tests;

/// <summary>What is shown of what a node answers, which may hold names that an attacker chose.</summary>
public sealed class Rendering_tests
{
    private const string Hostile = "a\u001b[2J\u0007\r\nb\u009bc\u202Ed\u2066e\u2028f\u200Fg";

    [Theory]
    [InlineData(OutputFormat.Text)]
    [InlineData(OutputFormat.Json)]
    [InlineData(OutputFormat.Csv)]
    internal void Nothing_that_steers_a_terminal_comes_through_in_any_format(OutputFormat format)
    {
        using var output = new StringWriter { NewLine = "\n" };
        var answer = new
        {
            sections = new[]
            {
                new { title = Hostile, noun = Hostile, columns = new[] { new { name = "x", title = Hostile, kind = "text" } }, rows = new[] { new { x = Hostile } } },
            },
        };

        new AnswerPrinter(output, format, withHeadings: true).Print(JsonSerializer.SerializeToElement(answer));

        output.ToString().Where(letter => letter != '\n' && (char.IsControl(letter) || letter is '\u202E' or '\u2066' or '\u2028' or '\u200F')).ShouldBeEmpty();
        output.ToString().ShouldContain("a");
    }

    [Theory]
    [InlineData("0.0123", "duration", "12.3 ms")]
    [InlineData("1.5", "duration", "1.5 s")]
    [InlineData("312", "duration", "5 m 12 s")]
    [InlineData("11040", "duration", "3 h 4 m")]
    [InlineData("\"2026-03-01T08:15:30.123Z\"", "time", "2026-03-01 08:15:30.123Z")]
    [InlineData("null", "text", "-")]
    [InlineData("true", "flag", "yes")]
    [InlineData("42", "number", "42")]
    public void Values_are_shown_by_their_kind(string json, string kind, string shown) => Rendering.Show(JsonDocument.Parse(json).RootElement, kind).ShouldBe(shown);

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("say \"no\"", "\"say \"\"no\"\"\"")]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("-cmd", "'-cmd")]
    [InlineData("-1.5", "-1.5")]
    [InlineData("", "")]
    public void Fields_of_tables_are_quoted_and_are_no_formulas(string text, string field) => Rendering.CsvField(text).ShouldBe(field);

    [Theory]
    [InlineData("sync explain ada", new[] { "sync", "explain", "ada" })]
    [InlineData("  a  'b c'  \"d \\\" e\" f\\ g '' ", new[] { "a", "b c", "d \" e", "f g", "" })]
    [InlineData("CN=Ada\\,x", new[] { "CN=Ada\\,x" })]
    [InlineData("sync points >file", new[] { "sync", "points", ">", "file" })]
    [InlineData("a>b \"> c\" > d", new[] { "a>b", "> c", ">", "d" })]
    public void A_line_is_split_into_words(string line, string[] words) => CommandLine.Split(line).ShouldBe(words);

    [Fact]
    public void The_line_editor_completes_recalls_and_edits()
    {
        var keys = new Queue<ConsoleKeyInfo>([.. Type("sy"), Key(ConsoleKey.Tab), .. Type("pionts"), .. Enumerable.Repeat(Key(ConsoleKey.LeftArrow), 5), .. Type("o"), Key(ConsoleKey.RightArrow), Key(ConsoleKey.Delete), Key(ConsoleKey.Enter), Key(ConsoleKey.UpArrow), Key(ConsoleKey.Backspace), Key(ConsoleKey.Enter)]);
        using var output = new StringWriter();
        var editor = new LineEditor(output, keys.Dequeue, (before, begun) => before.IsEmpty && "sync".StartsWith(begun, StringComparison.Ordinal) ? ["sync"] : []);

        editor.Read("> ").ShouldBe("sync points");
        editor.Read("> ").ShouldBe("sync point");
    }

    [Fact]
    public void A_secret_is_asked_for_without_being_shown()
    {
        var keys = new Queue<ConsoleKeyInfo>([.. Type("hunx"), Key(ConsoleKey.Backspace), .. Type("ter2"), Key(ConsoleKey.Enter)]);
        using var output = new StringWriter();
        var terminal = new Terminal(TextReader.Null, output, output, true, keys.Dequeue, "", _ => null);

        using var secret = terminal.AskSecret("Password");

        secret.Reveal().ToString().ShouldBe("hunter2");
        output.ToString().Trim().ShouldBe("Password:");
    }

    [Fact]
    public void A_secret_that_is_too_long_is_told_and_not_cut_off()
    {
        using var output = new StringWriter();
        var terminal = new Terminal(new StringReader($"{new string('a', 4_097)}\n{new string('a', 4_096)}\n"), output, output, false, null, "", _ => null);

        Should.Throw<PbmException>(() => terminal.AskSecret("Password")).Message.ShouldBe("Password: more than 4096 characters were given.");
        using var secret = terminal.AskSecret("Password");
        secret.Length.ShouldBe(4_096);
    }

    [Fact]
    public void Ctrl_C_empties_the_line_and_at_a_secret_ends_the_command()
    {
        var interrupt = new ConsoleKeyInfo('\u0003', ConsoleKey.C, shift: false, alt: false, control: true);
        var keys = new Queue<ConsoleKeyInfo>([.. Type("sync poi"), interrupt, .. Type("keys"), new ConsoleKeyInfo('\r', ConsoleKey.Enter, false, false, false), .. Type("half"), interrupt]);
        using var output = new StringWriter { NewLine = "\n" };

        new LineEditor(output, keys.Dequeue, (_, _) => ImmutableArray<string>.Empty).Read("> ").ShouldBe("keys");
        output.ToString().ShouldContain("^C\n");
        Should.Throw<OperationCanceledException>(() => new Terminal(TextReader.Null, output, output, true, keys.Dequeue, "", _ => null).AskSecret("Password"));
    }

    private static IEnumerable<ConsoleKeyInfo> Type(string text) => text.Select(letter => new ConsoleKeyInfo(letter, ConsoleKey.A, false, false, false));

    private static ConsoleKeyInfo Key(ConsoleKey key) => new('\0', key, false, false, false);
}
