using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Capture.Health;
using PasswordSync.Capture.Spool;
using PasswordSync.Capture.Tests.Support;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.Spool;

public sealed class CaptureSpoolTests
{
    private static readonly SpoolOptions Small = new() { SegmentBytes = 64 << 10, BytesMax = 256 << 10 };

    private readonly MemorySpoolFiles files = new();

    [Fact]
    public async Task Capture_is_held_until_settled_and_over_restarts()
    {
        await using (var spool = new RunningSpool(files))
        {
            (await spool.AppendAsync(1)).ShouldBe(SpoolAppend.Flushed);
            (await spool.AppendAsync(2)).ShouldBe(SpoolAppend.Flushed);
            await spool.SettleAsync(1);
        }

        await using var again = new RunningSpool(files);
        again.Held.ShouldBe([2]);
        again.Spool.Read(RunningSpool.Id(2)).ShouldBe(RunningSpool.Envelope(2));
        again.Spool.Read(RunningSpool.Id(1)).ShouldBeNull();
        again.Alarms.All.ShouldBeEmpty();
    }

    [Fact]
    public async Task Acknowledged_capture_survives_the_loss_of_power_at_once()
    {
        await using var spool = new RunningSpool(files);
        await spool.AppendAsync(1);

        await using var after = new RunningSpool(files.AfterPowerLoss(new Random(1)));

        after.Held.ShouldBe([1]);
    }

    [Fact]
    public async Task Repeat_of_a_held_or_a_settled_capture_is_known()
    {
        await using var spool = new RunningSpool(files);
        await spool.AppendAsync(1);
        (await spool.AppendAsync(1)).ShouldBe(SpoolAppend.AlreadyKnown);
        await spool.SettleAsync(1);
        (await spool.AppendAsync(1)).ShouldBe(SpoolAppend.AlreadyKnown);
    }

    [Fact]
    public async Task Captures_that_come_during_a_flush_share_the_next_one()
    {
        using var inFlush = new SemaphoreSlim(0);
        using var mayFlush = new SemaphoreSlim(0);
        await using var spool = new RunningSpool(files);
        await spool.AppendAsync(0);
        var flushesBefore = spool.Spool.Status.Flushes;
        files.BeforeDisk = what =>
        {
            if (what != "flush") return;
            inFlush.Release();
            mayFlush.Wait();
        };

        var first = spool.AppendAsync(1);
        await inFlush.WaitAsync();
        var others = Enumerable.Range(2, 100).Select(number => spool.AppendAsync(number)).ToList();
        others.Add(spool.AppendAsync(50));
        first.IsCompleted.ShouldBeFalse();
        mayFlush.Release(2);

        (await first).ShouldBe(SpoolAppend.Flushed);
        (await Task.WhenAll(others)).ShouldAllBe(answer => answer == SpoolAppend.Flushed);
        spool.Spool.Status.Flushes.ShouldBe(flushesBefore + 2);
        spool.Held.Count().ShouldBe(102);
    }

    [Fact]
    public async Task Failed_flush_acknowledges_nothing_and_the_next_capture_goes_to_a_new_segment()
    {
        await using var spool = new RunningSpool(files);
        await spool.AppendAsync(1);
        files.BeforeDisk = what => { if (what == "flush") throw new IOException("No space left on device."); };
        (await spool.AppendAsync(2)).ShouldBe(SpoolAppend.NotWritable);
        spool.Alarms.Standing.ShouldHaveSingleItem().ShouldBeOfType<EdgeAlarm.SpoolNotWritable>();

        files.BeforeDisk = _ => { };
        (await spool.AppendAsync(3)).ShouldBe(SpoolAppend.Flushed);

        spool.Alarms.Standing.ShouldBeEmpty();
        spool.Held.ShouldBe([1, 3]);
        spool.Spool.Status.Segments.ShouldBe(2);
    }

    [Fact]
    public async Task Full_disk_leaves_no_heap_of_empty_segments()
    {
        await using var spool = new RunningSpool(files);
        files.BeforeDisk = what => { if (what == "flush") throw new IOException("No space left on device."); };
        for (var number = 1; number <= 10; number++) (await spool.AppendAsync(number)).ShouldBe(SpoolAppend.NotWritable);

        files.List().ShouldBeEmpty();
    }

