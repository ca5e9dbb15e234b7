using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres;
using PasswordSync.Journal.Tests.Sqlite;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Postgres;

/// <summary>The time that nodes share: the database's, whatever their machines' clocks say.</summary>
public sealed class DatabaseClockTests(LabServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Clock_of_a_node_is_the_databases_from_the_opening_and_with_each_look_again()
    {
        var server = await servers.PostgresAsync(Token);
        var machine = new ManualClock(DateTimeOffset.UtcNow - TimeSpan.FromMinutes(30));
        var clock = new DatabaseClock(machine);
        clock.GetUtcNow().ShouldBe(machine.GetUtcNow(), "nobody knows better yet");
        var began = DateTimeOffset.UtcNow;
        await using var store = await PostgresStore.OpenAsync(Options(server, clock), clock, NullLoggerFactory.Instance, Token);
        ShouldBeRight(clock, began);

        // The machine's own time stands still in this test, as far as it knows: each look must bring the database's.
        var node = new NodeId("a", Guid.NewGuid());
        foreach (var wrong in new[] { TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(-10), TimeSpan.FromDays(400) })
        {
            machine.Suspend(wrong);
            began = DateTimeOffset.UtcNow;
            await store.Leases.KeepAsync(node, isLeaving: false, Token);
            ShouldBeRight(clock, began);
        }
    }

    [Fact]
    public void Clock_goes_on_by_elapsed_time_when_the_machines_time_is_set()
    {
        var machine = new ManualClock();
        var clock = new DatabaseClock(machine);
        var database = machine.GetUtcNow() + TimeSpan.FromMinutes(50);
        clock.Correct(database, machine.GetTimestamp());
        machine.Suspend(TimeSpan.FromMinutes(-10));
        machine.Advance(TimeSpan.FromSeconds(7));
        clock.GetUtcNow().ShouldBe(database + TimeSpan.FromSeconds(7));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(3, 1)]
    [InlineData(-1, -1)]
    [InlineData(-600, -600)]
    [InlineData(600, 598)]
    public void Slow_answer_moves_the_clock_only_as_far_as_it_proves_it_wrong(int databaseBehind, int movedBack)
    {
        var machine = new ManualClock();
        var clock = new DatabaseClock(machine);
        clock.Correct(machine.GetUtcNow(), machine.GetTimestamp());
        var askedAt = machine.GetTimestamp();
        machine.Advance(TimeSpan.FromSeconds(2));
        var before = clock.GetUtcNow();

        clock.Correct(before - TimeSpan.FromSeconds(databaseBehind), askedAt);
        (before - clock.GetUtcNow()).ShouldBe(TimeSpan.FromSeconds(movedBack));
    }

    [Theory]
    [InlineData(60, true)]
    [InlineData(-60, true)]
    [InlineData(61, false)]
    [InlineData(-61, false)]
    [InlineData(60 * 24 * 30, false)]
    public void Answer_far_from_the_time_that_is_known_is_believed_only_if_the_machine_agrees(int minutesAhead, bool isBelieved)
    {
        var machine = new ManualClock();
        var clock = new DatabaseClock(machine);
        var ahead = TimeSpan.FromMinutes(minutesAhead);

        clock.Correct(machine.GetUtcNow() + ahead, machine.GetTimestamp()).ShouldBe(isBelieved, "while the database was never seen, the machine's time is what is known");
        clock.Correct(machine.GetUtcNow(), machine.GetTimestamp()).ShouldBeTrue();
        machine.Advance(TimeSpan.FromHours(3));
        var known = clock.GetUtcNow();
        clock.Correct(known + ahead, machine.GetTimestamp()).ShouldBe(isBelieved);
        if (isBelieved) return;

        machine.Advance(TimeSpan.FromSeconds(2));
        clock.GetUtcNow().ShouldBe(known + TimeSpan.FromSeconds(2), "it goes on by elapsed time");
        machine.Suspend(ahead + TimeSpan.FromMinutes(5));
        clock.Correct(clock.GetUtcNow() + ahead, machine.GetTimestamp()).ShouldBeTrue("the machine's time is set, and agrees within five minutes");
        clock.GetUtcNow().ShouldBe(known + TimeSpan.FromSeconds(2) + ahead);
    }

    [Fact(Timeout = 600_000)]
    public async Task Database_server_whose_clock_jumped_is_not_believed_and_the_log_says_so_once_until_the_machine_agrees()
    {
        var server = await servers.PostgresAsync(Token);
        var machine = new ManualClock(DateTimeOffset.UtcNow);
        var clock = new DatabaseClock(machine);
        using var log = new LoggedLines();
        await using var store = await PostgresStore.OpenAsync(Options(server, clock), clock, log, Token);
        var node = new NodeId("a", Guid.NewGuid());

        // As if the server's clock had been set back by two hours: those passed here.
        machine.Sleep(TimeSpan.FromHours(2));
        var known = clock.GetUtcNow();
        for (var look = 0; look < 3; look++) (await store.Leases.KeepAsync(node, isLeaving: false, Token)).Shards.ShouldNotBeEmpty();
        clock.GetUtcNow().ShouldBe(known);
        log.Lines.Count(line => line.Contains("it is not believed", StringComparison.Ordinal)).ShouldBe(1);

        machine.Suspend(TimeSpan.FromHours(-2));
        var began = DateTimeOffset.UtcNow;
        await store.Leases.KeepAsync(node, isLeaving: false, Token);
        ShouldBeRight(clock, began);
    }

    [Fact(Timeout = 600_000)]
    public async Task Store_is_not_opened_while_the_servers_clock_and_the_machines_are_hours_apart()
    {
        var server = await servers.PostgresAsync(Token);
        var machine = new ManualClock(DateTimeOffset.UtcNow + TimeSpan.FromHours(2));
        var options = Options(server, new DatabaseClock(machine));

        var refusal = await Should.ThrowAsync<StorageUnavailableException>(() => PostgresStore.OpenAsync(options, machine, NullLoggerFactory.Instance, Token));
        refusal.Message.ShouldContain($"this machine's {machine.GetUtcNow():u}");
        refusal.Message.ShouldContain("more than 01:00:00 apart");

        machine.Suspend(TimeSpan.FromHours(-2));
        await using var store = await PostgresStore.OpenAsync(options, machine, NullLoggerFactory.Instance, Token);
    }

    private static PostgresStoreOptions Options(PostgresServer server, DatabaseClock clock) => new PostgresStoreOptions
    {
        ConnectionString = server.ConnectionStringWithoutPassword,
        Password = _ => ValueTask.FromResult(PostgresServer.AdministratorPassword),
        Schema = $"t{Guid.NewGuid():N}",
        NodeName = "a",
        Clock = clock,
    }.Patient();

    private static void ShouldBeRight(DatabaseClock clock, DateTimeOffset began)
    {
        // The database has this machine's clock; both read it within moments.
        clock.GetUtcNow().ShouldBeGreaterThanOrEqualTo(began - TimeSpan.FromMilliseconds(1));
        clock.GetUtcNow().ShouldBeLessThanOrEqualTo(DateTimeOffset.UtcNow);
    }
}
