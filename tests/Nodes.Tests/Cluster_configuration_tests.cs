using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using PasswordSync.Nodes.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests;

/// <summary>What stands in <c>cluster-config/</c> beside the files that the programs themselves refuse if a key is wrong: that each key is explained, and that systemd takes the units.</summary>
public sealed partial class Cluster_configuration_tests
{
    private static readonly string Folder = Path.Combine(RepositoryFolder.Path, "cluster-config");
    private static readonly string SystemdAnalyze = "/usr/bin/systemd-analyze";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Files =>
        [.. from path in Directory.GetFiles(Folder, "*", SearchOption.AllDirectories) let file = Path.GetRelativePath(Folder, path).Replace('\\', '/') orderby file select file];

    public static TheoryData<string> Units => [.. Files.Select(file => file.Data).Where(file => file.EndsWith(".service", StringComparison.Ordinal))];

    // Directives of a unit are explained in it, statements of SQL beside them.
    [Theory]
    [MemberData(nameof(Files))]
    public void Every_key_of_every_file_stands_in_its_page(string file)
    {
        var path = Path.Combine(Folder, file);
        var (keys, pages) = Path.GetExtension(file) switch
        {
            ".json" => (KeysOfJson(path), (string[])[PageOf(file), "single-node/README.md", "three-nodes/README.md"]),
            ".yml" => (KeysOfYaml(path), [PageOf(file)]),
            ".default" => (KeysOfEnvironment(path), [PageOf(file)]),
            ".md" or ".service" or ".sql" => ([], []),
            var other => throw new InvalidOperationException($"Nothing is known of files such as {other}: say here how their keys are found."),
        };

        (keys.Count > 0).ShouldBe(pages.Length > 0, "a file of keys has some");
        var explained = string.Concat(pages.Select(page => File.ReadAllText(Path.Combine(Folder, page))));
        keys.Where(key => !explained.Contains($"`{key}`", StringComparison.Ordinal) && !explained.Contains($".{key}`", StringComparison.Ordinal)).ShouldBeEmpty($"explain them in {string.Join(" or ", pages.Take(1))}");
    }

    // Told are mistakes of form and unknown directives; the account and its folders need not be there.
    [Theory]
    [MemberData(nameof(Units))]
    public async Task Systemd_takes_the_unit(string file)
    {
        Assert.SkipUnless(File.Exists(SystemdAnalyze), $"{SystemdAnalyze} is not there: install the package systemd.");
        var folder = Directory.CreateTempSubdirectory("passwordsync-unit-");
        try
        {
            var unit = Path.Combine(folder.FullName, Path.GetFileName(file));
            var text = await File.ReadAllTextAsync(Path.Combine(Folder, file), Token);
            await File.WriteAllTextAsync(unit, Program().Replace(text, "ExecStart=/bin/true"), Token);
            (await VerifyAsync(unit)).ShouldBeEmpty();

            await File.AppendAllTextAsync(unit, "RestartSecs=2s\n", Token);
            (await VerifyAsync(unit)).ShouldContain("RestartSecs", Case.Sensitive, "what is wrong is found");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_node_of_a_cluster_is_started_again_however_often_it_ended()
    {
        var unit = File.ReadAllLines(Path.Combine(Folder, "three-nodes", "passwordsync-node.service"));

        unit.TakeWhile(line => line != "[Service]").ShouldContain("StartLimitIntervalSec=0", "systemd reads it there alone");
    }

    private static string PageOf(string file) => $"{file[..file.IndexOf('/', StringComparison.Ordinal)]}/README.md";

    private static async Task<string> VerifyAsync(string unit)
    {
        var start = new ProcessStartInfo(SystemdAnalyze, ["verify", "--man=no", unit]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(Token), process.StandardError.ReadToEndAsync(Token));
        await process.WaitForExitAsync(Token);

        // Of other units on this machine it may tell, too.
        return string.Join('\n', $"{await output}\n{await errors}".Split('\n').Where(line => line.Contains(Path.GetFileName(unit), StringComparison.Ordinal)));
    }

    // Names of sources, and what providers and plug-ins have in their settings, are explained in another way: Configuration_examples_tests.
    private static List<string> KeysOfJson(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(path), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        return [.. KeysOf(document.RootElement).Distinct()];
    }

    private static IEnumerable<string> KeysOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().SelectMany(KeysOf),
        JsonValueKind.Object => element.EnumerateObject().SelectMany(entry => entry.Name switch
        {
            "settings" => [entry.Name],
            "sources" => entry.Value.EnumerateObject().SelectMany(source => KeysOf(source.Value)).Prepend(entry.Name),
            _ => entry.Value.ValueKind == JsonValueKind.Object ? KeysOf(entry.Value) : KeysOf(entry.Value).Prepend(entry.Name),
        }),
        _ => [],
    };

    // Paths of all keys that have a value: those that stand above them are parts of the paths.
    private static List<string> KeysOfYaml(string path)
    {
        var (keys, above) = (new List<string>(), new Stack<(int Indent, string Key)>());
        foreach (var line in File.ReadLines(path).Where(line => !line.TrimStart().StartsWith('#')))
        {
            var found = YamlKey().Match(line);
            if (!found.Success) continue;
            var (indent, key, value) = (found.Groups["indent"].Length, found.Groups["key"].Value, found.Groups["value"].Value);
            while (above.TryPeek(out var last) && last.Indent >= indent) above.Pop();
            var name = string.Join('.', above.Reverse().Select(entry => entry.Key).Append(key));
            if (value.StartsWith('{')) keys.AddRange(FlowKey().Matches(value).Select(inner => $"{name}.{inner.Groups["key"].Value}"));
            else if (value.Length > 0 || key == "pg_hba") keys.Add(name);
            above.Push((indent, key));
        }

        return keys;
    }

    private static List<string> KeysOfEnvironment(string path) => [.. File.ReadLines(path).Where(line => line.Length > 0 && !line.StartsWith('#')).Select(line => line[..line.IndexOf('=', StringComparison.Ordinal)])];

    [GeneratedRegex("^ExecStart=.*$", RegexOptions.Multiline)]
    private static partial Regex Program();

    [GeneratedRegex(@"^(?<indent>\s*)(?:- )?(?<key>[a-z_][a-z0-9_]*):(?:\s+(?<value>.*))?$")]
    private static partial Regex YamlKey();

    [GeneratedRegex(@"[{,]\s*(?<key>[a-z_]+):")]
    private static partial Regex FlowKey();
}
