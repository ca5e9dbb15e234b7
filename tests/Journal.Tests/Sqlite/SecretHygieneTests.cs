using System.Text;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Tests.Conformance;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Sqlite;

/// <summary>I5 at rest: envelopes stand in the secret table only, and deleted ones in no file.</summary>
public sealed class SecretHygieneTests
{
    private static readonly byte[] Canary = Encoding.ASCII.GetBytes("canary:Tr0ub4dor&3-9d41c5");

    [Fact]
    public async Task Deleted_envelope_is_in_no_file_of_the_database_after_the_housekeeping()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var change = await AcceptCanaryAsync(subject);
        FilesWithCanary(subject).ShouldNotBeEmpty("the search itself works");
        var row = (await worker.InboxAsync()).ShouldHaveSingleItem();
        await worker.DecideAsync(row);
        await worker.DeliverAsync(row.Identity, Samples.Mail, change.CaptureId);
        await worker.DeliverAsync(row.Identity, Samples.Files, change.CaptureId);
        FilesWithCanary(subject).ShouldNotBeEmpty("the write-ahead log still holds the page as it was");

        (await subject.Store.MaintainAsync(CancellationToken.None)).DeletedSecretsAreGone.ShouldBeTrue();

        FilesWithCanary(subject).ShouldBeEmpty();
    }

    [Fact]
    public async Task Swept_envelope_is_in_no_file_after_the_housekeeping_that_follows()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        var change = await AcceptCanaryAsync(subject);
        await subject.Store.MaintainAsync(CancellationToken.None);
        FilesWithCanary(subject).ShouldBe(["store.db"], "it is needed, and the log is empty");

        (await subject.Store.Secrets.SweepAsync(change.ExpiresAt, limit: 10, CancellationToken.None)).ShouldBe(1);
        await subject.Store.MaintainAsync(CancellationToken.None);

        FilesWithCanary(subject).ShouldBeEmpty();
    }

    [Fact]
    public async Task Housekeeping_is_done_by_itself_at_its_interval()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        var change = await AcceptCanaryAsync(subject);
        await subject.Store.Secrets.SweepAsync(change.ExpiresAt, limit: 10, CancellationToken.None);
        subject.Time.Advance(TimeSpan.FromMinutes(1));

        // Each turn lets the writer do a commit; the housekeeping's own work is in its queue sooner or later.
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        while (FilesWithCanary(subject).Count > 0) await subject.Store.Configurations.PublishAsync("{}", Samples.Start, patience.Token);
        FilesWithCanary(subject).ShouldBeEmpty();
    }

    [Fact]
    public async Task Log_that_another_reader_holds_is_emptied_later()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        var change = await AcceptCanaryAsync(subject);
        using (var shell = Journal.Sqlite.Engine.SqliteSession.Open(subject.DatabasePath, TimeSpan.FromSeconds(1), Journal.Sqlite.Engine.SessionUse.Reading))
        {
            shell.Execute("BEGIN");
            shell.Number("SELECT count(*) FROM secret").ShouldBe(1);
            await subject.Store.Secrets.SweepAsync(change.ExpiresAt, limit: 10, CancellationToken.None);
            (await subject.Store.MaintainAsync(CancellationToken.None)).DeletedSecretsAreGone.ShouldBeFalse();
        }

        (await subject.Store.MaintainAsync(CancellationToken.None)).DeletedSecretsAreGone.ShouldBeTrue();
        FilesWithCanary(subject).ShouldBeEmpty();
    }

    [Fact]
    public async Task Envelope_stands_in_no_column_but_that_of_the_secret()
    {
        await using var subject = await SqliteStoreUnderTest.OpenAsync();
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        await AcceptCanaryAsync(subject);
        await worker.DecideAsync((await worker.InboxAsync()).ShouldHaveSingleItem());
        await AcceptCanaryAsync(subject);
        using var session = Journal.Sqlite.Engine.SqliteSession.Open(subject.DatabasePath, TimeSpan.FromSeconds(1), Journal.Sqlite.Engine.SessionUse.Reading);
        var found = new List<string>();
        var columns = new List<(string Table, string Column)>();
        using (var rows = session.Query("SELECT t.name, c.name FROM pragma_table_list AS t JOIN pragma_table_info(t.name) AS c WHERE t.schema = 'main' AND t.type = 'table'"))
        {
            while (rows.Read()) columns.Add((rows.GetString(0), rows.GetString(1)));
        }

        foreach (var (table, column) in columns)
        {
            if (session.Number($"SELECT count(*) FROM \"{table}\" WHERE instr(CAST(\"{column}\" AS BLOB), $1) > 0", Canary) > 0) found.Add($"{table}.{column}");
        }

        columns.Count.ShouldBeGreaterThan(40);
        found.ShouldBe(["secret.envelope"]);
    }

    private static async Task<Change> AcceptCanaryAsync(SqliteStoreUnderTest subject)
    {
        var change = Samples.ChangeOf(Samples.NewAccount(), version: 1);
        byte[] envelope = [.. new byte[700], .. Canary, .. new byte[500]];
        await subject.Store.Inbox.AcceptAsync([new Arrival.Confirmed(change, ["people"], envelope)], CancellationToken.None);
        return change;
    }

    private static List<string> FilesWithCanary(SqliteStoreUnderTest subject) =>
        [.. Directory.EnumerateFiles(subject.Folder).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal) && HoldsCanary(file)).Select(file => Path.GetFileName(file))];

    private static bool HoldsCanary(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes.AsSpan().IndexOf(Canary) >= 0;
    }
}
