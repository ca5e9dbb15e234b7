using PasswordSync.Capture.Health;
using PasswordSync.Capture.Listener;
using PasswordSync.Capture.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.Listener;

public sealed class DropFolderTests : IAsyncDisposable
{
    private readonly ListenerFixture edge = new();

    public ValueTask DisposeAsync() => edge.DisposeAsync();

    [Fact]
    public async Task Dropped_capture_is_spooled_and_its_file_deleted()
    {
        var envelope = TestEnvelopes.Seal("ann", edge.Time.GetUtcNow());
        var path = edge.Drop(envelope);

        var result = await edge.DropFolder.DrainAsync(CancellationToken.None);

        result.LeftBehind.ShouldBeEmpty();
        File.Exists(path).ShouldBeFalse();
        edge.Spool.Spool.Read(edge.Observed.ShouldHaveSingleItem().CaptureId).ShouldBe(envelope);
    }

    [Fact]
    public async Task File_stays_until_the_spool_has_flushed()
    {
        var path = edge.Drop(TestEnvelopes.Seal("ann", edge.Time.GetUtcNow()));
        var thereAtFlush = false;
        edge.Files.BeforeDisk = what => { if (what == "flush") thereAtFlush = File.Exists(path); };
        await edge.DropFolder.DrainAsync(CancellationToken.None);
        thereAtFlush.ShouldBeTrue();
    }

    [Fact]
    public async Task Capture_that_came_by_the_socket_too_is_taken_once()
    {
        var envelope = TestEnvelopes.Seal("ann", edge.Time.GetUtcNow());
        await edge.Intake.TakeAsync(envelope, "test", CancellationToken.None);
        var path = edge.Drop(envelope);
        await edge.DropFolder.DrainAsync(CancellationToken.None);
        File.Exists(path).ShouldBeFalse();
        edge.Observed.Count.ShouldBe(1);
    }

    [Fact]
    public async Task What_is_no_envelope_is_put_aside_and_reported()
    {
        var path = edge.Drop([1, 2, 3], "0000.capture");
        await edge.DropFolder.DrainAsync(CancellationToken.None);
        File.ReadAllBytes(path + ".refused").ShouldBe([1, 2, 3]);
        File.Exists(path).ShouldBeFalse();
        edge.Spool.Alarms.All.ShouldHaveSingleItem().ShouldBeOfType<EdgeAlarm.CaptureMalformed>();
    }

    [Fact]
    public async Task File_longer_than_an_envelope_is_put_aside()
    {
        var path = edge.Drop([.. TestEnvelopes.Seal("ann", edge.Time.GetUtcNow()), .. new byte[10_000]], "0000.capture");
        await edge.DropFolder.DrainAsync(CancellationToken.None);
        File.Exists(path + ".refused").ShouldBeTrue();
    }

    [Fact]
    public async Task Capture_that_the_spool_cannot_take_stays_and_its_account_is_told()
    {
        edge.Files.BeforeDisk = _ => throw new IOException("No space left on device.");
        var path = edge.Drop(TestEnvelopes.Seal("Ann", edge.Time.GetUtcNow()));

        (await edge.DropFolder.DrainAsync(CancellationToken.None)).LeftBehind.ShouldBe([AccountKey.Of("ann", 0)]);

        File.Exists(path).ShouldBeTrue();
        edge.Files.BeforeDisk = _ => { };
        (await edge.DropFolder.DrainAsync(CancellationToken.None)).LeftBehind.ShouldBeEmpty();
        File.Exists(path).ShouldBeFalse();
    }

    [Fact]
    public async Task Files_that_were_there_at_the_start_and_such_that_come_later_are_taken()
    {
        edge.Drop(TestEnvelopes.Seal("before", edge.Time.GetUtcNow()));
        edge.WatchDropFolder();
        await UntilObservedAsync(1);
        edge.Drop(TestEnvelopes.Seal("after", edge.Time.GetUtcNow()));
        await UntilObservedAsync(2);
        edge.Observed.Select(capture => capture.AccountName).ShouldBe(["before", "after"]);
    }