    [Fact]
    public async Task Settlement_that_the_disk_refused_is_written_later_by_itself()
    {
        await using var spool = new RunningSpool(files);
        await spool.AppendAsync(1);
        using var refused = new SemaphoreSlim(0);
        files.BeforeDisk = what =>
        {
            if (what != "write") return;
            refused.Release();
            throw new IOException("No space left on device.");
        };
        var settled = spool.SettleAsync(1);
        await refused.WaitAsync();
        files.BeforeDisk = _ => { };
        while (!settled.IsCompleted)
        {
            spool.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        spool.Held.ShouldBeEmpty();
    }

    [Fact]
    public async Task Segments_that_nobody_needs_are_deleted()
    {
        await using var spool = new RunningSpool(files, Small);
        for (var number = 0; number < 400; number++)
        {
            await spool.AppendAsync(number);
            await spool.SettleAsync(number);
        }

        spool.Held.ShouldBeEmpty();
        spool.Spool.Status.Bytes.ShouldBeLessThan(Small.BytesMax);

        // The last settlement is answered before the space that it gives back is.
        await Eventually.HoldsAsync("the files to be those of the spool", TimeSpan.FromMinutes(3), _ => Task.FromResult(spool.Files.List().Count == spool.Spool.Status.Segments), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Full_spool_refuses_with_an_alarm_and_takes_captures_again_when_some_are_settled()
    {
        await using var spool = new RunningSpool(files, Small);
        var number = 0;
        while (await spool.AppendAsync(++number) == SpoolAppend.Flushed)
        {
        }

        spool.Alarms.Standing.ShouldHaveSingleItem().ShouldBeOfType<EdgeAlarm.SpoolFull>();
        spool.Spool.Status.IsFull.ShouldBeTrue();
        for (var settled = 1; settled < number; settled += 2) await spool.SettleAsync(settled);

        (await spool.AppendAsync(9_999)).ShouldBe(SpoolAppend.Flushed);
        spool.Alarms.Standing.ShouldBeEmpty();
        spool.Held.ShouldBe([.. Enumerable.Range(1, number - 1).Where(n => n % 2 == 0), 9_999]);
        foreach (var held in spool.Held) spool.Spool.Read(RunningSpool.Id(held)).ShouldBe(RunningSpool.Envelope(held));
    }

    [Fact]
    public async Task One_old_capture_does_not_keep_the_segments_after_it()
    {
        await using var spool = new RunningSpool(files, Small);
        await spool.AppendAsync(1);
        for (var number = 2; number < 1_000; number++)
        {
            await spool.AppendAsync(number);
            await spool.SettleAsync(number);
        }

        spool.Held.ShouldBe([1]);
        spool.Spool.Status.IsFull.ShouldBeFalse();
        spool.Spool.Read(RunningSpool.Id(1)).ShouldBe(RunningSpool.Envelope(1));
    }

    [Fact]
    public async Task Account_states_outlive_the_segments_they_were_written_in_and_restarts()
    {
        var account = new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
        await using (var spool = new RunningSpool(files, Small))
        {
            await spool.Spool.RememberAccountAsync(account, new byte[] { 1 }, CancellationToken.None);
            await spool.Spool.RememberAccountAsync(account, new byte[] { 2, 2 }, CancellationToken.None);
            for (var number = 0; number < 400; number++)
            {
                await spool.AppendAsync(number);
                await spool.SettleAsync(number);
            }
        }

        await using var again = new RunningSpool(files, Small);
        again.Spool.TryGetAccount(account, out var state).ShouldBeTrue();
        state.Value.ToArray().ShouldBe([2, 2]);
    }

    [Fact]
    public async Task Accounts_over_their_bound_are_forgotten_the_longest_unheard_ones_first()
    {
        await using var spool = new RunningSpool(files, Small with { AccountsMax = 100 });
        for (var number = 0; number < 3_000; number++)
        {
            await spool.Spool.RememberAccountAsync(RunningSpool.Id(number).Value, new byte[100], CancellationToken.None);
        }

        spool.Spool.Status.Accounts.ShouldBeLessThan(1_500);
        spool.Spool.TryGetAccount(RunningSpool.Id(0).Value, out _).ShouldBeFalse();
        spool.Spool.TryGetAccount(RunningSpool.Id(2_999).Value, out _).ShouldBeTrue();
    }

    [Fact]
    public async Task Record_of_a_newer_version_stops_the_edge()
    {
        await using (var spool = new RunningSpool(files)) await spool.AppendAsync(1);
        var name = files.List().Single();
        var bytes = files.BytesOf(name);
        bytes[SpoolFormat.SegmentHeaderLength + 4] = 9;
        Seal(bytes);
        files.Overwrite(name, bytes);

        Should.Throw<SpoolFormatException>(() => CaptureSpool.Open(files, new SpoolOptions(), new RecordedAlarms(), new ManualClock(), NullLogger.Instance))
            .Message.ShouldContain("newer version");

        static void Seal(byte[] bytes)
        {
            var record = bytes.AsSpan(SpoolFormat.SegmentHeaderLength);
            var length = BitConverter.ToInt32(record[8..12]);
            var checksum = new Crc32C();
            checksum.Add(1);
            checksum.Add(SpoolFormat.SegmentHeaderLength);
            checksum.Add(record[..12]);
            checksum.Add(record.Slice(16, length));
            BitConverter.TryWriteBytes(record[12..], checksum.Value);
        }
    }
}
