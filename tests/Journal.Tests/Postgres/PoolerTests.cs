using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres;
using PasswordSync.Journal.Tests.Conformance;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Postgres;

/// <summary>A real PgBouncer between nodes and the server: in transaction mode it is found out before anything is made, in session mode nothing is missing.</summary>
public sealed class PoolerTests(LabServers servers)
{
    private const int Openings = 5;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory(Timeout = 600_000)]
    [InlineData("the last one used first", 0, "server_round_robin = 0")]
    [InlineData("the last one used first, of many", 9, "server_round_robin = 0")]
    [InlineData("one after the other", 0, "server_round_robin = 1")]
    [InlineData("one after the other, of many", 9, "server_round_robin = 1")]
    [InlineData("one after the other, of as many as are opened", 3, "server_round_robin = 1")]
    [InlineData("a single one", 0, "default_pool_size = 1")]
    public async Task Pooler_in_transaction_mode_is_refused_at_each_opening_and_nothing_is_made(string order, int busy, string setting)
    {
        var server = await servers.PostgresAsync(Token);
        await using var pooler = await PgBouncerServer.StartAsync(server, "transaction", [setting], Token);
        await UseAsync(pooler, busy);
        var schema = $"t{Guid.NewGuid():N}";
        for (var opening = 0; opening < Openings; opening++)
        {
            var refused = await Should.ThrowAsync<StoreRefusedException>(() => OpenAsync(pooler.ConnectionStringWithoutPassword, schema), order);

            refused.Refusal.ShouldBe(StoreRefusal.SharedSessions);
            refused.Message.ShouldContain("is a connection pooler in transaction mode: ");
            refused.Message.ShouldContain("set the pooler to session mode (PgBouncer: pool_mode = session), or name the server itself");
        }

        (await server.RunSqlAsync($"SELECT to_regnamespace('{schema}') IS NULL AND to_regclass('public.schema_migration') IS NULL", Token)).ShouldBe("t");
    }

    [Fact(Timeout = 600_000)]
    public async Task Pooler_in_transaction_mode_whose_sessions_forget_their_settings_is_refused_too()
    {
        await using var pooler = await PgBouncerServer.StartAsync(await servers.PostgresAsync(Token), "transaction", ["default_pool_size = 1", "server_reset_query_always = 1"], Token);

        (await Should.ThrowAsync<StoreRefusedException>(() => OpenAsync(pooler.ConnectionStringWithoutPassword, $"t{Guid.NewGuid():N}"))).Refusal.ShouldBe(StoreRefusal.SharedSessions);
    }

    [Fact(Timeout = 600_000)]
    public async Task Pooler_in_session_mode_is_taken_at_each_opening_and_nodes_hear_of_arrivals_through_it()
    {
        var server = await servers.PostgresAsync(Token);
        await using var pooler = await PgBouncerServer.StartAsync(server, "session", [], Token);
        var schema = $"t{Guid.NewGuid():N}";
        for (var opening = 0; opening < Openings; opening++) await (await OpenAsync(pooler.ConnectionStringWithoutPassword, schema)).DisposeAsync();
        await using var a = await OpenAsync(pooler.ConnectionStringWithoutPassword, schema, "a");
        await using var b = await OpenAsync(pooler.ConnectionStringWithoutPassword, schema, "b");

        await AcceptUntilAsync(a, b.Inbox.WaitForArrivalsAsync(Patience.Bound, Token));
        await a.Leases.KeepAsync(new NodeId("a", Guid.NewGuid()), isLeaving: false, Token);
        (await server.RunSqlAsync($"SELECT count(*) > 0 FROM pg_stat_activity JOIN {schema}.node ON application_name = sessions WHERE name = 'a'", Token)).ShouldBe("t", "whoever takes over from it can end its sessions");
    }

    [Fact(Timeout = 600_000)]
    public async Task Where_notifications_are_dropped_arrivals_are_there_for_whoever_looks()
    {
        await using var pooler = await PgBouncerServer.StartAsync(await servers.PostgresAsync(Token), "session", [], Token);
        await using var relay = new PostgresRelay(pooler.Port) { DropsNotifications = true };
        relay.Start();
        var schema = $"t{Guid.NewGuid():N}";
        await using var a = await OpenAsync(Through(relay, pooler), schema, "a");
        await using var b = await OpenAsync(Through(relay, pooler), schema, "b");
        var woken = b.Inbox.WaitForArrivalsAsync(Patience.Bound, Token);

        await Eventually.HoldsAsync("dropped notifications", Patience.Bound, async _ =>
        {
            await a.Inbox.AcceptAsync([Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), 1))], Token);
            return relay.Dropped > 1;
        }, Token);

        woken.IsCompleted.ShouldBeFalse("it was told nothing");
        (await b.Inbox.ReadAsync([.. Enumerable.Range(0, 256)], ImmutableHashSet<long>.Empty, limit: 1, Token)).ShouldHaveSingleItem();
    }

    // A notification of before b listened may have been one too early: what comes later is heard.
    private static Task<TimeSpan> AcceptUntilAsync(PostgresStore from, Task woken) => Eventually.HoldsAsync("a notification", Patience.Bound, async _ =>
    {
        await from.Inbox.AcceptAsync([Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), 1))], Token);
        return woken.IsCompletedSuccessfully;
    }, Token);

    // Leaves so many idle sessions of the server behind the pooler.
    private static async Task UseAsync(PgBouncerServer pooler, int sessions)
    {
        await using var source = NpgsqlDataSource.Create($"{pooler.ConnectionStringWithoutPassword};Password={PostgresServer.AdministratorPassword};No Reset On Close=true");
        var held = await Task.WhenAll(Enumerable.Range(0, sessions).Select(async _ =>
        {
            var connection = await source.OpenConnectionAsync(Token);
            return (connection, transaction: await connection.BeginTransactionAsync(Token));
        }));
        foreach (var (connection, _) in held)
        {
            await using var command = new NpgsqlCommand("SELECT pg_backend_pid()", connection);
            await command.ExecuteScalarAsync(Token);
        }

        foreach (var (connection, transaction) in held)
        {
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }
    }

    private static string Through(PostgresRelay relay, PgBouncerServer pooler) => pooler.ConnectionStringWithoutPassword.Replace(
        string.Create(CultureInfo.InvariantCulture, $"Port={pooler.Port}"), string.Create(CultureInfo.InvariantCulture, $"Port={relay.Port}"), StringComparison.Ordinal);

    private static Task<PostgresStore> OpenAsync(string connection, string schema, string node = "node-1") => PostgresStore.OpenAsync(
        new PostgresStoreOptions { ConnectionString = connection, Password = _ => ValueTask.FromResult(PostgresServer.AdministratorPassword), Schema = schema, NodeName = node }.Patient(),
        TimeProvider.System,
        NullLoggerFactory.Instance,
        Token);
}
