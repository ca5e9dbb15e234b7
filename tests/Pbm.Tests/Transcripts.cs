using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Operations;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Pbm.Tests;

/// <summary>docs/operations/transcripts.md is what the real commands print against a real node; what the node offers has help that can be typed.</summary>
public sealed class Transcripts : IAsyncLifetime
{
    private const string Page = "docs/operations/transcripts.md";
    private const string Begin = "<!-- What follows is made by tests/Pbm.Tests: PASSWORDSYNC_WRITE_DOCS=1 writes it anew. -->";

    private readonly MemoryTarget mail = new() { PasswordLengthMin = 12 };
    private TestNode node = null!;
    private PbmSession pbm = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        // Nothing is tried again by itself while the page is made.
        node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["mail"] = mail }, CancellationToken.None, retry: new { initialDelay = "01:00:00", delayMax = "01:00:00" });
        pbm = new PbmSession(node);
    }

    public async ValueTask DisposeAsync()
    {
        pbm.Dispose();
        await node.DisposeAsync();
        mail.Dispose();
    }

    [Fact(Timeout = 600_000)]
    public async Task The_page_shows_what_the_commands_print()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The page shows rights of files as Linux has them.");
        foreach (var file in (string[])["node.json", "scopes.json", "points.json", "passphrase"]) SetRights(Path.Combine(node.Folder, file));
        mail.Add("ada");
        mail.Add("cat");
        await ChangeAsync("ada", "Winter.2026!x");
        await ChangeAsync("bob", "Winter.2026!y");
        await ChangeAsync("cat", "Short.1!");
        var page = new Transcript(pbm, node.Folder, Environment.GetEnvironmentVariable("PASSWORDSYNC_WRITE_DOCS") == "1" ? null : await File.ReadAllTextAsync(Path.Combine(GeneratedPage.Root(), Page), Token));

        await HelpAsync(page);
        await TroublesAsync(page);
        await RemediesAsync(page);
        await RestAsync(page);

        GeneratedPage.ShouldHave(Page, Begin, before: null, page.Lines);
    }

    [Fact(Timeout = 600_000)]
    public async Task Every_command_has_help_with_examples_that_can_be_typed_as_they_are()
    {
        using var session = new NodeClient(CommandLine.Parse([pbm.Address, "--token-file", pbm.TokenFile, "--certificate", pbm.Certificate], _ => null), pbm.Silent);
        var list = await session.FetchAsync(Token);
        list.Commands.Length.ShouldBeGreaterThan(30);
        foreach (var command in list.Commands)
        {
            var name = CommandBinding.NameOf(command);
            var help = await pbm.RunAsync([.. CommandBinding.WordsOf(command), "-help"]);
            help.Code.ShouldBe(ExitCodes.Done, name);
            help.Lines[0].ShouldBe($"{name}: {command.Summary}");
            command.Examples.ShouldNotBeEmpty(name);
            foreach (var example in command.Examples)
            {
                help.Lines.ShouldContain($"Example: pbm {example}");
                var typed = CommandLine.Parse(CommandLine.Split(example.Split(" > ")[0]), _ => null);
                CommandBinding.Bind(list, typed.Words).Command.ShouldBe(command, example);
            }
        }
    }

    [Fact(Timeout = 600_000)]
    public async Task The_manuals_table_names_every_command_and_no_other()
    {
        var offered = (await CommandsAsync()).Select(command => $"{command.Palette} {command.Name}".TrimEnd());
        var manual = await File.ReadAllLinesAsync(Path.Combine(GeneratedPage.Root(), "docs/operations/pbm.md"), Token);
        var rows = manual.SkipWhile(line => line != "## What there is").SkipWhile(line => !line.StartsWith("| `", StringComparison.Ordinal)).TakeWhile(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Split('|', 3)).ToList();

        rows.SelectMany(row => CommandsOf(Quoted(row[1]).Single(), row[2])).Order(StringComparer.Ordinal).ShouldBe(offered.Order(StringComparer.Ordinal));
    }

    // `point show/pause` stands for two commands; a palette without names is a command itself, and what begins with a hyphen is a switch.
    private static List<string> CommandsOf(string palette, string cell)
    {
        var names = Quoted(cell).Where(name => !name.StartsWith('-')).SelectMany(name => name.LastIndexOf(' ') is var at ? name[(at + 1)..].Split('/').Select(last => $"{palette} {name[..(at + 1)]}{last}") : []).ToList();
        return names.Count == 0 ? [palette] : names;
    }

    private static IEnumerable<string> Quoted(string text) => text.Split('`').Where((_, index) => index % 2 == 1);

    // As an installation has them, whatever this machine gives to new files.
    private static void SetRights(string file)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private async Task HelpAsync(Transcript page)
    {
        page.Heading("Help", "It comes from the node, so it is that of the version which runs there.");
        foreach (var palette in (await CommandsAsync()).Select(command => command.Palette).Distinct().Order(StringComparer.Ordinal)) await page.RunAsync($"help {palette}");
        await page.RunAsync("help sync explain");
    }

    private static async Task TroublesAsync(Transcript page)
    {
        page.Heading("Does every password arrive?", "Ada's did. Bob has no account in the target; Cat's new password is too short for it.");
        await page.RunUntilSettledAsync("sync status");
        await page.RunUntilSettledAsync("sync points");
        await page.RunUntilSettledAsync("sync points --csv");
        page.Heading("Why did one not?", "For each person: the state, the reason, what comes next, and what you can do.");
        await page.RunAsync("sync explain ada");
        await page.RunAsync("sync explain bob");
        await page.RunAsync("sync explain cat");
        await page.RunAsync("sync explain nobody");
        await page.RunAsync("sync history -u bob");
        await page.RunAsync("sync identity show bob");
        await page.RunAsync("sync parked list");
        await page.RunAsync("sync parked list --json");
        await page.RunAsync("sync queue");
        await page.RunAsync("sync inbox");
        await page.RunAsync("sync export -n 6 | cut -d '|' -f 1,5-8");
        await page.RunAsync("log peek -v warning | grep -o 'mail: .*'");
    }

    private async Task RemediesAsync(Transcript page)
    {
        page.Heading("Mending it", "Bob gets his account in the target, and what waits is tried. Cat's password is refused again: it must be changed, or the target's rule. Dan changes his while the target is disabled.");
        mail.Add("bob");
        var before = Ends();
        await page.RunAsync("sync retry bob -p mail | cut -d '|' -f 1,2,4");
        await node.WaitForAsync<IdentityEvent>(_ => Ends() > before, Token);
        mail.SignIn("bob", "Winter.2026!y").ShouldBeTrue();
        before = Parkings();
        await page.RunAsync("sync parked retry cat | cut -d '|' -f 1,2,4");
        await node.WaitForAsync<IdentityEvent>(_ => Parkings() > before, Token);
        before = Parkings();
        await page.RunAsync("sync parked retry-all -p mail");
        await node.WaitForAsync<IdentityEvent>(_ => Parkings() > before, Token);
        await page.RunAsync("sync parked discard cat -r \"the target keeps its rule\"");
        await ChangeAsync("cat", "Short.2!", version: 8);
        await page.RunAsync("sync parked retry nobody", code: ExitCodes.Refused);
        await page.RunAsync("sync point verify mail");
        await page.RunAsync("sync point pause mail -r \"moves to new hardware\"");
        await page.RunUntilSettledAsync("sync point show mail");
        await page.RunAsync("sync point resume mail");
        await page.RunAsync("sync point disable mail");
        var missing = await node.CaptureAsync("dan", "Winter.2026!z", 7, Token);
        await node.SendAsync(Token, missing);
        await node.WaitForAsync<IdentityEvent.DeliveryEnded>(e => e.CaptureId == missing.CaptureId, Token);
        await page.RunAsync("sync point enable mail");
        await page.RunAsync("sync missed list");
        await page.RunAsync("sync resend ada -p mail", code: ExitCodes.Refused);
        await page.RunAsync("sync check ada", secret: "Winter.2026!x");
        page.Heading("Is everybody in sync?", "The report reads the source, for which this node has no account.");
        await page.RunAsync("sync report staff", code: ExitCodes.Refused);
    }

    private async Task RestAsync(Transcript page)
    {
        page.Heading("Edges, keys, cluster", "What brings passwords here, what they are sealed to, who works on them.");
        await page.RunAsync("edge list");
        await page.RunAsync("edge show dc1.alpha.test");
        await page.RunAsync("edge revoke dc1.alpha.test -reason \"stolen\"");
        using (var key = ECDsa.Create(ECCurve.NamedCurves.nistP256))
        {
            await File.WriteAllTextAsync(Path.Combine(node.Folder, "dc2.csr"), new CertificateRequest("CN=edge", key, HashAlgorithmName.SHA256).CreateSigningRequestPem(), Token);
        }

        await page.RunAsync($"edge sign dc2.alpha.test -s alpha -r {Path.Combine(node.Folder, "dc2.csr")}");
        await page.RunAsync("keys list");
        await page.RunAsync("keys rotate");
        await page.RunUntilSettledAsync("cluster show");
        await page.RunUntilSettledAsync("cluster status");
        await page.RunAsync("cluster leader");
        await page.RunAsync("cluster tail -n 1");
        await page.RunAsync("cluster join -node south", code: ExitCodes.Refused);
        await page.RunAsync("cluster leave", code: ExitCodes.Refused);
        await page.RunAsync("cluster down -a node2", code: ExitCodes.Refused);
        await page.RunAsync("cluster down-unreachable");
        await page.RunUntilSettledAsync("cluster-sharding list-regions", WakeAsync);
        await page.RunAsync("cluster-sharding list-shards | tail -n 3");
        await page.RunUntilSettledAsync("cluster-sharding region-stats", WakeAsync);
        page.Heading("Inside the node", "Actors and the log's level.");
        await page.RunUntilSettledAsync("actor system", WakeAsync);
        await page.RunUntilSettledAsync("actor hierarchy -d 1");
        await page.RunAsync("log level warning");
        page.Heading("Who changed what", "Each change with who asked for it, and what was before and after.");
        await page.RunAsync("operator add dora -r operator");
        await page.RunAsync("operator list");
        await page.RunAsync("operator remove dora");
        await page.RunAsync("audit list -l 4");
        await page.RunAsync("audit tail -n 5");
        await page.RunAsync("audit verify");
        page.Heading("Doctor", "Nobody may read this node's source, which is told; the edge was revoked above.");
        await page.RunUntilSettledAsync("doctor");
        await page.RunUntilSettledAsync("doctor -faults");
        await StreamsAsync(page);
        page.Heading("Ways to end", "What is mistyped is told with what there is (exit code 2); what the node does not do, with why not (1).");
        await page.RunAsync("sync explode", code: ExitCodes.Usage);
        await page.RunAsync("sync explain", code: ExitCodes.Usage);
        await page.RunAsync("sync point pause nowhere", code: ExitCodes.Refused);
        (await CommandsAsync()).Select(CommandBinding.NameOf).Where(name => !IsRun(name, page.Lines)).ShouldBeEmpty("every command is shown at work, and not only explained");
    }

    private async Task StreamsAsync(Transcript page)
    {
        page.Heading("What comes", "Until Ctrl-C, or after `-n` rows. Cat's next password was too short again; it is tried once more while somebody looks at the log, and then given up.");
        await page.RunAsync("sync tail -u ada -t 1d -n 6");

        // The stream begins with what is logged after its begin, of which nobody hears.
        var tail = page.RunUntilSettledAsync("log tail -v warning -n 1");
        while (!tail.IsCompleted)
        {
            var before = Parkings();
            (await pbm.RunAsync("sync", "retry", "cat", "-p", "mail")).Code.ShouldBe(ExitCodes.Done);
            await node.WaitForAsync<IdentityEvent>(_ => Parkings() > before, Token);
        }

        await tail;
        await page.RunAsync("sync discard cat -p mail -r \"the target keeps its rule\"");
    }

    private static bool IsRun(string command, IEnumerable<string> lines) => lines.Any(line => $"{line} ".StartsWith($"$ pbm {command} ", StringComparison.Ordinal));

    private async Task<ImmutableArray<CommandDescription>> CommandsAsync()
    {
        using var session = new NodeClient(CommandLine.Parse([pbm.Address, "--token-file", pbm.TokenFile, "--certificate", pbm.Certificate], _ => null), pbm.Silent);
        return (await session.FetchAsync(Token)).Commands;
    }

    // Who has nothing to do is forgotten after some seconds, and shown while it lives: a slow run shows what a fast one does.
    private Task WakeAsync() => Task.WhenAll(node.Events.Select(entry => entry.Identity).Distinct().Select(identity => node.Server.Engine.Identities.ShowAsync(identity, Token)));

    private int Parkings() => node.Events.Count(entry => entry.Event is IdentityEvent.AttemptFinished { Sequel: AttemptSequel.Park } or IdentityEvent.ObstacleMet { Sequel: AttemptSequel.Park });

    // One after the other: what comes of it has always the same order.
    private async Task ChangeAsync(string user, string password, uint version = 7)
    {
        var before = Ends();
        await node.SendAsync(Token, await node.CaptureAsync(user, password, version, Token));
        await node.WaitForAsync<IdentityEvent>(_ => Ends() > before, Token);
    }

    private int Ends() => node.Events.Count(entry => entry.Event is IdentityEvent.AttemptFinished or IdentityEvent.ObstacleMet);
}
