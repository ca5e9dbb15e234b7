using System.Collections.Immutable;
using System.Globalization;
using Npgsql;
using PasswordSync.Journal.Tests.Conformance;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Postgres;

/// <summary>Arrivals whose numbers were given in another order than their transactions ended: rows are taken by what remains, not behind a number that was seen.</summary>
public sealed class LateCommitTests(LabServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Arrival_with_a_lower_number_that_is_committed_after_a_higher_one_was_decided_is_still_there()
    {
        await using var subject = await PostgresStoreUnderTest.OpenAsync(servers);
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), version: 1))], Token);
        var first = (await worker.InboxAsync()).ShouldHaveSingleItem();

        // Another node that is slow with its commit: its row is the first one's, with a number of its own.
        var password = new NpgsqlConnectionStringBuilder(subject.Server.ConnectionStringWithoutPassword) { Password = PostgresServer.AdministratorPassword, SearchPath = subject.Schema, Pooling = false };
        await using var slow = new NpgsqlConnection(password.ConnectionString);
        await slow.OpenAsync(Token);
        await using var transaction = await slow.BeginTransactionAsync(Token);
        const string columns = "shard_id, identity_id, source, object_guid, capture_id, kind, body, at";
        await using var insert = new NpgsqlCommand(string.Create(CultureInfo.InvariantCulture, $"INSERT INTO inbox ({columns}) SELECT {columns} FROM inbox WHERE seq = {first.Sequence} RETURNING seq"), slow, transaction);
        var lower = (long)(await insert.ExecuteScalarAsync(Token))!;

        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), version: 1))], Token);
        var taken = await worker.InboxAsync();
        taken.Length.ShouldBe(2);
        var higher = taken.Single(row => row.Sequence != first.Sequence);
        higher.Sequence.ShouldBeGreaterThan(lower);
        await worker.DecideAsync(higher);
        (await ReadBesideAsync()).ShouldBeEmpty();

        await transaction.CommitAsync(Token);

        (await ReadBesideAsync()).ShouldHaveSingleItem().Sequence.ShouldBe(lower);

        // As the pump asks, which has the first one in work.
        async Task<ImmutableArray<Core.Ports.InboxRow>> ReadBesideAsync() =>
            await subject.Store.Inbox.ReadAsync([.. worker.Lease.Shards.Keys], ImmutableHashSet.Create(first.Sequence), limit: 1_000, Token);
    }
}
