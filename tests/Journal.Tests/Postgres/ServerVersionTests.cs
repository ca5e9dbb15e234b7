using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres;
using PasswordSync.Journal.Postgres.Engine;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Postgres;

/// <summary>A server that says that it is too old is refused before it is asked for anything.</summary>
public sealed class ServerVersionTests(LabServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("9.6.24", false)]
    [InlineData("13.22 (Debian 13.22-1.pgdg120+1)", false)]
    [InlineData("", false)]
    [InlineData("14.0", true)]
    [InlineData("15.4 (Debian 15.4-1)", true)]
    [InlineData("18beta1", true)]
    [InlineData("19devel", true)]
    public void Version_14_and_newer_will_do(string told, bool isGood) => (ServerVersion.FindFault(told) is null).ShouldBe(isGood);

    [Theory(Timeout = 600_000)]
    [InlineData("9.6.24", "9.6.24")]
    [InlineData("13.22 (Debian 13.22-1.pgdg120+1)", "13.22")]
    public async Task Server_that_tells_an_older_version_is_refused_by_name_at_the_opening_and_where_its_clock_is_asked(string told, string version)
    {
        var server = await servers.PostgresAsync(Token);
        await using var relay = new PostgresRelay(server.Port) { TellsVersion = told };
        relay.Start();
        var options = Options(relay.Port);

        var refused = await Should.ThrowAsync<StoreRefusedException>(() => OpenAsync(options));
        var asked = await Should.ThrowAsync<StoreRefusedException>(() => PostgresStore.ReadClockAsync(options with { Clock = new DatabaseClock(TimeProvider.System) }, Token));

        (refused.Refusal, asked.Refusal).ShouldBe((StoreRefusal.OldServer, StoreRefusal.OldServer));
        refused.Message.ShouldContain($"it runs on PostgreSQL {version}: use 14 or newer.");
        (await server.RunSqlAsync($"SELECT to_regnamespace('{options.Schema}') IS NULL", Token)).ShouldBe("t");
    }

    [Fact(Timeout = 600_000)]
    public async Task Node_that_comes_upon_an_older_server_while_it_runs_waits_for_another_one()
    {
        var server = await servers.PostgresAsync(Token);
        await using var young = new PostgresRelay(server.Port);
        young.Start();
        var options = Options(young.Port);
        await using var store = await OpenAsync(options);
        await store.CountOpenWorkAsync(Token);
        young.TellsVersion = "13.22";
        young.Break();

        StorageUnavailableException? trouble = null;
        await Eventually.HoldsAsync("a new connection", Patience.Bound, async token =>
        {
            trouble = await Should.ThrowAsync<StorageUnavailableException>(store.CountOpenWorkAsync(token).AsTask());
            return trouble.InnerException is OldServerException;
        }, Token);

        trouble!.Message.ShouldContain("it runs on PostgreSQL 13.22: use 14 or newer.");
        young.TellsVersion = null;
        await store.CountOpenWorkAsync(Token);
    }

    private static Task<PostgresStore> OpenAsync(PostgresStoreOptions options) => PostgresStore.OpenAsync(options, TimeProvider.System, NullLoggerFactory.Instance, Token);

    private static PostgresStoreOptions Options(int port) => new PostgresStoreOptions
    {
        ConnectionString = string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={port};Database={PostgresServer.Database};Username={PostgresServer.Administrator}"),
        Password = _ => ValueTask.FromResult(PostgresServer.AdministratorPassword),
        Schema = $"t{Guid.NewGuid():N}",
        NodeName = "node-1",
    }.Patient();
}
