using System.Diagnostics;
using System.Text.RegularExpressions;
using PasswordSync.Hosting;
using Shouldly;

namespace PasswordSync.Pbm.Tests;

/// <summary>
/// A page of commands and what they answered at a terminal. What is different in each run is masked: times, ids, hashes, tokens, certificates, ports, the version, the node's folder, free room.
/// </summary>
/// <param name="pbm">The client.</param>
/// <param name="folder">The node's folder.</param>
/// <param name="page">The page as it stands; null if it is written anew.</param>
internal sealed partial class Transcript(PbmSession pbm, string folder, string? page)
{
    private const string Bar = " | ";

    /// <summary>How long an answer that settles may take to become the page's: what a busy machine does late (a heartbeat, the end of a delivery) is no fault.</summary>
    private static readonly TimeSpan SettlesWithin = TimeSpan.FromMinutes(2);

    private readonly List<string> lines = [];

    public IReadOnlyList<string> Lines => lines;

    public void Heading(string title, string text) => lines.AddRange(["", $"## {title}", "", text]);

    /// <summary>Runs a command, typed as at a shell, and writes down what was shown.</summary>
    /// <param name="command">What follows <c>pbm</c>.</param>
    /// <param name="secret">What is typed where the client asks for a secret.</param>
    /// <param name="code">How it must end.</param>
    public async Task RunAsync(string command, string secret = "", int code = ExitCodes.Done) => lines.AddRange(await RunOnceAsync(command, secret, code));

    /// <summary>The same, for what shows how things stand now, or what comes next: again, until it is what the page says or time is up.</summary>
    /// <param name="command">What follows <c>pbm</c>.</param>
    /// <param name="before">What is to be done each time before.</param>
    public async Task RunUntilSettledAsync(string command, Func<Task>? before = null)
    {
        var begun = Stopwatch.GetTimestamp();
        while (true)
        {
            if (before is not null) await before();
            var shown = await RunOnceAsync(command, "", ExitCodes.Done);
            if (page?.Contains(string.Join('\n', shown), StringComparison.Ordinal) != false || Stopwatch.GetElapsedTime(begun) >= SettlesWithin)
            {
                lines.AddRange(shown);
                return;
            }

            await Task.Delay(PbmSession.AskAgainInterval);
        }
    }

    private async Task<string[]> RunOnceAsync(string command, string secret, int code)
    {
        var (words, filter) = command.Split(Bar, 2) is [var before, var after] ? (before, after) : (command, null);
        var run = filter is null ? await pbm.RunAtTerminalAsync(words, secret) : await pbm.RunPipedAsync(words);
        run.Code.ShouldBe(code, $"pbm {command}: {run.Out}{run.Error}");
        var shown = run.Error + (filter is null ? run.Out : await FilterAsync(filter, run.Out));
        return ["", "```", $"$ pbm {command.Replace(folder, "FOLDER", StringComparison.Ordinal)}", .. Align([.. Mask(shown).TrimEnd('\n').Split('\n')]), "```"];
    }

    private static async Task<string> FilterAsync(string filter, string text)
    {
        using var shell = Process.Start(new ProcessStartInfo("sh") { ArgumentList = { "-c", filter }, RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var reading = shell.StandardOutput.ReadToEndAsync();
        await shell.StandardInput.WriteAsync(text);
        shell.StandardInput.Close();
        return await reading;
    }

    private string Mask(string text)
    {
        text = text.Replace(folder, "FOLDER", StringComparison.Ordinal).Replace(ProductVersion.Text, "VERSION", StringComparison.Ordinal);
        text = Certificate().Replace(text, "BASE64\n");
        text = Token().Replace(text, "TOKEN");
        text = Id().Replace(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
        text = Hash().Replace(text, "HASH");
        text = Time().Replace(text, found => Digit().Replace(found.Value, "0"));
        text = Duration().Replace(text, "0.0 ms");
        text = Port().Replace(text, "PORT");
        text = Shard().Replace(text, "0");
        return Room().Replace(text, "0 MiB");
    }

    // The columns are as wide as what was masked.
    private static IEnumerable<string> Align(string[] shown)
    {
        for (var begin = 0; begin < shown.Length;)
        {
            var count = shown[begin].Split(Bar).Length;
            var rows = shown.Skip(begin).TakeWhile(line => line.Split(Bar).Length == count).Select(line => line.Split(Bar).Select(cell => cell.TrimEnd()).ToArray()).ToList();
            for (var column = 0; column < count - 1; column++)
            {
                var width = rows.Max(row => row[column].Length);
                foreach (var row in rows) row[column] = row[column].PadRight(width);
            }

            foreach (var row in rows) yield return string.Join(Bar, row).TrimEnd();
            begin += rows.Count;
        }
    }

    [GeneratedRegex("(?<=BEGIN CERTIFICATE-----\n)[^-]+")]
    private static partial Regex Certificate();

    [GeneratedRegex("\\bpbm_[A-Za-z0-9_-]+")]
    private static partial Regex Token();

    [GeneratedRegex("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")]
    private static partial Regex Id();

    [GeneratedRegex("\\b[0-9a-fA-F]{16,}\\b")]
    private static partial Regex Hash();

    [GeneratedRegex("\\d{4}-\\d\\d-\\d\\d([ T]\\d\\d:\\d\\d(:\\d\\d)?(\\.\\d+)?Z?)?")]
    private static partial Regex Time();

    [GeneratedRegex("\\d")]
    private static partial Regex Digit();

    // What was measured: milliseconds, the time to a target, what is left of a lease, and a cell that is nothing else.
    [GeneratedRegex("\\b\\d+(\\.\\d+)? ms\\b|(?<=delivered after |valid for )\\d+(\\.\\d+)? s\\b|(?<=\\| )(\\d+ [hm] )?\\d+(\\.\\d+)? [ms](?= *(\\||$))", RegexOptions.Multiline)]
    private static partial Regex Duration();

    [GeneratedRegex("(?<=127\\.0\\.0\\.1:|Port )\\d{4,5}\\b")]
    private static partial Regex Port();

    // It comes of an identity, which is random.
    [GeneratedRegex("(?<=shard: )\\d+")]
    private static partial Regex Shard();

    [GeneratedRegex("\\d+ MiB")]
    private static partial Regex Room();
}
