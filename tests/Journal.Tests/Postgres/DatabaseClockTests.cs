using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Postgres;

/// <summary>The time that nodes share: the database's, whatever their machines' clocks say.</summary>
public sealed class DatabaseClockTests(LabServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task Clock_of_a_node_is_the_databases_from_the_opening_and_with_each_look_again()
    {
        var server = await servers.PostgresAsync(Token);
        var machine = new ManualClock();
        var clock = new DatabaseClock(machine);
        clock.GetUtcNow().ShouldBe(machine.GetUtcNow(), "nobody knows better yet");
        var began = DateTimeOffset.UtcNow;
        var options = new PostgresStoreOptions
        {
            ConnectionString = server.ConnectionStringWithoutPassword,
            Password = _ => ValueTask.FromResult(PostgresServer.AdministratorPassword),
            Schema = $"t{Guid.NewGuid():N}",
            NodeName = "a",
            Clock = clock,
        };
        await using var store = await PostgresStore.OpenAsync(options, clock, NullLoggerFactory.Instance, Token);
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
        var database = machine.GetUtcNow() + TimeSpan.FromHours(3);
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

    private static void ShouldBeRight(DatabaseClock clock, DateTimeOffset began)
    {
        // The database has this machine's clock; both read it within moments.
        clock.GetUtcNow().ShouldBeGreaterThanOrEqualTo(began - TimeSpan.FromMilliseconds(1));
        clock.GetUtcNow().ShouldBeLessThanOrEqualTo(DateTimeOffset.UtcNow);
    }
}
