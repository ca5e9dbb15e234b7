using System.Net;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using PasswordSync.SyncNode.Admin;
using PasswordSync.SyncNode.Operations;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>Who gets in, and what is written down.</summary>
public sealed class Admin_listener(OneNode one)
{
    private static readonly IReadOnlyDictionary<string, MemoryTarget> NoTargets = new Dictionary<string, MemoryTarget>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task The_first_administrators_token_is_in_a_file_for_the_service_alone_and_is_made_once()
    {
        await using var node = await TestNode.StartAsync(NoTargets, Token);
        var path = Path.Combine(node.Folder, "data", FirstAdministrator.FileName);
        var token = OperatorClient.FirstToken(node);

        if (!OperatingSystem.IsWindows()) File.GetUnixFileMode(path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        node.Log.All.ShouldContain(line => line.Contains(path, StringComparison.Ordinal));
        node.Log.All.ShouldNotContain(line => line.Contains(token, StringComparison.Ordinal));
        File.Delete(path);
        await node.RestartAsync(NoTargets, null, Token);
        File.Exists(path).ShouldBeFalse();
        using var client = OperatorClient.With(node, token);
        (await client.CommandsAsync(Token)).Role.ShouldBe("administrator");
    }

    [Fact(Timeout = 600_000)]
    public async Task The_key_of_the_certificate_stays_the_same_over_restarts_and_rests_encrypted()
    {
        await using var node = await TestNode.StartAsync(NoTargets, Token);
        using (var before = OperatorClient.First(node)) await before.CommandsAsync(Token);
        var pinned = await File.ReadAllTextAsync(Path.Combine(node.Folder, "data", "admin.pem"), Token);

        await node.RestartAsync(NoTargets, null, Token);

        (await File.ReadAllTextAsync(Path.Combine(node.Folder, "data", "admin.key"), Token)).ShouldContain("ENCRYPTED PRIVATE KEY");
        await File.WriteAllTextAsync(Path.Combine(node.Folder, "data", "admin.pem"), pinned, Token);
        using var after = OperatorClient.First(node);
        (await after.CommandsAsync(Token)).Operator.ShouldBe(FirstAdministrator.Name);
    }

    [Fact(Timeout = 600_000)]
    public async Task Speaks_nothing_but_tls()
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, one.Node.Server.AdminAddresses[0].Port, Token);
        await tcp.GetStream().WriteAsync("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), Token);

        using var answer = new MemoryStream();
        try
        {
            await tcp.GetStream().CopyToAsync(answer, Token);
        }
        catch (IOException)
        {
            // Cut off: as good.
        }

        System.Text.Encoding.ASCII.GetString(answer.ToArray()).ShouldNotContain("HTTP/1.1 2");
    }

