using System.Globalization;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Intake;
using PasswordSync.Journal;
using PasswordSync.Lab;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests;

/// <summary>Whole nodes with a real PgBouncer between them and PostgreSQL.</summary>
public sealed class Nodes_behind_a_pooler_tests : IAsyncLifetime
{
    private const int Users = 24;

    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(5);

    private PostgresServer server = null!;
    private string passwordFile = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        server = await PostgresServer.StartAsync(["fsync = off"], Token);
        passwordFile = Path.Combine(server.Folder, "database-password");
        await File.WriteAllTextAsync(passwordFile, PostgresServer.AdministratorPassword, Token);
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact(Timeout = 600_000)]
    public async Task A_node_does_not_start_behind_a_pooler_in_transaction_mode_and_says_what_to_change()
    {
        await using var pooler = await PgBouncerServer.StartAsync(server, "transaction", [], Token);

        var refused = await Should.ThrowAsync<StoreRefusedException>(() => TestNode.StartAsync(new Dictionary<string, MemoryTarget>(), Token, database: DatabaseAt(pooler.ConnectionStringWithoutPassword)));

        refused.Message.ShouldContain("is a connection pooler in transaction mode");
        refused.Message.ShouldContain("pool_mode = session");
    }

    [Fact(Timeout = 600_000)]
    public async Task Captures_that_one_node_takes_are_delivered_by_both_through_a_pooler_in_session_mode_that_drops_notifications()
    {
        await using var pooler = await PgBouncerServer.StartAsync(server, "session", [], Token);
        await using var relay = new PostgresRelay(pooler.Port) { DropsNotifications = true };
        relay.Start();
        using var beta = new MemoryTarget();
        var users = Enumerable.Range(0, Users).Select(number => string.Create(CultureInfo.InvariantCulture, $"user{number}")).ToList();
        foreach (var user in users) beta.Add(user);
        var targets = new Dictionary<string, MemoryTarget> { ["beta"] = beta };
        var connection = string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={relay.Port};Database={PostgresServer.Database};Username={PostgresServer.Administrator}");
        await using var north = await TestNode.StartAsync(targets, Token, database: DatabaseAt(connection));
        await using var south = await north.JoinAsync("south", targets, Token);
        await Eventually.HoldsAsync("equal shares", Bound, async token =>
            await server.RunSqlAsync("SELECT string_agg(shards::text, ' ') FROM (SELECT count(*) AS shards FROM passwordsync.shard WHERE owner IS NOT NULL GROUP BY owner) AS owned", token) == "128 128", Token);

        var captures = await Task.WhenAll(users.Select(user => north.CaptureAsync(user, "After.2026!", 7, Token)));
        (await north.SendAsync(Token, [.. captures])).Captures.ShouldAllBe(answer => answer.Kind == AnswerKind.Accepted);
        await Eventually.HoldsAsync("everybody's password", Bound, _ => Task.FromResult(users.All(user => beta.SignIn(user, "After.2026!"))), Token);

        relay.Dropped.ShouldBeGreaterThan(0, "there were notifications, and nobody heard them");
        foreach (var node in new[] { north, south }) node.Events.Count(entry => entry.Event is IdentityEvent.CaptureAccepted).ShouldBeGreaterThan(0, "its own shards' people");
    }

    private object DatabaseAt(string connection) => new { kind = "postgres", connection, password = $"file:{passwordFile}" };
}
