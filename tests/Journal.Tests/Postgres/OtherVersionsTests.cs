using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Formats;
using PasswordSync.Journal.Postgres.Engine;
using PasswordSync.Journal.Storing;
using PasswordSync.Journal.Tests.Conformance;
using PasswordSync.Journal.Tests.Formats;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Postgres;

/// <summary>What other versions wrote into the tables: the recorded journal of the released format is read, and what a later version writes beside this one is refused, not misread.</summary>
public sealed class OtherVersionsTests(LabServers servers)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Recorded_journal_of_the_released_format_is_replayed_from_the_tables()
    {
        await using var store = await PostgresStoreUnderTest.OpenAsync(servers);
        var events = KnownEvents.ByKind.Keys.SelectMany(GoldenRecords.Of).ToArray();
        var identity = new IdentityId(Guid.NewGuid());
        await WriteEventsAsync(store, identity, firstSequence: 1, events);
        var snapshots = GoldenRecords.Of("identity-state.1");
        var owners = snapshots.Select(_ => new IdentityId(Guid.NewGuid())).ToArray();
        await store.Server.RunSqlAsync(string.Concat(owners.Zip(snapshots, (owner, snapshot) => $"INSERT INTO {store.Schema}.snapshot VALUES ('{owner}', 1, 0, {Text(snapshot.Kind)}, {Text(snapshot.Body)});\n")), Token);

        var read = new List<Core.Decisions.IdentityEvent>();
        await foreach (var journalled in store.Postgres.Journal.ReadEventsAsync(identity, 1, Token)) read.Add(journalled.Event);
        var states = await Task.WhenAll(owners.Select(owner => store.Postgres.Journal.LoadAsync(owner, Token).AsTask()));

        read.ShouldBe(KnownEvents.ByKind.Values.SelectMany(known => known));
        states.ShouldBeEquivalentTo(KnownStates.All.ToArray());
    }

    [Fact(Timeout = 600_000)]
    public async Task Recorded_arrivals_are_read_and_one_of_a_later_version_stays_for_a_node_that_knows_it()
    {
        await using var store = await PostgresStoreUnderTest.OpenAsync(servers);
        var arrivals = KnownArrivals.ByKind.Keys.SelectMany(GoldenRecords.Of).Prepend(new StoredRecord("confirmed.2", "{\"next\":true}")).ToArray();
        await WriteArrivalsAsync(store, arrivals);

        var rows = await store.Postgres.Inbox.ReadAsync([0], ImmutableHashSet<long>.Empty, limit: 100, Token);

        rows.Select(row => row.Arrival.Id).ShouldBe(KnownArrivals.ByKind.Values.SelectMany(known => known).Select(known => known.Id));
        (await store.Postgres.CountOpenWorkAsync(Token)).UndecidedArrivals.ShouldBe(arrivals.Length, "it stays in the inbox");
    }

    [Fact(Timeout = 600_000)]
    public async Task Identity_with_an_event_of_a_later_version_is_refused_and_those_loaded_with_it_are_not()
    {
        await using var store = await PostgresStoreUnderTest.OpenAsync(servers);
        var accepted = GoldenRecords.Of("capture-accepted.1")[0];
        var (known, later) = (new IdentityId(Guid.NewGuid()), new IdentityId(Guid.NewGuid()));
        await WriteEventsAsync(store, known, firstSequence: 1, accepted);
        await WriteEventsAsync(store, later, firstSequence: 1, accepted, new StoredRecord("capture-accepted.2", accepted.Body));

        var refusals = await Task.WhenAll(Enumerable.Range(0, 50).Select(async number =>
        {
            if (number % 5 != 0) return (await store.Postgres.Journal.LoadAsync(known, Token)).Sequence == 1 ? "read" : "misread";
            return (await Should.ThrowAsync<UnreadableRecordException>(async () => await store.Postgres.Journal.LoadAsync(later, Token))).Message;
        }));

        refusals.Count(refusal => refusal == "read").ShouldBe(40);
        refusals.Count(refusal => refusal.Contains("capture-accepted.2", StringComparison.Ordinal)).ShouldBe(10);
    }

    [Fact(Timeout = 600_000)]
    public async Task Tables_of_the_first_schema_are_brought_forward_with_all_that_is_in_them()
    {
        await using var store = await PostgresStoreUnderTest.OpenAsync(servers);
        await store.CloseAsync();
        await store.Server.RunSqlAsync($"DROP SCHEMA {store.Schema} CASCADE", Token);
        await using (var database = new PostgresDatabase(store.OptionsOf(new StoreSettings())))
        await using (var connection = await database.OpenAsync(Token)) await PostgresMigrations.BringAsync(connection, database, [PostgresMigrations.All[0]], new MigrationLog(NullLogger.Instance, TimeProvider.System, database.Name), Token);
        var identity = new IdentityId(Guid.NewGuid());
        await WriteEventsAsync(store, identity, firstSequence: 1, [.. KnownEvents.ByKind.Keys.SelectMany(GoldenRecords.Of)]);
        await WriteArrivalsAsync(store, [.. KnownArrivals.ByKind.Keys.SelectMany(GoldenRecords.Of)]);
        var accepted = new CaptureId(Guid.NewGuid());
        await store.Server.RunSqlAsync($"INSERT INTO {store.Schema}.accepted VALUES ('{accepted.Value}', 0, 0)", Token);

        await store.ReopenAsync(new StoreSettings());

        var read = new List<Core.Decisions.IdentityEvent>();
        await foreach (var journalled in store.Postgres.Journal.ReadEventsAsync(identity, 1, Token)) read.Add(journalled.Event);
        read.ShouldBe(KnownEvents.ByKind.Values.SelectMany(known => known));
        (await store.Server.RunSqlAsync($"SELECT count(DISTINCT event_id) FROM {store.Schema}.event", Token)).ShouldBe($"{read.Count}", "each has its number among all");
        (await store.Postgres.Inbox.ReadAsync([0], ImmutableHashSet<long>.Empty, limit: 100, Token)).Select(row => row.Arrival.Id)
            .ShouldBe(KnownArrivals.ByKind.Values.SelectMany(known => known).Select(known => known.Id));
        (await store.Postgres.Inbox.FindKnownAsync([accepted], Token)).ShouldBe([accepted]);
        var worker = await Worker.StartAsync(store.Store, Samples.Start);
        var change = Samples.ChangeOf(Samples.NewAccount(), version: 1);
        await store.Postgres.Inbox.AcceptAsync([Samples.Arrive(change)], Token);
        (await worker.DecideAsync((await worker.InboxAsync()).Single(row => row.Arrival.Id == change.CaptureId))).Result.ShouldBe(AppendResult.Appended);
    }

    private static async Task WriteArrivalsAsync(PostgresStoreUnderTest store, IEnumerable<StoredRecord> arrivals) => await store.Server.RunSqlAsync(
        string.Concat(arrivals.Select(arrival => $"INSERT INTO {store.Schema}.inbox (shard_id, identity_id, source, object_guid, capture_id, kind, body, at) VALUES (0, gen_random_uuid(), 'corp.example', gen_random_uuid(), gen_random_uuid(), {Text(arrival.Kind)}, {Text(arrival.Body)}, 0);\n")), Token);

    private static async Task WriteEventsAsync(PostgresStoreUnderTest store, IdentityId identity, int firstSequence, params StoredRecord[] events)
    {
        var sequence = firstSequence;
        await store.Server.RunSqlAsync(string.Concat(events.Select(written => $"INSERT INTO {store.Schema}.event (identity_id, seq, shard_id, kind, body, at) VALUES ('{identity}', {sequence++}, 0, {Text(written.Kind)}, {Text(written.Body)}, 0);\n")), Token);
    }

    private static string Text(string value) => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";
}
