using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Pbm.Tests;

/// <summary>The client and a real node: what a user types and gets.</summary>
public sealed class Pbm_against_a_node : IAsyncLifetime
{
    private readonly MemoryTarget mail = new();
    private TestNode node = null!;
    private PbmSession pbm = null!;
    private bool isMisconfigured;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        mail.Add("ada");
        node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["mail"] = mail }, CancellationToken.None, AskAsync);
        pbm = new PbmSession(node);
    }

    public async ValueTask DisposeAsync()
    {
        pbm.Dispose();
        await node.DisposeAsync();
        mail.Dispose();
    }

    [Fact(Timeout = 600_000)]
    public async Task A_day_of_an_operator()
    {
        // Help comes from the node, one line a command, the last line a count.
        var help = await pbm.RunAsync("help");
        help.Code.ShouldBe(ExitCodes.Done);
        help.Lines.ShouldContain(line => line.StartsWith("sync explain", StringComparison.Ordinal));
        help.Lines[^1].ShouldMatch("^Count: [0-9]+ commands$");
        (await pbm.RunAsync("help", "sync", "parked", "list")).Out.ShouldContain("Example: pbm sync parked list -p mail -l 20");
        (await pbm.RunAsync("sync", "parked", "list", "-help")).Out.ShouldContain("-point, -p: Only this sync point.");

        // A password goes its way, and is explained.
        await node.SendAsync(Token, await node.CaptureAsync("ada", "Winter.2026!", 7, Token));
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome.IsSuccess, Token);
        var explained = await pbm.RunAsync("sync", "explain", "ada");
        explained.Error.ShouldBeEmpty();
        explained.Lines.ShouldContain("who: ada");
        explained.Lines.ShouldContain(line => line.StartsWith("mail | by scope staff", StringComparison.Ordinal) && line.Contains("| delivered |", StringComparison.Ordinal));
        explained.Lines.ShouldContain("Count: 1 sync point");

        // The same as JSON and as a table.
        var json = System.Text.Json.JsonDocument.Parse((await pbm.RunAsync("sync", "points", "--json")).Out);
        json.RootElement.GetProperty("sections")[0].GetProperty("rows")[0].GetProperty("point").GetString().ShouldBe("mail");

        // The point itself hears of the end of its delivery a moment later than the journal.
        var csv = (await pbm.UntilAsync(run => run.Lines is [_, "mail,memory,runs,0,0,0,"], Token, "sync", "points", "--csv")).Lines;
        csv[0].ShouldBe("point,provider,state,waiting,running,parked,restingUntil");

        // Streams end with -n; an export is a stream that ends by itself.
        var export = await pbm.RunAsync("sync", "export", "-n", "2");
        export.Lines.Length.ShouldBe(3);
        export.Lines[^1].ShouldBe("Count: 2 rows");
        (await pbm.RunAsync("sync", "export", "--csv", "-p", "mail")).Lines.Skip(1).ShouldAllBe(line => line.Contains(",mail,", StringComparison.Ordinal));

        // A request file goes to the node, and the certificate comes back as it is, fit for a file.
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Path.Combine(pbm.Home, "dc2.csr");
        await File.WriteAllTextAsync(request, new CertificateRequest("CN=edge", key, HashAlgorithmName.SHA256).CreateSigningRequestPem(), Token);
        using var signed = X509Certificate2.CreateFromPem((await pbm.RunAsync("edge", "sign", "dc2.alpha.test", "-r", request)).Out);
        PeerName.TryRead(signed, out var name).ShouldBeTrue();
        name!.ToUri().ShouldBe(new Uri("passwordsync://test/edge/alpha/dc2.alpha.test"));
        (await pbm.RunAsync("edge", "sign", "dc2.alpha.test", "-r", request + ".gone")).Error.ShouldStartWith("There is no file");

        // Changes, and what refuses them.
        (await pbm.RunAsync("sync", "point", "pause", "mail", "-r", "moves to new hardware")).Lines.ShouldBe(["point: mail", "state: paused"]);
        var twice = await pbm.RunAsync("sync", "point", "enable", "mail");
        (twice.Code, twice.Error).ShouldBe((ExitCodes.Refused, "The sync point 'mail' is paused: use 'sync point resume'.\n"));
        (await pbm.RunAsync("sync", "point", "resume", "mail")).Code.ShouldBe(ExitCodes.Done);
        (await pbm.RunAsync("audit", "verify")).Lines[0].ShouldBe("audit: the chain is whole");

        // What is mistyped is told with what would be right.
        (await pbm.RunAsync("sink", "status")).ShouldSatisfyAllConditions(run => run.Code.ShouldBe(ExitCodes.Usage), run => run.Error.ShouldContain("'sink' is no palette of this node: it has actor"));
        (await pbm.RunAsync("sync", "explode")).Error.ShouldContain("'sync explode' is no command: sync has");
        (await pbm.RunAsync("sync", "explain")).Error.ShouldStartWith("'sync explain' needs user: Who: login name");
        (await pbm.RunAsync("sync", "history", "-x", "1")).Error.ShouldContain("'-x' is not a switch of 'sync history': it has -u (-user)");
        (await pbm.RunAsync("sync", "history", "-l")).Error.ShouldStartWith("'-l' needs a value");
    }

    [Fact(Timeout = 600_000)]
    public async Task What_is_wrong_before_a_node_is_asked_is_told_as_such()
    {
        var text = Path.Combine(pbm.Home, "text");
        await File.WriteAllTextAsync(text, "operator: ada\ntoken: pbm_x\n", Token);
        var empty = Path.Combine(pbm.Home, "empty");
        await File.WriteAllTextAsync(empty, "\n", Token);
        if (!OperatingSystem.IsWindows()) foreach (var file in (string[])[text, empty]) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        await IsToldAsync(ExitCodes.Usage, "'localhost:99999' is no address of a node: use host:port, such as 127.0.0.1:9110.", "localhost:99999", "--token-file", pbm.TokenFile, "keys", "list");
        await IsToldAsync(ExitCodes.Usage, "'--jsn' is no option: see pbm --help.", pbm.Address, "--jsn", "keys", "list");
        await IsToldAsync(ExitCodes.Usage, "The certificate nowhere.pem cannot be read: ", pbm.Address, "--token-file", pbm.TokenFile, "--certificate", "nowhere.pem", "keys", "list");
        foreach (var file in (string[])[text, empty])
        {
            await IsToldAsync(ExitCodes.NotAllowed, $"What is in {file} is no token: that is one word, as 'operator add' shows it behind 'token:'.", pbm.Address, "--token-file", file, "--certificate", pbm.Certificate, "keys", "list");
        }

        async Task IsToldAsync(int code, string message, params string[] arguments)
        {
            var run = await pbm.RunRawAsync("", interactive: false, null, arguments, Token);
            (run.Code, run.Out).ShouldBe((code, ""));
            run.Error.ShouldStartWith(message);
        }
    }

    [Fact(Timeout = 600_000)]
    public async Task Bad_news_is_printed_as_any_answer_and_has_an_exit_code_of_its_own()
    {
        await node.SendAsync(Token, await node.CaptureAsync("ada", "Winter.2026!", 7, Token));
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome.IsSuccess, Token);
        var right = await pbm.RunAtTerminalAsync("sync check ada", "Winter.2026!");
        var wrong = await pbm.RunAtTerminalAsync("sync check ada", "Summer.2026!");
        (right.Code, wrong.Code).ShouldBe((ExitCodes.Done, ExitCodes.BadNews));
        wrong.Lines.ShouldContain(line => line.StartsWith("mail ", StringComparison.Ordinal) && line.Contains("not that password", StringComparison.Ordinal));
        (await pbm.RunAsync("sync", "point", "verify", "mail")).Code.ShouldBe(ExitCodes.Done);

        Volatile.Write(ref isMisconfigured, true);
        var verified = await pbm.RunAsync("sync", "point", "verify", "mail");
        var doctor = await pbm.RunAsync("doctor", "-faults", "--json");

        (verified.Code, verified.Error).ShouldBe((ExitCodes.BadNews, ""));
        verified.Out.ShouldContain("The credentials are wrong.");
        doctor.Code.ShouldBe(ExitCodes.BadNews);
        System.Text.Json.JsonDocument.Parse(doctor.Out).RootElement.GetProperty("badNews").GetBoolean().ShouldBeTrue();
        doctor.Out.ShouldContain("sync point mail: reachability");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_is_trusted_at_first_use_only_by_somebody_who_says_yes_and_then_only_with_the_same_key()
    {
        string[] arguments = [pbm.Address, "--token-file", pbm.TokenFile, "sync", "points"];
        var unattended = await pbm.RunRawAsync("", interactive: false, null, arguments, Token);
        (unattended.Code, unattended.Error).ShouldSatisfyAllConditions(run => run.Code.ShouldBe(ExitCodes.NotTrusted), run => run.Error.ShouldContain("--certificate sha256:"));
        (await pbm.RunRawAsync("no\n", interactive: true, null, arguments, Token)).Code.ShouldBe(ExitCodes.NotTrusted);

        var asked = await pbm.RunRawAsync("yes\n", interactive: true, null, arguments, Token);

        asked.Code.ShouldBe(ExitCodes.Done);
        asked.Error.ShouldContain("Trust it from now on?");
        (await pbm.RunRawAsync("", interactive: false, null, arguments, Token)).Code.ShouldBe(ExitCodes.Done);
        var known = Path.Combine(pbm.Home, "known-nodes");
        await File.WriteAllTextAsync(known, $"{pbm.Address} sha256:{new string('0', 64)}\n", Token);
        var changed = await pbm.RunRawAsync("yes\n", interactive: true, null, arguments, Token);
        (changed.Code, changed.Error).ShouldSatisfyAllConditions(run => run.Code.ShouldBe(ExitCodes.NotTrusted), run => run.Error.ShouldContain("another certificate"));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_token_is_kept_for_the_user_alone_and_refused_when_others_could_read_it()
    {
        var token = await File.ReadAllTextAsync(pbm.TokenFile, Token);
        (await pbm.RunRawAsync(token, interactive: false, null, ["login"], Token)).Code.ShouldBe(ExitCodes.Done);
        var kept = Path.Combine(pbm.Home, "token");
        string[] arguments = [pbm.Address, "--certificate", pbm.Certificate, "operator", "list"];
        var listed = await pbm.RunRawAsync("", interactive: false, null, arguments, Token);
        listed.Lines[^1].ShouldBe("Count: 1 operator");
        if (OperatingSystem.IsWindows()) return;

        File.GetUnixFileMode(kept).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.SetUnixFileMode(kept, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        var refused = await pbm.RunRawAsync("", interactive: false, null, arguments, Token);
        (refused.Code, refused.Error).ShouldSatisfyAllConditions(run => run.Code.ShouldBe(ExitCodes.NotAllowed), run => run.Error.ShouldContain("chmod 600"));
        await File.WriteAllTextAsync(kept + "2", "pbm_wrong", Token);
        File.SetUnixFileMode(kept + "2", UnixFileMode.UserRead);
        (await pbm.RunRawAsync("", interactive: false, null, ["--token-file", kept + "2", .. arguments[1..]], Token)).Code.ShouldBe(ExitCodes.Unreachable, "that is the default address, where no node is");
        (await pbm.RunRawAsync("", interactive: false, null, [pbm.Address, "--token-file", kept + "2", .. arguments[1..]], Token)).Code.ShouldBe(ExitCodes.NotAllowed);
    }

    [Fact(Timeout = 600_000)]
    public async Task The_prompt_runs_commands_until_exit_and_writes_into_files()
    {
        var file = Path.Combine(pbm.Home, "points.txt");

        var run = await pbm.RunRawAsync($"sync points > \"{file}\"\nsync nothing\nhelp sync explain\nexit\nsync points\n", interactive: false, null, [pbm.Address, "--token-file", pbm.TokenFile, "--certificate", pbm.Certificate], Token);

        run.Code.ShouldBe(ExitCodes.Done);
        run.Out.ShouldStartWith($"successfully connected to {pbm.Address}, node node1 of test, as admin (administrator)\n");
        run.Out.Split($"[{pbm.Address}] pbm> ").Length.ShouldBe(5);
        run.Out.ShouldContain("sync explain: Explains one person");
        run.Out.ShouldNotContain("Count: 1 point");
        run.Error.ShouldContain("'sync nothing' is no command");
        (await File.ReadAllTextAsync(file, Token)).ShouldEndWith("Count: 1 point\n");
    }

    private Task<DeliveryOutcome?> AskAsync(MemoryCall call, CancellationToken cancellationToken) =>
        Task.FromResult<DeliveryOutcome?>(call.Step == MemoryStep.Verify && Volatile.Read(ref isMisconfigured) ? new DeliveryOutcome.TargetMisconfigured("The credentials are wrong.") : null);
}
