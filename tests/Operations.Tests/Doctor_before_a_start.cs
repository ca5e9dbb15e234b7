using System.Net;
using System.Net.Sockets;
using PasswordSync.Hosting.Doctor;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using PasswordSync.SyncNode.Operations.Doctor;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>A node that does not start cannot be asked by pbm: its own command looks at what it needs.</summary>
public sealed class Doctor_before_a_start
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Finds_nothing_bad_where_a_node_could_start_and_each_planted_fault()
    {
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget>(), Token);
        await node.Server.DisposeAsync();
        foreach (var name in (string[])["passphrase", "node.json", "scopes.json", "points.json"]) Rights.Set(Path.Combine(node.Folder, name), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var (file, passphrase, authority) = (Path.Combine(node.Folder, "node.json"), Path.Combine(node.Folder, "passphrase"), Path.Combine(node.Folder, "data", "ca.pem"));
        var (settings, secret, certificate) = (await File.ReadAllTextAsync(file, Token), await File.ReadAllTextAsync(passphrase, Token), await File.ReadAllTextAsync(authority, Token));

        var healthy = await ExamineAsync(file);
        healthy.Where(one => one.Result != FindingResult.Good && one.What != "disk").ShouldBeEmpty();
        healthy.Select(one => one.What).ShouldBe(["configuration", "data folder", "key ring", "passphrase", "node.json", "scopes", "points", "passphrase's value", "cluster's authority", "disk", "database"]);

        await File.WriteAllTextAsync(passphrase, "short", Token);
        (await BadAsync(file)).ShouldBe(["passphrase's value"]);
        await File.WriteAllTextAsync(passphrase, secret, Token);
        await File.WriteAllTextAsync(authority, "no certificate", Token);
        (await BadAsync(file)).ShouldBe(["cluster's authority"]);
        await File.WriteAllTextAsync(authority, certificate, Token);

        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var address = taken.LocalEndpoint.ToString()!;
        await File.WriteAllTextAsync(file, settings.Replace("\"listen\":[\"127.0.0.1:0\"],\"admin\"", $"\"listen\":[\"{address}\"],\"admin\"", StringComparison.Ordinal), Token);
        (await ExamineAsync(file)).Single(one => one.Result == FindingResult.NotChecked).What.ShouldBe($"listen {address}");
        await File.WriteAllTextAsync(file, settings.Replace("{\"listen\":[\"127.0.0.1:0\"]}", "{\"listen\":[\"192.0.2.1:9110\"]}", StringComparison.Ordinal), Token);
        (await BadAsync(file)).ShouldBe(["admin.listen 192.0.2.1:9110"], "no address of this machine");

        await File.WriteAllTextAsync(file, settings.Replace("{\"kind\":\"sqlite\"}", $"{{\"kind\":\"postgres\",\"connection\":\"Host=127.0.0.1;Port={((IPEndPoint)taken.LocalEndpoint).Port};Database=x;Username=x;Timeout=1;SSL Mode=Disable\"}}", StringComparison.Ordinal), Token);
        taken.Stop();
        (await BadAsync(file)).ShouldBe(["database"]);

        await File.WriteAllTextAsync(file, "{ \"cluster\": 5 }", Token);
        (await ExamineAsync(file)).ShouldHaveSingleItem().ShouldSatisfyAllConditions(one => one.What.ShouldBe("configuration"), one => one.Result.ShouldBe(FindingResult.Bad), one => one.Found.ShouldContain("cluster"));
    }

    [Fact]
    public void What_was_found_is_written_with_its_remedy_and_a_verdict()
    {
        using var output = new StringWriter { NewLine = "\n" };

        Finding.Write([Finding.Good("disk", "There is room."), Finding.Bad("database", "It is away.", "Start it.")], output);

        output.ToString().ShouldBe("good        disk: There is room.\nbad         database: It is away.\n              -> Start it.\n2 checks: ill: 1 bad, 0 warnings\n");
    }

    private static Task<IReadOnlyList<Finding>> ExamineAsync(string file) => new StartDoctor(file, TimeProvider.System).ExamineAsync(Token);

    private static async Task<IEnumerable<string>> BadAsync(string file) => (await ExamineAsync(file)).Where(one => one.Result == FindingResult.Bad && one.What != "disk").Select(one => one.What);
}