    [Fact(Timeout = 600_000)]
    public async Task Locks_out_who_fails_again_and_again_but_no_operator_at_the_same_address()
    {
        await using var node = await TestNode.StartAsync(NoTargets, Token);
        using var admin = OperatorClient.First(node);
        using var vera = await admin.MakeAsync(node, "vera", "viewer", Token);
        await node.RestartAsync(NoTargets, null, Token);
        using var guesser = OperatorClient.With(node, OperatorTokens.Make());
        using var nobody = OperatorClient.With(node, token: null);
        using var again = OperatorClient.First(node);
        using var veraAgain = OperatorClient.With(node, vera.Token);
        for (var i = 0; i < OperatorAuthentication.FailuresMax; i++)
        {
            using var refused = await guesser.GetAsync("health/live", Token);
            refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        }

        foreach (var stranger in (OperatorClient[])[guesser, nobody])
        {
            using var locked = await stranger.GetAsync("health/live", Token);
            locked.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
            locked.Headers.RetryAfter!.Delta!.Value.ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));
        }

        // Neither has failed, and both are let in, though nobody signed in since the restart; who is removed is out at once all the same.
        await again.RunAsync("sync status", Token);
        await veraAgain.RunAsync("sync status", Token);
        await again.RunAsync("operator remove", Token, ("name", "vera"));
        using (var removed = await veraAgain.GetAsync("health/live", Token)) removed.StatusCode.ShouldNotBe(HttpStatusCode.OK);
        using var still = await guesser.GetAsync("health/live", Token);
        still.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests, "the operator's sign-in lets nobody else in");
        node.Log.All.Count(line => line.Contains("is locked out", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task An_operator_who_asks_again_and_again_for_more_than_the_role_allows_is_locked_out_and_no_other()
    {
        await using var node = await TestNode.StartAsync(NoTargets, Token);
        using var admin = OperatorClient.First(node);
        using var vera = await admin.MakeAsync(node, "vera", "viewer", Token);

        // A machine that is so slow that they are not within a minute has to go on.
        var refusals = 0;
        while (true)
        {
            using var refused = await vera.TryAsync("keys rotate", Token);
            if (refused.StatusCode == HttpStatusCode.TooManyRequests) break;
            refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
            refusals++;
        }

        refusals.ShouldBeGreaterThanOrEqualTo(OperationsLayer.DenialsMax);
        (await vera.RefusedAsync(HttpStatusCode.TooManyRequests, "sync status", Token)).ShouldStartWith($"vera asked {OperationsLayer.DenialsMax} times within a minute for what needs another role: wait ");
        await admin.RunAsync("sync status", Token);
        var denied = (await admin.RunAsync("audit list", Token, ("limit", "1000"))).Rows().Where(row => row.GetProperty("stage").GetString() == "denied").ToList();
        denied.Count.ShouldBe(refusals);
        denied[^1].GetProperty("after").GetString()!.ShouldStartWith("locked out for");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_removed_operator_is_out_at_once_and_the_last_administrator_stays()
    {
        await using var node = await TestNode.StartAsync(NoTargets, Token);
        using var admin = OperatorClient.First(node);
        using var vera = await admin.MakeAsync(node, "vera", "viewer", Token);
        await vera.RunAsync("sync status", Token);

        await admin.RunAsync("operator remove", Token, ("name", "vera"));

        using var refused = await vera.GetAsync("health/live", Token);
        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await admin.RefusedAsync(HttpStatusCode.Conflict, "operator remove", Token, ("name", "admin"))).ShouldContain("last administrator");
        (await admin.RefusedAsync(HttpStatusCode.Conflict, "operator add", Token, ("name", "admin"))).ShouldContain("already");
    }

    [Fact(Timeout = 600_000)]
    public async Task Every_change_is_audited_with_who_when_where_what_before_and_after()
    {
        using var beta = new MemoryTarget();
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        using var admin = OperatorClient.First(node);
        using var otto = await admin.MakeAsync(node, "otto", "operator", Token);
        var begun = DateTimeOffset.UtcNow.AddSeconds(-1);

        await otto.RunAsync("sync point pause", Token, ("point", "beta"), ("reason", "repairs"));
        await otto.RefusedAsync(HttpStatusCode.Conflict, "sync point enable", Token, ("point", "beta"));
        await otto.RunAsync("sync point resume", Token, ("point", "beta"));

        var rows = (await admin.RunAsync("audit list", Token)).Rows().Where(row => row.GetProperty("operator").GetString() == "otto").ToList();
        rows.Select(row => string.Join('|', new[] { "operation", "stage", "request", "before", "after" }.Select(name => row.GetProperty(name).ToString()))).ShouldBe(
        [
            "sync point pause|begun|point=beta reason=repairs||", "sync point pause|done|point=beta reason=repairs|as configured|paused",
            "sync point enable|begun|point=beta||", "sync point enable|refused|point=beta||The sync point 'beta' is paused: use 'sync point resume'.",
            "sync point resume|begun|point=beta||", "sync point resume|done|point=beta|paused|as configured",
        ]);
        rows.ShouldAllBe(row => row.GetProperty("origin").GetString() == "127.0.0.1" && row.GetProperty("node").GetString() == "node1" && row.GetProperty("at").GetDateTimeOffset() > begun);
        (await otto.RunAsync("audit verify", Token)).Fact("audit").ShouldBe("the chain is whole");
    }

    [Fact(Timeout = 600_000)]
    public async Task An_audit_that_was_tampered_with_is_told()
    {
        await using var node = await TestNode.StartAsync(NoTargets, Token);
        using var admin = OperatorClient.First(node);
        using var vera = await admin.MakeAsync(node, "vera", "viewer", Token);
        var head = (await vera.RunAsync("audit verify", Token)).Fact("head");
        await vera.RunAsync("audit verify", Token, ("head", head));

        await TamperAsync(node, "UPDATE audit SET operator = 'vera' WHERE number = 2");
        (await vera.RefusedAsync(HttpStatusCode.Conflict, "audit verify", Token)).ShouldContain("the chain breaks at record 2");
        await TamperAsync(node, "DELETE FROM audit WHERE number >= 2");
        await vera.RunAsync("audit verify", Token);
        (await vera.RefusedAsync(HttpStatusCode.Conflict, "audit verify", Token, ("head", head))).ShouldContain("removed from its end");
        node.Log.All.ShouldContain(line => line.Contains(head, StringComparison.Ordinal), "the node's log has the heads, so that a cut can be proven");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_taken_address_does_not_keep_the_node_from_its_work()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await using var node = await TestNode.StartAsync(NoTargets, Token);
        var file = Path.Combine(node.Folder, "node.json");
        var text = await File.ReadAllTextAsync(file, Token);
        await File.WriteAllTextAsync(file, text.Replace("\"admin\":{\"listen\":[\"127.0.0.1:0\"]}", $"\"admin\":{{\"listen\":[\"127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}\"]}}", StringComparison.Ordinal), Token);

        await node.RestartAsync(NoTargets, null, Token);

        node.Server.AdminAddresses.ShouldBeEmpty();
        node.Log.All.ShouldContain(line => line.Contains("Operators cannot be listened to", StringComparison.Ordinal));
        (await node.FetchConfigurationAsync(Token)).Cluster.ShouldBe(TestNode.Cluster);
    }

    private static async Task TamperAsync(TestNode node, string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(node.Folder, "data", "node.db")};Pooling=False");
        await connection.OpenAsync(Token);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        (await command.ExecuteNonQueryAsync(Token)).ShouldBeGreaterThan(0);
    }
}
