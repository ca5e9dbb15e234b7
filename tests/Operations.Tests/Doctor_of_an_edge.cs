using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PasswordSync.Capture.Health;
using PasswordSync.EdgeNode.Doctor;
using PasswordSync.EdgeNode.Settings;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Doctor;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>Finds each fault that is planted in an edge's surroundings, and no other.</summary>
public sealed class Doctor_of_an_edge(OneNode one)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Finds_nothing_where_nothing_is_wrong_and_each_planted_fault()
    {
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget>(), Token);
        var edge = await EdgeFolder.MakeAsync(node, Token);
        var folder = Path.GetDirectoryName(edge.File)!;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(edge.PathOf(edge.Edge.Socket)));
        socket.Listen();
        var address = node.Server.Addresses[0];

        (await IsBadAsync(edge, [])).Select(one => one.What).ShouldBe(
        [
            "edge.json", "key", "data folder", "disk", "capture file", "spool", "drop folder", "dropped files", "edge", "own certificate", "own name",
            $"node {address.Authority}: name", $"node {address.Authority}: port", $"node {address.Authority}: certificate", $"node {address.Authority}: takes ours", $"node {address.Authority}: clock",
        ]);

        Rights.Set(Path.Combine(folder, "edge.key"), UnixFileMode.UserRead | UnixFileMode.OtherRead);
        await IsBadAsync(edge, ["key"]);
        (await OfAsync(edge, "key")).Remedy.ShouldBe($"chmod 0400 {Path.Combine(folder, "edge.key")}");
        Rights.Set(Path.Combine(folder, "edge.key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var dropped = Path.Combine(folder, "drop", "0001.cap");
        await File.WriteAllTextAsync(dropped, "", Token);
        File.SetLastWriteTimeUtc(dropped, DateTime.UtcNow.AddHours(-1));
        await IsBadAsync(edge, ["dropped files"]);
        File.Delete(dropped);

        File.Move(Path.Combine(folder, "capture"), Path.Combine(folder, "gone"));
        await IsBadAsync(edge, ["capture file"]);
        File.Move(Path.Combine(folder, "gone"), Path.Combine(folder, "capture"));

        await IsBadAsync(await EdgeFolder.WriteAsync(folder, "https://127.0.0.1:1", TestNode.DomainController, Token), ["node 127.0.0.1:1: port"]);
        await IsBadAsync(await EdgeFolder.WriteAsync(folder, "https://no-such-host.invalid:9443", TestNode.DomainController, Token), ["node no-such-host.invalid:9443: name"]);
        await IsBadAsync(await EdgeFolder.WriteAsync(folder, $"https://127.0.0.1:{node.Server.AdminAddresses[0].Port}", TestNode.DomainController, Token), [$"node 127.0.0.1:{node.Server.AdminAddresses[0].Port}: certificate"], "operators' listener is no node's");
        await IsBadAsync(await EdgeFolder.WriteAsync(folder, address.ToString(), "dc9.alpha.test", Token), ["own name"]);

        edge = await EdgeFolder.WriteAsync(folder, address.ToString(), TestNode.DomainController, Token);
        (await OfAsync(edge, $"node {address.Authority}: clock", new ShiftedClock(TimeSpan.FromMinutes(-10)))).Result.ShouldBe(FindingResult.Bad);
        (await OfAsync(edge, "own certificate", new ShiftedClock(TimeSpan.FromDays(366)))).Result.ShouldBe(FindingResult.Bad);

        using (var other = await ClusterAuthority.OpenOrCreateAsync(Directory.CreateDirectory(Path.Combine(folder, "other")).FullName, TestNode.Cluster, "another passphrase"u8.ToArray(), DateTimeOffset.UtcNow, Token))
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "ca.pem"), other.Certificate.ExportCertificatePem(), Token);
        }

        await IsBadAsync(edge, ["own name", $"node {address.Authority}: certificate"]);
        socket.Dispose();
        await IsBadAsync(edge, ["edge", "own name", $"node {address.Authority}: certificate"]);
        File.Delete(Path.Combine(folder, "edge.pem"));
        await IsBadAsync(edge, ["edge", "own certificate"]);
    }

    [Fact(Timeout = 600_000)]
    public async Task Finds_a_node_that_does_not_take_this_edges_certificate()
    {
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget>(), Token);
        using var admin = OperatorClient.First(node);
        var edge = await EdgeFolder.MakeAsync(node, Token);
        var what = $"node {node.Server.Addresses[0].Authority}: takes ours";
        (await OfAsync(edge, what)).Result.ShouldBe(FindingResult.Good);

        await admin.RunAsync("edge revoke", Token, ("controller", TestNode.DomainController));
        var revoked = await OfAsync(edge, what);

        (revoked.Result, revoked.Found).ShouldBe((FindingResult.Bad, "It answers with status 403."));
        var folder = Path.GetDirectoryName(edge.File)!;
        using var other = await ClusterAuthority.OpenOrCreateAsync(Directory.CreateDirectory(Path.Combine(folder, "other")).FullName, TestNode.Cluster, "another passphrase"u8.ToArray(), DateTimeOffset.UtcNow, Token);
        using var key = ECDsa.Create();
        key.ImportFromPem(await File.ReadAllTextAsync(Path.Combine(folder, "edge.key"), Token));
        using var strange = other.SignEdge(new CertificateRequest("CN=edge", key, HashAlgorithmName.SHA256).CreateSigningRequestPem(), new PeerName.Edge(TestNode.Cluster, TestNode.Source, TestNode.DomainController), DateTimeOffset.UtcNow);
        await File.WriteAllTextAsync(Path.Combine(folder, "edge.pem"), strange.ExportCertificatePem(), Token);
        var ended = await OfAsync(edge, what);
        (ended.Result, ended.Remedy).ShouldBe((FindingResult.Bad, "It does not trust this side's certificate: see its log for event 4311, and have the certificate signed anew."));
    }

    [Fact(Timeout = 600_000)]
    public async Task Reads_from_samba_itself_whether_the_hook_is_set_and_leads_to_this_edge()
    {
        var edge = await EdgeFolder.MakeAsync(one.Node, Token);
        var folder = Path.GetDirectoryName(edge.File)!;
        var (helper, capture) = (Path.Combine(folder, "helper"), edge.PathOf(edge.Edge.CaptureFile));
        await File.WriteAllTextAsync(helper, "#!/bin/sh\n", Token);

        (await HookAsync(edge, "")).Found.ShouldContain("not set");
        (await HookAsync(edge, $"check password script = {folder}/nothing {capture}")).Found.ShouldContain("does not exist");
        (await HookAsync(edge, $"check password script = {helper} {capture}")).Found.ShouldContain("may not be executed");
        Rights.Set(helper, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        (await HookAsync(edge, $"check password script = {helper} {folder}/another")).Remedy.ShouldBe($"Set it to: {helper} {capture}");
        (await HookAsync(edge, $"check password script = {helper} {capture}")).Result.ShouldBe(FindingResult.Good);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_directory_that_does_not_answer_is_bad_and_says_what_to_correct()
    {
        var edge = await EdgeFolder.MakeAsync(one.Node, Token);

        var found = await new SourceChecks(edge, inspector: null, Path.Combine(one.Node.Folder, "no-smb.conf"), TimeProvider.System).RunAsync(Token);

        var directory = found.Single(one => one.What == "directory");
        directory.Result.ShouldBe(FindingResult.Bad);
        directory.Remedy!.ShouldContain("edge.json");
    }

    [Fact]
    public void Policies_that_the_account_is_not_shown_are_a_warning_and_never_called_good()
    {
        var loose = "The fine-grained policy 'CN=loose'";
        SourceChecks.Policies(new ComplexityFinding([], SeesFineGrained: true), isHookAlwaysCalled: false).Result.ShouldBe(FindingResult.Good);
        var hidden = SourceChecks.Policies(new ComplexityFinding([], SeesFineGrained: false), isHookAlwaysCalled: false);
        hidden.Result.ShouldBe(FindingResult.Warning);
        hidden.Remedy!.ShouldContain("read CN=Password Settings Container,CN=System");
        var bad = SourceChecks.Policies(new ComplexityFinding([loose], SeesFineGrained: true), isHookAlwaysCalled: false);
        (bad.Result, bad.Found).ShouldBe((FindingResult.Bad, $"{loose} has no complexity rule: Samba does not call the hook for it."));

        // Windows calls its filter whatever they say.
        SourceChecks.Policies(new ComplexityFinding([loose], SeesFineGrained: false), isHookAlwaysCalled: true).Result.ShouldBe(FindingResult.Good);
    }

    private static async Task<Finding> HookAsync(EdgeSettingsFile edge, string line)
    {
        var file = Path.Combine(Path.GetDirectoryName(edge.File)!, "smb.conf");
        await File.WriteAllTextAsync(file, $"[global]\n    workgroup = ALPHA\n    {line}\n", Token);

        // A busy machine may keep testparm waiting for longer than it is given.
        return (await Settled.FindsAsync(
            () => new SambaChecks(edge, file).RunAsync(Token),
            found => found.Select(one => one.Found).Where(told => told.StartsWith("testparm did not end within", StringComparison.Ordinal)),
            [],
            "testparm ends",
            Token)).Single();
    }

    private static Task<IEnumerable<Finding>> NoSource(CancellationToken cancellationToken) => Task.FromResult<IEnumerable<Finding>>([]);

    private static Task<IReadOnlyList<Finding>> ExamineAsync(EdgeSettingsFile edge, TimeProvider? clock = null) => new EdgeDoctor(edge, clock ?? TimeProvider.System).ExamineAsync(NoSource, Token);

    private static Task<IReadOnlyList<Finding>> IsBadAsync(EdgeSettingsFile edge, string[] what, string? why = null) => Settled.FindsAsync(
        () => ExamineAsync(edge), found => found.Where(one => one.Result == FindingResult.Bad).Select(one => one.What), what, why, Token);

    /// <summary>What is found of one thing, once it is looked at: the look ends at a step that a busy machine keeps waiting for seconds.</summary>
    private static async Task<Finding> OfAsync(EdgeSettingsFile edge, string what, TimeProvider? clock = null) => (await Settled.FindsAsync(
        async () => (await ExamineAsync(edge, clock)).Where(one => one.What == what).ToList(), found => found.Select(one => one.What), [what], why: null, Token)).Single();

    private sealed class ShiftedClock(TimeSpan shift) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + shift;
    }
}
