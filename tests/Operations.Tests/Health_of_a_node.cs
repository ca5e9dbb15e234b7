using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres;
using PasswordSync.Lab;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using PasswordSync.SyncNode;
using PasswordSync.SyncNode.Admin;
using PasswordSync.SyncNode.Cluster;
using PasswordSync.SyncNode.Operations;
using PasswordSync.SyncNode.Operations.Doctor;
using PasswordSync.SyncNode.Settings;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>What <c>/health/live</c> and <c>/health/ready</c> answer, and why, when something is wrong with the node.</summary>
public sealed class Health_of_a_node(OneNode one)
{
    private const string NoShard = "The node owns no shard: it decides nothing.";
    private const string PartEnded = "A part of the node has ended: restart it; the log says what happened.";

    private static readonly IOperationsQueries Answering = PlantedQueries.Answering(_ => ValueTask.FromResult<ImmutableArray<PendingIdentity>>([]));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task A_node_of_which_a_part_has_ended_neither_lives_nor_is_ready()
    {
        var health = await HealthAsync(Answering, () => Task.CompletedTask);

        (await AskAsync(health, "live")).ShouldBe((HttpStatusCode.ServiceUnavailable, "trouble", PartEnded));
        (await AskAsync(health, "ready")).ShouldBe((HttpStatusCode.ServiceUnavailable, "trouble", PartEnded));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_whose_database_fails_lives_and_is_not_ready_with_the_databases_reason()
    {
        var health = await HealthAsync(PlantedQueries.Answering(_ => throw new StorageUnavailableException("The disk is full.", null)));

        (await AskAsync(health, "live")).ShouldBe((HttpStatusCode.OK, "ok", ""));
        (await AskAsync(health, "ready")).ShouldBe((HttpStatusCode.ServiceUnavailable, "trouble", "The database cannot be used: The disk is full."));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_whose_database_stays_silent_is_not_ready_and_whoever_asked_is_not_kept_waiting()
    {
        var health = await HealthAsync(PlantedQueries.Answering(async token =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return [];
        }));

        (await AskAsync(health, "ready")).ShouldBe((HttpStatusCode.ServiceUnavailable, "trouble", "The database did not answer within 2 s."));
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => health.ReadyAsync(gone.Token));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_with_nothing_wrong_lives_and_is_ready_also_while_it_is_put_together()
    {
        var health = await HealthAsync(Answering, () => null);

        (await AskAsync(health, "live")).ShouldBe((HttpStatusCode.OK, "ok", ""));
        (await AskAsync(health, "ready")).ShouldBe((HttpStatusCode.OK, "ok", ""));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_that_gave_its_shards_back_is_not_ready()
    {
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget>(), Token);
        await node.Server.DisposeAsync();

        (await Over(node, Answering, () => null).ReadyAsync(Token)).ShouldBe([NoShard]);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_that_is_ended_in_order_is_not_to_be_begun_anew_for_that()
    {
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget>(), Token);
        await node.Server.DisposeAsync();

        node.Server.Completion.IsCompleted.ShouldBeTrue("its parts have ended");
        node.Server.Health.Live().ShouldBeEmpty();
    }

    [Fact(Timeout = 600_000)]
    public async Task With_its_real_database_away_a_node_lives_is_not_ready_and_its_doctor_says_what_is_wrong()
    {
        await using var server = await PostgresServer.StartAsync(["fsync = off"], Token);
        var passwordFile = Path.Combine(server.Folder, "database-password");
        await File.WriteAllTextAsync(passwordFile, PostgresServer.AdministratorPassword, Token);
        var database = new { kind = "postgres", connection = server.ConnectionStringWithoutPassword, password = $"file:{passwordFile}" };
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget>(), Token, database: database);
        using var admin = OperatorClient.First(node);
        var configuration = NodeConfiguration.Read(Path.Combine(node.Folder, "node.json"));
        var options = NodeStore.PostgresOptions(configuration.Node, _ => ValueTask.FromResult(PostgresServer.AdministratorPassword)) with { NodeName = "doctor" };
        await using var store = await PostgresStore.OpenAsync(options, TimeProvider.System, NullLoggerFactory.Instance, Token);
        var checks = new StoreChecks(store, isStandbyRequired: false, TimeProvider.System);
        (await checks.RunAsync(Token)).First().ShouldSatisfyAllConditions(found => found.What.ShouldBe("database"), found => found.Found.ShouldStartWith("PostgreSQL "));

        // Nobody asked this node for anything yet: it knows its operators all the same.
        await server.KillAsync(Token);

        using var ready = await admin.GetAsync("health/ready", Token);
        ready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await ready.Content.ReadAsStringAsync(Token)).ShouldContain("The database ");
        using var live = await admin.GetAsync("health/live", Token);
        live.StatusCode.ShouldBe(HttpStatusCode.OK);

        // What changes something is not begun, for it could not be audited. The doctor is, and the log says so.
        (await admin.RefusedAsync(HttpStatusCode.ServiceUnavailable, "log level", Token, ("level", "warning"))).ShouldStartWith("It cannot be done now: ");
        var doctor = (await admin.RunAsync("doctor", Token)).Rows("checks").ToLookup(row => row.GetProperty("what").GetString()!, row => (Result: row.GetProperty("result").GetString(), Remedy: row.GetProperty("remedy").ToString()));
        doctor["database"].Single().ShouldBe(("bad", "See that the database runs and can be reached; nothing is accepted until then, and nothing is lost."));
        doctor["audit"].Single().Result.ShouldBe("bad");
        doctor["own certificate"].Single().Result.ShouldBe("good", "what needs no database is looked at all the same");
        doctor["nodes"].Single().Result.ShouldBe("not checked");
        node.Log.All.ShouldContain(line => line.Contains("asked for doctor, which could not be written into the audit", StringComparison.Ordinal));
        var away = (await checks.RunAsync(Token)).ShouldHaveSingleItem();
        (away.What, away.Word, away.Remedy).ShouldBe(("database", "bad", "See that the database runs and can be reached; nothing is accepted until then, and nothing is lost."));
    }

    private async Task<NodeHealth> HealthAsync(IOperationsQueries queries, Func<Task?>? completion = null)
    {
        // The lease is taken a moment after the node is up; without shards there is another reason.
        while (one.Node.Server.Engine.Ownership.Shards.Count == 0) await Task.Delay(Eventually.LookInterval, Token);
        return Over(one.Node, queries, completion ?? (() => new TaskCompletionSource().Task));
    }

    private static NodeHealth Over(TestNode node, IOperationsQueries queries, Func<Task?> completion) =>
        new(node.Server.Engine, queries, new ReplicationWatch(replication: null, isRequired: false, TimeProvider.System, NullLogger<ReplicationWatch>.Instance), completion);

    // As the operators' listener has the end points; nobody asks for the figures, which need a node's monitoring.
    private static async Task<(HttpStatusCode Status, string Word, string Reasons)> AskAsync(NodeHealth health, string what)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using var web = builder.Build();
        web.Urls.Add($"http://{IPAddress.Loopback}:0");
        new HealthEndpoints(health, monitoring: null!).Map(web);
        await web.StartAsync(Token);
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri(new Uri(web.Urls.Single()), $"health/{what}"), Token);
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Token));
        return (answer.StatusCode, body.RootElement.GetProperty("status").GetString()!, string.Join(' ', body.RootElement.GetProperty("reasons").EnumerateArray().Select(reason => reason.GetString())));
    }
}
