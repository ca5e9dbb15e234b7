using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres;
using PasswordSync.Journal.Tests.Conformance;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Postgres;

/// <summary>A real primary with a real standby: what counts as committed (I1), and how the store sees whether it is.</summary>
public sealed class ReplicationTests
{
    private const string Standby = "second";

    /// <summary>How long a store waits that waits in vain.</summary>
    private static readonly TimeSpan InVain = TimeSpan.FromSeconds(10);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Synchronous_standby_is_told_from_one_that_follows_behind_one_that_is_gone_and_none()
    {
        await using var primary = await PostgresServer.StartAsync([], Token);
        await using var store = await OpenAsync(primary);
        (await store.Replication!.LookAsync(Token)).ShouldBeOfType<ReplicationFinding.Alone>().Standbys.ShouldBe(0);
        await using var standby = await primary.StartStandbyAsync(Standby, Token);

        var behind = (await store.Replication.LookAsync(Token)).ShouldBeOfType<ReplicationFinding.Alone>();
        behind.Standbys.ShouldBe(1);
        behind.Reason.ShouldStartWith("synchronous_standby_names of the database server is empty");

        await primary.WaitForStandbyAsync(Standby, Token);
        await Eventually.HoldsAsync("the standby to be told as synchronous", Patience.Bound, async token => await store.Replication.LookAsync(token) == new ReplicationFinding.Synchronous(1), Token);

        await standby.KillAsync(Token);
        await Eventually.HoldsAsync("the loss of the standby to be seen", Patience.Bound, async token => await store.Replication.LookAsync(token) is ReplicationFinding.Waiting, Token);

        await standby.StartAsync(Token);
        await Eventually.HoldsAsync("the standby to be seen again", Patience.Bound, async token => await store.Replication.LookAsync(token) is ReplicationFinding.Synchronous, Token);
    }

    [Fact(Timeout = 600_000)]
    public async Task I1_What_only_the_primary_has_is_not_acknowledged_not_even_when_the_edge_asks_again()
    {
        await using var primary = await PostgresServer.StartAsync([], Token);
        await using var standby = await primary.StartStandbyAsync(Standby, Token);
        await primary.WaitForStandbyAsync(Standby, Token);
        await using var store = await OpenAsync(primary);

        // Its first statements, which it must not wait for in vain, before the standby stands still.
        await using var hasty = await OpenAsync(primary, InVain);
        (await hasty.Inbox.FindKnownAsync([Samples.NewCapture()], Token)).ShouldBeEmpty();
        var kept = Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), 1));
        (await store.Inbox.AcceptAsync([kept], Token)).ShouldBe([AcceptResult.Accepted]);
        standby.Freeze();
        var arrival = Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), 1));

        await Should.ThrowAsync<StorageUnavailableException>(async () => await hasty.Inbox.AcceptAsync([arrival], Token));
        await Eventually.HoldsAsync(
            "the primary to show it to everybody, though no standby has it", Patience.Bound,
            async token => await primary.RunSqlAsync($"SELECT count(*) FROM passwordsync.accepted WHERE capture_id = '{arrival.Id.Value}'", token) == "1", Token);
        await Task.WhenAll(
            Should.ThrowAsync<StorageUnavailableException>(async () => await hasty.Inbox.AcceptAsync([arrival], Token)),
            Should.ThrowAsync<StorageUnavailableException>(async () => await hasty.Inbox.FindKnownAsync([arrival.Id], Token)));

        standby.Thaw();
        (await store.Inbox.AcceptAsync([arrival], Token)).ShouldBe([AcceptResult.AlreadyHave]);
        await primary.KillAsync(Token);
        await standby.PromoteAsync(Token);
        (await standby.RunSqlAsync("SELECT count(*) FROM passwordsync.accepted", Token)).ShouldBe("2", "what was acknowledged is there after the fail-over");
    }

    [Theory]
    [InlineData("", "on", "on", 0, 0, 0, "synchronous_standby_names of the database server is empty")]
    [InlineData("a", "local", "on", 1, 1, 0, "synchronous_commit is local")]
    [InlineData("a", "remote_write", "on", 1, 1, 0, "synchronous_commit is remote_write")]
    [InlineData("a", "on", "off", 1, 1, 0, "fsync of the database server is off")]
    public void Settings_that_let_one_server_confirm_alone_are_named(string names, string commit, string fsync, int connected, int synchronous, int hidden, string says) =>
        PostgresReplication.Judge(names, commit, fsync, connected, synchronous, hidden).ShouldBeOfType<ReplicationFinding.Alone>().Reason.ShouldStartWith(says);

    [Fact]
    public void A_role_that_may_not_see_how_standbys_replicate_goes_by_the_settings() =>
        PostgresReplication.Judge("a", "on", "on", connected: 1, synchronous: 0, hidden: 1).ShouldBe(new ReplicationFinding.Synchronous(1));

    private static Task<PostgresStore> OpenAsync(PostgresServer server, TimeSpan? commandTimeout = null) => PostgresStore.OpenAsync(
        new PostgresStoreOptions
        {
            ConnectionString = server.ConnectionStringWithoutPassword,
            Password = _ => ValueTask.FromResult(PostgresServer.AdministratorPassword),
            NodeName = "node-1",
        }.Patient() with
        { CommandTimeout = commandTimeout ?? Patience.Bound },
        TimeProvider.System,
        NullLoggerFactory.Instance,
        Token);
}
