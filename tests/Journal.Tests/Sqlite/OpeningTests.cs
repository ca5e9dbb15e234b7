using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Sqlite;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Tests.Conformance;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Sqlite;

public sealed class OpeningTests
{
    [Fact]
    public async Task Second_process_is_refused_with_the_name_of_the_first_and_may_come_after_it()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        var second = subject.OptionsOf(new StoreSettings()) with { NodeName = "node-2" };

        var refused = await RefusalAsync(second);

        refused.Refusal.ShouldBe(StoreRefusal.InUse);
        refused.Message.ShouldContain("node 'node-1'");
        refused.Message.ShouldContain($"process {Environment.ProcessId}");
        await subject.CloseAsync();
        await using var store = await SqliteStore.OpenAsync(second, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
    }

    [Fact]
    public async Task Refused_opening_leaves_the_database_to_others()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        await subject.CloseAsync();
        var wrong = subject.OptionsOf(new StoreSettings()) with { ShardCount = 64 };

        var refused = await RefusalAsync(wrong);

        refused.Refusal.ShouldBe(StoreRefusal.OtherShardCount);
        refused.Message.ShouldContain("256 shards");
        refused.Message.ShouldContain("ShardCount is 64");
        await subject.ReopenAsync(new StoreSettings());
    }

    [Fact]
    public async Task Newer_schema_is_refused_and_left_alone()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        await subject.Sqlite.RunAsync($"INSERT INTO schema_migration VALUES ({Migrations.All.Count + 1}, 'of-tomorrow', 0)", CancellationToken.None);
        await subject.CloseAsync();

        var refused = await RefusalAsync(subject.OptionsOf(new StoreSettings()));

        refused.Refusal.ShouldBe(StoreRefusal.NewerSchema);
        refused.Message.ShouldContain($"schema {Migrations.All.Count + 1}");
        refused.Message.ShouldContain($"up to {Migrations.All.Count}");
    }

    [Fact]
    public async Task What_is_parked_in_a_database_of_before_is_listed_after_its_migration()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var changes = Enumerable.Range(0, 2).Select(_ => Samples.ChangeOf(Samples.NewAccount(), version: 1)).ToList();
        await subject.Store.Inbox.AcceptAsync([.. changes.Select(change => Samples.Arrive(change))], CancellationToken.None);
        foreach (var row in await worker.InboxAsync())
        {
            await worker.DecideAsync(row);
            await worker.CommandAsync(row.Identity, new IdentityCommand.ReportObstacle(Samples.Start, Samples.Mail, row.Arrival.Id, new DeliveryOutcome.RefusedByPolicy("too short"), 0));
        }

        var parked = await subject.Store.Operations.Queries.ListParkedAsync(null, 10, CancellationToken.None);
        parked.Length.ShouldBe(2);
        await worker.CommandAsync(parked[0].Identity, new IdentityCommand.RetryDelivery(Samples.Start, Samples.Mail));
        foreach (var table in (string[])["parked", "failing", "missed", "unconfirmed", "known_name"]) await subject.Sqlite.RunAsync($"DROP TABLE {table}", CancellationToken.None);
        await CreateFormerNameIndexesAsync(subject);
        await subject.Sqlite.RunAsync("CREATE INDEX event_parked ON event (at) WHERE json_extract(body, '$.sequel.sequel') = 'park'", CancellationToken.None);
        await DropAlarmsAsync(subject);
        await subject.Sqlite.RunAsync("DELETE FROM schema_migration WHERE number >= 6", CancellationToken.None);

        await subject.ReopenAsync(new StoreSettings());

        (await subject.Store.Operations.Queries.ListParkedAsync(null, 10, CancellationToken.None)).ShouldBe([parked[1]]);
    }

    [Fact]
    public async Task Names_in_a_database_of_before_are_found_after_its_migration_which_is_logged()
    {
        using var logged = new LoggedLines();
        await using var subject = await SqliteStoreUnderTest.OpenAsync(logging: logged);
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), version: 1))], CancellationToken.None);
        var row = (await worker.InboxAsync()).Single();
        await worker.DecideAsync(row);
        await worker.CommandAsync(row.Identity, new IdentityCommand.NoteReport(Samples.Start, Samples.NewCapture(), row.Arrival.Account, CaptureVerdict.RefusedBySource, Samples.Start) { Trace = new CaptureTrace("ADA.OLD", Samples.Start, Samples.Start) });
        await subject.Sqlite.RunAsync("DROP TABLE known_name", CancellationToken.None);
        await CreateFormerNameIndexesAsync(subject);
        await DropAlarmsAsync(subject);
        await subject.Sqlite.RunAsync("DELETE FROM schema_migration WHERE number >= 9", CancellationToken.None);
        logged.Lines.ShouldHaveSingleItem("there was nothing to migrate").ShouldStartWith($"The database {subject.DatabasePath} was made with schema {Migrations.All.Count} within ");
        logged.Lines.Clear();

        await subject.ReopenAsync(new StoreSettings());

        // What was kept before has only the letters A to Z in lower case: the name as it was written finds it still.
        foreach (var name in (string[])["ADA", "ada@corp.example", "CN=ADA Łukasiewicz,OU=People,DC=corp,DC=example", "ada.old"])
        {
            (await subject.Store.Operations.Queries.FindAccountsAsync(name, 10, CancellationToken.None)).Single().Identity.ShouldBe(row.Identity, name);
        }

        var lines = logged.Lines.ToList();
        lines.Count.ShouldBe(2 + Migrations.All.Count - 8);
        lines[0].ShouldStartWith($"The database {subject.DatabasePath} is brought from schema 8 to {Migrations.All.Count}");
        lines[1].ShouldStartWith($"The database {subject.DatabasePath}: step 9 of its schema, names, took ");
        lines[^1].ShouldStartWith($"The database {subject.DatabasePath} has schema {Migrations.All.Count} after ");
    }

    [Fact]
    public async Task Database_of_another_program_is_refused_and_left_alone()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        var path = Path.Combine(subject.Folder, "other.db");
        await using (var other = new SqliteConnection($"Data Source={path};Pooling=False"))
        {
            await other.OpenAsync(CancellationToken.None);
            await using var command = other.CreateCommand();
            command.CommandText = "CREATE TABLE cake (slices INTEGER)";
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }

        var before = await File.ReadAllBytesAsync(path, CancellationToken.None);
        (await RefusalAsync(subject.OptionsOf(new StoreSettings()) with { Path = path })).Refusal.ShouldBe(StoreRefusal.NotAStore);
        (await File.ReadAllBytesAsync(path, CancellationToken.None)).ShouldBe(before);
    }

    [Fact]
    public async Task File_that_is_no_database_is_refused()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        var path = Path.Combine(subject.Folder, "letter.txt");
        await File.WriteAllTextAsync(path, string.Concat(Enumerable.Repeat("Dear Ada, ", 500)), CancellationToken.None);
        var refused = await RefusalAsync(subject.OptionsOf(new StoreSettings()) with { Path = path });
        refused.Refusal.ShouldBe(StoreRefusal.NotAStore);
        refused.Message.ShouldContain(path);
    }

    [Fact]
    public async Task Missing_folder_is_refused_with_what_to_do()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        var path = Path.Combine(subject.Folder, "nowhere", "store.db");
        var refused = await RefusalAsync(subject.OptionsOf(new StoreSettings()) with { Path = path });
        refused.Refusal.ShouldBe(StoreRefusal.BadOption);
        refused.Message.ShouldContain("make it, or name another path");
    }

    [Fact]
    public async Task Folder_that_allows_no_lock_is_refused_and_not_taken_for_in_use()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        var path = Path.Combine(subject.Folder, "blocked.db");
        Directory.CreateDirectory(path + ".lock");
        var refused = await RefusalAsync(subject.OptionsOf(new StoreSettings()) with { Path = path });
        refused.Refusal.ShouldBe(StoreRefusal.NoAccess);
        refused.Message.ShouldContain("right to write");
    }

    [Fact]
    public async Task Closed_store_leaves_one_file_with_everything_in_it()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        var change = Samples.ChangeOf(Samples.NewAccount(), version: 1);
        await subject.Store.Inbox.AcceptAsync([Samples.Arrive(change)], CancellationToken.None);
        (await subject.Store.Secrets.ReadAsync(change.CaptureId, CancellationToken.None)).ShouldNotBeNull();
        await subject.CloseAsync();
        Directory.EnumerateFiles(subject.Folder).Select(Path.GetFileName).ShouldBe(["store.db", "store.db.lock", "store.db.owner"], ignoreOrder: true);
    }

    public static TheoryData<string, SqliteStoreOptions> BadOptions()
    {
        var good = new SqliteStoreOptions { Path = "unused.db", NodeName = "node-1" };
        return new TheoryData<string, SqliteStoreOptions>
        {
            { "Path is empty", good with { Path = " " } },
            { "NodeName is empty", good with { NodeName = "" } },
            { "ShardCount is 0: use 1 to 65,536", good with { ShardCount = 0 } },
            { "BusyTimeout is 00:00:00", good with { BusyTimeout = TimeSpan.Zero } },
            { "WriteQueueMax is 0", good with { WriteQueueMax = 0 } },
            { "CommitOperationsMax is -1", good with { CommitOperationsMax = -1 } },
            { "ReadersMax is 65", good with { ReadersMax = 65 } },
            { "SnapshotEvery is 0", good with { SnapshotEvery = 0 } },
            { "EventsKeptMax is -1", good with { EventsKeptMax = -1 } },
            { "EventsKeptFor is -00:00:01", good with { EventsKeptFor = TimeSpan.FromSeconds(-1) } },
            { "AcceptedKeptFor is 00:00:00", good with { AcceptedKeptFor = TimeSpan.Zero } },
            { "MaintenanceInterval is 2.00:00:00", good with { MaintenanceInterval = TimeSpan.FromDays(2) } },
            { "LeaseValidFor is 00:00:00", good with { LeaseValidFor = TimeSpan.Zero } },
        };
    }

    [Theory]
    [MemberData(nameof(BadOptions), DisableDiscoveryEnumeration = true)]
    public async Task Setting_outside_its_bounds_is_refused_with_its_name_and_value(string says, SqliteStoreOptions options)
    {
        var refused = await RefusalAsync(options);
        refused.Refusal.ShouldBe(StoreRefusal.BadOption);
        refused.Message.ShouldStartWith(says);
    }

    [Fact]
    public async Task Database_is_flushed_at_every_commit_and_overwrites_what_it_deletes()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        using var writer = SqliteSession.Open(subject.DatabasePath, TimeSpan.FromSeconds(1), SessionUse.Writing);
        writer.Text("PRAGMA journal_mode").ShouldBe("wal");
        writer.Number("PRAGMA synchronous").ShouldBe(2, "FULL: sqlite.org/pragma.html#pragma_synchronous");
        writer.Number("PRAGMA secure_delete").ShouldBe(1);
        writer.Number("PRAGMA foreign_keys").ShouldBe(1);
        writer.Number("SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%' AND strict = 0").ShouldBe(0);
        using var reader = SqliteSession.Open(subject.DatabasePath, TimeSpan.FromSeconds(1), SessionUse.Reading);
        Should.Throw<SqliteException>(() => reader.Execute("DELETE FROM secret"));
    }

    [Fact]
    public async Task Vanished_database_is_trouble_and_not_made_anew()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        var opening = () => SqliteSession.Open(Path.Combine(subject.Folder, "vanished.db"), TimeSpan.FromSeconds(1), SessionUse.Writing);
        SqliteTrouble.Explain(Should.Throw<SqliteException>(() => opening()), "vanished.db").ShouldBeOfType<StorageUnavailableException>().Message.ShouldContain("cannot be opened");
        File.Exists(Path.Combine(subject.Folder, "vanished.db")).ShouldBeFalse();
    }

    private static Task<StoreRefusedException> RefusalAsync(SqliteStoreOptions options) => Should.ThrowAsync<StoreRefusedException>(
        () => SqliteStore.OpenAsync(options, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None));

    private static async Task DropAlarmsAsync(SqliteStoreUnderTest subject)
    {
        foreach (var column in (string[])["alarms", "alarms_at"]) await subject.Sqlite.RunAsync($"ALTER TABLE edge DROP COLUMN {column}", CancellationToken.None);
    }

    private static async Task CreateFormerNameIndexesAsync(SqliteStoreUnderTest subject)
    {
        foreach (var name in (string[])["login", "upn", "mail", "dn"])
        {
            foreach (var table in (string[])["event", "snapshot"]) await subject.Sqlite.RunAsync($"CREATE INDEX {table}_by_{name} ON {table} (kind)", CancellationToken.None);
        }
    }
}
