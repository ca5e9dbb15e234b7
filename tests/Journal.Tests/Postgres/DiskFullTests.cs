using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres;
using PasswordSync.Journal.Tests.Conformance;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Postgres;

/// <summary>A real server whose disk for the tables is full (a small one in memory, in the server's own mount namespace).</summary>
public sealed class DiskFullTests
{
    private const int BatchesMax = 200;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task I1_Intake_says_try_again_while_the_servers_disk_is_full_and_goes_on_by_itself_when_there_is_space()
    {
        await using var server = await PostgresServer.StartOnSmallDiskAsync("32m", Token);
        await using var store = await PostgresStore.OpenAsync(
            new PostgresStoreOptions
            {
                ConnectionString = server.ConnectionStringWithoutPassword,
                Password = _ => ValueTask.FromResult(PostgresServer.AdministratorPassword),
                NodeName = "node-1",
            }.Patient(),
            TimeProvider.System,
            NullLoggerFactory.Instance,
            Token);
        var taken = 0;
        Arrival[] refused = [];
        server.FillSmallDisk();

        var trouble = await Should.ThrowAsync<StorageUnavailableException>(async () =>
        {
            for (var batch = 0; batch < BatchesMax; batch++)
            {
                refused = [.. Enumerable.Range(0, 100).Select(_ => Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), 1)))];
                taken += (await store.Inbox.AcceptAsync(refused, Token)).Length;
            }
        });
        trouble.Message.ShouldContain("its disk is full; free some space there");
        server.EmptySmallDisk();

        (await store.Inbox.AcceptAsync(refused, Token)).ShouldAllBe(answer => answer == AcceptResult.Accepted, "nothing of what was refused had been written");
        (await store.CountOpenWorkAsync(Token)).UndecidedArrivals.ShouldBe(taken + refused.Length);
    }
}