    [Fact]
    public async Task Many_dropped_files_share_flushes()
    {
        for (var n = 0; n < 200; n++) edge.Drop(TestEnvelopes.Seal($"user{n}", edge.Time.GetUtcNow()));
        using var inFlush = new SemaphoreSlim(0);
        using var mayFlush = new SemaphoreSlim(0);
        edge.Files.BeforeDisk = what =>
        {
            if (what != "flush") return;
            inFlush.Release();
            mayFlush.Wait();
        };
        var first = edge.Intake.TakeAsync(TestEnvelopes.Seal("first", edge.Time.GetUtcNow()), "test", CancellationToken.None);
        await inFlush.WaitAsync();

        // The flush of another capture lasts until as many files wait for the next one as are taken at once.
        var drained = edge.DropFolder.DrainAsync(CancellationToken.None);
        while (edge.Spool.Spool.RequestsWaiting < edge.Options.DropFilesAtOnce) await Task.Yield();
        edge.Files.BeforeDisk = _ => { };
        mayFlush.Release();
        await first;
        await drained;

        edge.Observed.Count.ShouldBe(201);
        edge.Spool.Spool.Status.Flushes.ShouldBeLessThanOrEqualTo(2 + 200 - edge.Options.DropFilesAtOnce);
    }

    [Fact]
    public async Task File_that_was_never_finished_is_deleted_after_an_hour()
    {
        var path = Path.Combine(edge.Options.DropFolder, ".00112233.tmp");
        File.WriteAllBytes(path, [1]);
        File.SetLastWriteTimeUtc(path, edge.Time.GetUtcNow().UtcDateTime);
        edge.WatchDropFolder();
        var passes = 0;
        while (File.Exists(path))
        {
            edge.Time.Advance(TimeSpan.FromMinutes(1));
            await Task.Yield();
            passes++;
        }

        passes.ShouldBeGreaterThanOrEqualTo(60);
    }

    [Fact]
    public async Task Folder_that_cannot_be_read_raises_an_alarm_that_ends_with_the_trouble()
    {
        Directory.Delete(edge.Options.DropFolder);
        (await edge.DropFolder.DrainAsync(CancellationToken.None)).ShouldBe(DrainResult.Unknown);
        edge.Spool.Alarms.Standing.ShouldHaveSingleItem().ShouldBeOfType<EdgeAlarm.DropFolderBroken>();
        Directory.CreateDirectory(edge.Options.DropFolder);
        (await edge.DropFolder.DrainAsync(CancellationToken.None)).ShouldBe(DrainResult.Complete);
        edge.Spool.Alarms.Standing.ShouldBeEmpty();
    }

    [Fact]
    public async Task File_that_cannot_be_read_is_told_with_the_time_until_which_it_may_hide_a_capture()
    {
        var path = edge.Drop(TestEnvelopes.Seal("ann", edge.Time.GetUtcNow()));
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch.AddDays(20_000));
        edge.Drop(TestEnvelopes.Seal("ben", edge.Time.GetUtcNow()));
        await using (new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.None))
        {
            (await edge.DropFolder.DrainAsync(CancellationToken.None)).UnreadUntil.ShouldBe(DateTimeOffset.UnixEpoch.AddDays(20_000));
            edge.Spool.Alarms.Standing.ShouldHaveSingleItem().ShouldBeOfType<EdgeAlarm.DropFolderBroken>().Folder.ShouldBe(path);
        }

        edge.Observed.ShouldHaveSingleItem().AccountName.ShouldBe("ben");
        (await edge.DropFolder.DrainAsync(CancellationToken.None)).ShouldBe(DrainResult.Complete);
        edge.Observed.Count.ShouldBe(2);
        edge.Spool.Alarms.Standing.ShouldBeEmpty();
    }

    private async Task UntilObservedAsync(int count)
    {
        while (edge.Observed.Count < count)
        {
            edge.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }
}
