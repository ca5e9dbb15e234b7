using Microsoft.Data.Sqlite;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Tests.Conformance;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Sqlite;

/// <summary>Trouble with the database (I1): a clear answer, nothing acknowledged falsely, and work goes on when it is over.</summary>
public sealed class TroubleTests
{
    private const int Full = 13;

    /// <summary>That the database was made is told first.</summary>
    private const int LinesOfOpening = 1;

    private const int DiskFailure = 10;

    [Fact]
    public async Task Trouble_before_the_commit_fails_everybody_in_it_and_writes_nothing()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        subject.Interpose = stage => FailAt(stage, CommitStage.BeforeCommit, DiskFailure);

        var changes = Enumerable.Range(0, 20).Select(_ => Samples.ChangeOf(Samples.NewAccount(), version: 1)).ToArray();
        foreach (var answer in changes.Select(change => AcceptAsync(subject, change)).ToArray())
        {
            (await Should.ThrowAsync<StorageUnavailableException>(() => answer)).Message.ShouldContain("reading or writing the disk failed");
        }

        subject.Interpose = _ => { };
        (await Task.WhenAll(changes.Select(change => AcceptAsync(subject, change)))).ShouldAllBe(result => result == AcceptResult.Accepted);
    }

    [Fact]
    public async Task Trouble_after_the_commit_is_told_as_unknown_and_the_repeat_is_known()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        subject.Interpose = stage => FailAt(stage, CommitStage.AfterCommit, DiskFailure);
        var change = Samples.ChangeOf(Samples.NewAccount(), version: 1);
        await Should.ThrowAsync<StorageUnavailableException>(() => AcceptAsync(subject, change));
        subject.Interpose = _ => { };
        (await AcceptAsync(subject, change)).ShouldBe(AcceptResult.AlreadyHave);
    }

    [Fact]
    public async Task Append_after_trouble_goes_on_where_the_journal_stands()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        await AcceptAsync(subject, Samples.ChangeOf(Samples.NewAccount(), version: 1));
        var row = (await worker.InboxAsync()).ShouldHaveSingleItem();
        subject.Interpose = stage => FailAt(stage, CommitStage.BeforeCommit, Full);
        (await Should.ThrowAsync<StorageUnavailableException>(() => worker.DecideAsync(row))).Message.ShouldContain("free some space");
        subject.Interpose = stage => FailAt(stage, CommitStage.AfterCommit, DiskFailure);
        await Should.ThrowAsync<StorageUnavailableException>(() => worker.DecideAsync(row));
        subject.Interpose = _ => { };

        var (result, decision) = await worker.DecideAsync(row);

        result.ShouldBe(AppendResult.Appended);
        decision.Events.ShouldHaveSingleItem().ShouldBeOfType<Core.Decisions.IdentityEvent.CaptureIgnored>("the second append was written though nobody was told");
        (await worker.InboxAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Full_database_refuses_and_takes_again_when_there_is_room()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        await subject.Sqlite.RunAsync("PRAGMA max_page_count=200", CancellationToken.None);
        var (accepted, trouble) = await AcceptUntilTroubleAsync(subject, atMost: 2_000);
        trouble.Message.ShouldContain("the disk is full");

        // Whoever meets it loses the connection with its bound, as if somebody had made room.
        var after = Samples.ChangeOf(Samples.NewAccount(), version: 1);
        (await AcceptAsync(subject, after)).ShouldBe(AcceptResult.Accepted);
        await IsAllThereAsync(subject, [.. accepted, after]);
    }

    [Fact]
    public async Task Full_disk_refuses_and_takes_again_when_there_is_room()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root") Assert.Skip("Making a small file system needs root on Linux; the database's own bound is tested elsewhere.");
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        var mounted = Directory.CreateDirectory(Path.Combine(subject.Folder, "small")).FullName;
        if (await RunAsync("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", mounted) != 0) Assert.Skip("This machine does not allow to mount a small file system.");
        try
        {
            await subject.ReopenAsync(subject.OptionsOf(new StoreSettings()) with { Path = Path.Combine(mounted, "store.db") });
            var ballast = Path.Combine(mounted, "ballast");
            await File.WriteAllBytesAsync(ballast, new byte[1 << 20], CancellationToken.None);
            var (accepted, _) = await AcceptUntilTroubleAsync(subject, atMost: 5_000);
            await IsAllThereAsync(subject, accepted);

            File.Delete(ballast);
            var after = Samples.ChangeOf(Samples.NewAccount(), version: 1);
            (await AcceptAsync(subject, after)).ShouldBe(AcceptResult.Accepted);
            await subject.ReopenAsync(subject.OptionsOf(new StoreSettings()) with { Path = Path.Combine(mounted, "store.db") });
            await IsAllThereAsync(subject, [.. accepted, after]);
        }
        finally
        {
            await subject.CloseAsync();

            // Lazily: a program that another test is just starting has, for a moment, the files that this one closed.
            (await RunAsync("umount", "--lazy", mounted)).ShouldBe(0);
        }
    }

    [Fact]
    public async Task Database_that_another_program_holds_is_waited_for_and_then_trouble()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        var change = Samples.ChangeOf(Samples.NewAccount(), version: 1);
        await using (var shell = new SqliteConnection($"Data Source={subject.DatabasePath};Pooling=False"))
        {
            await shell.OpenAsync(CancellationToken.None);
            await using var command = shell.CreateCommand();
            command.CommandText = "BEGIN IMMEDIATE";
            await command.ExecuteNonQueryAsync(CancellationToken.None);
            (await Should.ThrowAsync<StorageUnavailableException>(() => AcceptAsync(subject, change))).Message.ShouldContain("another program holds it locked");
        }

        (await AcceptAsync(subject, change)).ShouldBe(AcceptResult.Accepted);
    }

    [Fact]
    public async Task Damaged_database_is_named_as_such_for_reading_and_writing()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        for (var i = 0; i < 50; i++) await AcceptAsync(subject, Samples.ChangeOf(Samples.NewAccount(), version: 1));
        await subject.Store.MaintainAsync(CancellationToken.None);
        await subject.CloseAsync();
        var bytes = await File.ReadAllBytesAsync(subject.DatabasePath, CancellationToken.None);

        // All pages but those that opening looks at: it reads the schema, the migrations and the shards.
        using (var session = SqliteSession.Open(subject.DatabasePath, TimeSpan.FromSeconds(1), SessionUse.Writing))
        {
            foreach (var table in new[] { "inbox", "account", "accepted" })
            {
                var page = session.Number("SELECT rootpage FROM sqlite_schema WHERE name = $1", table)!.Value;
                Array.Fill(bytes, (byte)0xA5, (int)(page - 1) * 4096, 4096);
            }
        }

        await File.WriteAllBytesAsync(subject.DatabasePath, bytes, CancellationToken.None);
        await subject.ReopenAsync(new StoreSettings());

        (await Should.ThrowAsync<StorageUnavailableException>(() => AcceptAsync(subject, Samples.ChangeOf(Samples.NewAccount(), version: 1)))).Message.ShouldContain("damaged");
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        (await Should.ThrowAsync<StorageUnavailableException>(worker.InboxAsync)).Message.ShouldContain("damaged");
    }

    [Fact]
    public async Task Event_that_this_version_does_not_know_stops_the_reading_of_its_identity_only()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var (bad, good) = (Samples.ChangeOf(Samples.NewAccount(), version: 1), Samples.ChangeOf(Samples.NewAccount(), version: 1));
        await AcceptAsync(subject, bad);
        await AcceptAsync(subject, good);
        var rows = await worker.InboxAsync();
        foreach (var row in rows) await worker.DecideAsync(row);
        await subject.Sqlite.RunAsync(
            $"UPDATE event SET kind = 'capture-accepted.9' WHERE kind = 'capture-accepted.1' AND identity_id = x'{rows[0].Identity.Value.ToString("N")}'", CancellationToken.None);

        (await Should.ThrowAsync<UnreadableRecordException>(async () => await worker.LoadAsync(rows[0].Identity))).Message.ShouldContain("capture-accepted.9");
        (await worker.LoadAsync(rows[1].Identity)).Newest!.CaptureId.ShouldBe(good.CaptureId);
    }

    [Fact]
    public async Task Arrival_that_this_version_does_not_know_stays_in_the_inbox_told_of_once_and_holds_up_nobody()
    {
        var logged = new LoggedLines();
        await using var subject = await SqliteStoreUnderTest.OpenAsync(logging: logged);
        var (bad, good) = (Samples.ChangeOf(Samples.NewAccount(), version: 1), Samples.ChangeOf(Samples.NewAccount(), version: 1));
        await AcceptAsync(subject, bad);
        await AcceptAsync(subject, good);
        await subject.Sqlite.RunAsync("UPDATE inbox SET kind = 'confirmed.9' WHERE seq = 1", CancellationToken.None);
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);

        (await worker.InboxAsync()).ShouldHaveSingleItem().Arrival.Id.ShouldBe(good.CaptureId);
        (await worker.InboxAsync()).Length.ShouldBe(1);

        logged.Lines.Skip(LinesOfOpening).ShouldHaveSingleItem().ShouldContain("Row 1 of the inbox");
        await subject.Sqlite.RunAsync("UPDATE inbox SET kind = 'confirmed.1' WHERE seq = 1", CancellationToken.None);
        (await worker.InboxAsync()).Length.ShouldBe(2, "a version that knows it reads it");
    }

    [Fact]
    public async Task Trouble_and_its_end_are_logged_once_each()
    {
        var logged = new LoggedLines();
        await using var subject = await SqliteStoreUnderTest.OpenAsync(logging: logged);
        subject.Interpose = stage => FailAt(stage, CommitStage.BeforeCommit, Full);
        for (var i = 0; i < 3; i++) await Should.ThrowAsync<StorageUnavailableException>(() => AcceptAsync(subject, Samples.ChangeOf(Samples.NewAccount(), version: 1)));
        subject.Interpose = _ => { };
        for (var i = 0; i < 3; i++) await AcceptAsync(subject, Samples.ChangeOf(Samples.NewAccount(), version: 1));
        logged.Lines.Count.ShouldBe(LinesOfOpening + 2);
        logged.Lines.ElementAt(LinesOfOpening).ShouldContain("cannot be written");
        logged.Lines.Last().ShouldContain("can be written again");
    }

    [Fact]
    public async Task Journal_with_a_gap_is_not_read_as_if_it_had_none()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        await AcceptAsync(subject, Samples.ChangeOf(Samples.NewAccount(), version: 1));
        var row = (await worker.InboxAsync()).ShouldHaveSingleItem();
        await worker.DecideAsync(row);
        await subject.Sqlite.RunAsync("DELETE FROM event WHERE seq = 1", CancellationToken.None);
        (await Should.ThrowAsync<UnreadableRecordException>(async () => await worker.LoadAsync(row.Identity))).Message.ShouldContain("has no event 1");
    }

    private static void FailAt(CommitStage now, CommitStage wanted, int code)
    {
        if (now == wanted) throw new SqliteException("Made by a test.", code);
    }

    private static async Task<AcceptResult> AcceptAsync(SqliteStoreUnderTest subject, Change change) =>
        (await subject.Store.Inbox.AcceptAsync([Samples.Arrive(change)], CancellationToken.None)).Single();

    private static async Task<(List<Change> Accepted, StorageUnavailableException Trouble)> AcceptUntilTroubleAsync(SqliteStoreUnderTest subject, int atMost)
    {
        var accepted = new List<Change>();
        for (var i = 0; i < atMost; i++)
        {
            var change = Samples.ChangeOf(Samples.NewAccount(), version: 1);
            try
            {
                await AcceptAsync(subject, change);
                accepted.Add(change);
            }
            catch (StorageUnavailableException trouble)
            {
                accepted.ShouldNotBeEmpty();
                return (accepted, trouble);
            }
        }

        throw new ShouldAssertException($"{atMost} captures were accepted and nothing was full.");
    }

    private static async Task IsAllThereAsync(SqliteStoreUnderTest subject, IReadOnlyCollection<Change> accepted)
    {
        foreach (var change in accepted) (await subject.Store.Secrets.ReadAsync(change.CaptureId, CancellationToken.None)).ShouldNotBeNull();
        int[] shards = [.. Enumerable.Range(0, subject.Store.Leases.ShardCount)];
        var rows = await subject.Store.Inbox.ReadAsync(shards, new HashSet<long>(), limit: 10_000, CancellationToken.None);
        rows.Select(row => row.Arrival.Id).ShouldBe(accepted.Select(change => change.CaptureId));
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(program, arguments);
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }
}
