using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Postgres;

/// <summary>A connection string with several servers: the one that accepts writes is found, wherever it stands, and kept.</summary>
public sealed class HostsTests(LabServers servers)
{
    private const int Rounds = 40;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Server_that_is_silent_is_asked_once_and_not_again_while_another_one_works()
    {
        await using var silent = new SilentTcpServer();
        var server = await servers.PostgresAsync(Token);
        await using var store = await OpenAsync(silent.EndPoint.Port, server.Port);
        var node = new NodeId("node-1", Guid.NewGuid());
        await store.Leases.KeepAsync(node, isLeaving: false, Token);
        await store.CountOpenWorkAsync(Token);
        var asked = await silent.CountAsync(Token);

        // Longer than any server's state would be remembered by a driver that looks again each second.
        using var rhythm = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (var round = 0; round < Rounds && await rhythm.WaitForNextTickAsync(Token); round++)
        {
            (await store.Leases.KeepAsync(node, isLeaving: false, Token)).Shards.Count.ShouldBe(256);
            await store.CountOpenWorkAsync(Token);
        }

        (await silent.CountAsync(Token)).ShouldBe(asked);
    }

    [Fact(Timeout = 600_000)]
    public async Task Standby_is_passed_over_and_alone_refused_in_words()
    {
        await using var primary = await PostgresServer.StartAsync([], Token);
        await using var standby = await primary.StartStandbyAsync("second", Token);

        var refused = await Should.ThrowAsync<StorageUnavailableException>(() => OpenAsync(standby.Port));
        refused.Message.ShouldContain("it does not accept writes, as a standby does; name all hosts of the cluster");

        await using var store = await OpenAsync(standby.Port, primary.Port);
        (await store.Leases.KeepAsync(new NodeId("node-1", Guid.NewGuid()), isLeaving: false, Token)).Shards.Count.ShouldBe(256);
    }

    [Fact(Timeout = 600_000)]
    public async Task Server_that_refuses_the_password_is_told_of_and_another_that_is_away_is_still_worth_waiting_for()
    {
        var server = await servers.PostgresAsync(Token);
        foreach (int[] ports in (int[][])[[1, server.Port], [server.Port, 1]])
        {
            var away = await Should.ThrowAsync<StorageUnavailableException>(() => OpenAsync("wrong", ports));
            away.Message.ShouldContain("of one of its servers, it refused the password; look at the reference of the password and the role (PostgreSQL 28P01");
            away.Message.ShouldContain("and of another, ");
        }

        // Where every server refuses it, none is waited for.
        (await Should.ThrowAsync<StoreRefusedException>(() => OpenAsync("wrong", server.Port, server.Port))).Refusal.ShouldBe(StoreRefusal.NoAccess);
    }

    private static Task<PostgresStore> OpenAsync(params int[] ports) => OpenAsync(PostgresServer.AdministratorPassword, ports);

    private static Task<PostgresStore> OpenAsync(string password, params int[] ports) => PostgresStore.OpenAsync(
        new PostgresStoreOptions
        {
            ConnectionString = string.Create(CultureInfo.InvariantCulture, $"Host={string.Join(',', ports.Select(port => $"127.0.0.1:{port}"))};Database={PostgresServer.Database};Username={PostgresServer.Administrator}"),
            Password = _ => ValueTask.FromResult(password),
            Schema = $"t{Guid.NewGuid():N}",
            NodeName = "node-1",
        }.Patient(),
        TimeProvider.System,
        NullLoggerFactory.Instance,
        Token);
}
