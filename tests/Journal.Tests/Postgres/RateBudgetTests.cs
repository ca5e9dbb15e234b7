using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Postgres;

/// <summary>The buckets over all nodes: one statement in one round trip, which reckons as <see cref="RateRule"/> does.</summary>
public sealed class RateBudgetTests(LabServers servers) : IAsyncLifetime
{
    private const int Takings = 20;

    private readonly string schema = $"t{Guid.NewGuid():N}";
    private PostgresServer server = null!;
    private PostgresRelay relay = null!;
    private PostgresStore store = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        server = await servers.PostgresAsync(Token);
        relay = new PostgresRelay(server.Port) { DropsNotifications = true };
        relay.Start();
        store = await OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await relay.DisposeAsync();
    }

    [Fact(Timeout = 600_000)]
    public async Task Permits_are_taken_in_one_round_trip()
    {
        var rule = new RateRule(1_000, TimeSpan.FromHours(10));
        (await store.Rates.TakeAsync("mail", rule, wanted: 1, Token)).Permits.ShouldBe(1);
        var before = relay.RoundTrips;

        for (var taking = 0; taking < Takings; taking++) (await store.Rates.TakeAsync("mail", rule, wanted: 3, Token)).ShouldBe(new RateGrant(3, TimeSpan.Zero));

        (relay.RoundTrips - before).ShouldBe(Takings);
        (await HeldAsync("mail")).ShouldBeInRange(1_000 - 1 - (3 * Takings), 1_000 - 1 - (3 * Takings) + 1);
    }

    [Theory(Timeout = 600_000)]
    [InlineData(0, 6, 10, 10)]
    [InlineData(7.5, 0, 10, 10)]
    [InlineData(7.5, 6, 3, 3)]
    [InlineData(0.5, 0, 10, 10)]
    [InlineData(58, 600, 100, 100)]
    [InlineData(0.25, -600, 5, 5)]
    [InlineData(30, -600, 5, 5)]
    [InlineData(58, 600, 100, 1)]
    [InlineData(58, 600, 100, 0)]
    [InlineData(7.5, 0, 10, 0)]
    [InlineData(6.5, 0, 10, 0)]
    [InlineData(6.5, 0, 10, 1)]
    [InlineData(1.5, 0, 10, 3)]
    [InlineData(0.5, 0, 10, 0)]
    public async Task What_is_given_and_kept_is_what_the_rule_says(double held, double hoursAgo, int wanted, int urgent)
    {
        var (rule, name) = (new RateRule(60, TimeSpan.FromHours(60)), $"{held} {hoursAgo} {wanted} {urgent}");
        await server.RunSqlAsync(string.Create(CultureInfo.InvariantCulture, $"INSERT INTO {schema}.rate_bucket VALUES ('{name}', {held}, clock_timestamp() - interval '{hoursAgo} hours')"), Token);
        var expected = rule.Fill(held, TimeSpan.FromHours(hoursAgo));
        var asked = TimeProvider.System.GetTimestamp();

        var grant = await store.Rates.TakeAsync(name, rule, wanted, urgent, Token);

        // One permit an hour: what fills up while the test runs is little.
        var more = rule.Fill(expected, TimeProvider.System.GetElapsedTime(asked) + TimeSpan.FromMinutes(1)) - expected;
        grant.Permits.ShouldBe(rule.Grant(expected, wanted, urgent).Permits);
        grant.Wait.ShouldBeInRange(rule.Grant(expected + more, wanted, urgent).Wait, rule.Grant(expected, wanted, urgent).Wait);
        (await HeldAsync(name)).ShouldBeInRange(expected - grant.Permits, expected - grant.Permits + more);
        (await server.RunSqlAsync($"SELECT clock_timestamp() - at BETWEEN interval '0' AND interval '10 minutes' FROM {schema}.rate_bucket WHERE name = '{name}'", Token)).ShouldBe("t");
    }

    [Fact(Timeout = 600_000)]
    public async Task Of_many_nodes_that_ask_at_once_also_the_first_time_all_together_get_what_there_is()
    {
        var rule = new RateRule(100, TimeSpan.FromDays(1_000));
        await using var other = await OpenAsync();
        foreach (var bucket in Enumerable.Range(0, 5).Select(number => $"bucket {number}"))
        {
            var grants = await Task.WhenAll(Enumerable.Range(0, 60).Select(number => Task.Run(async () => await (number % 2 == 0 ? store : other).Rates.TakeAsync(bucket, rule, wanted: 2, Token))));

            grants.Sum(grant => grant.Permits).ShouldBe(100);
            (await HeldAsync(bucket)).ShouldBeInRange(0, 0.01);
        }
    }

    private async Task<double> HeldAsync(string bucket) =>
        double.Parse(await server.RunSqlAsync($"SELECT held FROM {schema}.rate_bucket WHERE name = '{bucket}'", Token), CultureInfo.InvariantCulture);

    // Its housekeeping sleeps: it would be counted.
    private Task<PostgresStore> OpenAsync() => PostgresStore.OpenAsync(
        new PostgresStoreOptions
        {
            ConnectionString = string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={relay.Port};Database={PostgresServer.Database};Username={PostgresServer.Administrator}"),
            Password = _ => ValueTask.FromResult(PostgresServer.AdministratorPassword),
            Schema = schema,
            NodeName = "node-1",
            MaintenanceInterval = TimeSpan.FromDays(1),
        }.Patient(),
        TimeProvider.System,
        NullLoggerFactory.Instance,
        Token);
}
