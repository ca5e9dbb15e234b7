using PasswordSync.Capture.Health;
using PasswordSync.Capture.Spool;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.Spool;

public sealed class SpoolDamageTests
{
    private const int EnvelopeLength = 100;
    private static readonly int RecordLength = SpoolFormat.RecordLength(24 + EnvelopeLength);

    [Fact]
    public async Task Segment_cut_at_any_byte_of_its_last_record_keeps_the_records_before()
    {
        var (name, bytes) = await ThreeCapturesAsync();
        var lastAt = bytes.Length - RecordLength;
        for (var length = lastAt; length < bytes.Length - 4; length++)
        {
            await using var spool = Reopen(name, bytes[..length]);
            spool.Held.ShouldBe([1, 2], $"cut at {length}");
            spool.Alarms.All.ShouldBeEmpty();
            spool.Spool.Recovery.Damage.Count.ShouldBe(length == lastAt ? 0 : 1);
        }
    }

    [Fact]
    public async Task Last_record_with_any_byte_changed_is_a_torn_tail_and_is_kept_aside()
    {
        var (name, bytes) = await ThreeCapturesAsync();
        for (var at = bytes.Length - RecordLength; at < bytes.Length - 4; at++)
        {
            await using var spool = Reopen(name, Changed(bytes, at));
            spool.Held.ShouldBe([1, 2], $"changed at {at}");
            spool.Files.Aside.Count.ShouldBe(1);
        }
    }

    [Fact]
    public async Task Record_in_the_middle_with_any_byte_changed_is_reported_and_the_later_ones_are_recovered()
    {
        var (name, bytes) = await ThreeCapturesAsync();
        var middleAt = bytes.Length - (2 * RecordLength);
        for (var at = middleAt; at < middleAt + RecordLength - 4; at++)
        {
            await using var spool = Reopen(name, Changed(bytes, at));
            spool.Held.ShouldBe([1, 3], $"changed at {at}");
            spool.Alarms.All.ShouldHaveSingleItem().ShouldBeOfType<EdgeAlarm.SpoolDamaged>().Damage.Offset.ShouldBe(middleAt);
            spool.Files.Aside.ShouldHaveSingleItem().Value.Length.ShouldBe(RecordLength);
        }
    }

    [Fact]
    public async Task Damaged_segment_header_loses_no_record()
    {
        var (name, bytes) = await ThreeCapturesAsync();
        for (var at = 0; at < SpoolFormat.SegmentHeaderLength; at++)
        {
            await using var spool = Reopen(name, Changed(bytes, at));
            spool.Held.ShouldBe([1, 2, 3]);
            spool.Alarms.All.ShouldHaveSingleItem().ShouldBeOfType<EdgeAlarm.SpoolDamaged>();
        }
    }

    [Fact]
    public async Task Held_captures_leave_a_damaged_segment_and_it_is_deleted()
    {
        var (name, bytes) = await ThreeCapturesAsync();
        await using (var spool = Reopen(name, Changed(bytes, bytes.Length - RecordLength)))
        {
            await spool.AppendAsync(4);
            spool.Files.List().ShouldNotContain(name);
            await using var again = new RunningSpool(spool.Files.AfterPowerLoss(new Random(1)));
            again.Held.ShouldBe([1, 2, 4]);
            again.Spool.Recovery.Damage.ShouldBeEmpty();
            again.Spool.Read(RunningSpool.Id(2)).ShouldBe(RunningSpool.Envelope(2, EnvelopeLength));
        }
    }

    [Fact]
    public async Task Record_moved_to_another_place_is_no_record()
    {
        var (name, bytes) = await ThreeCapturesAsync();
        byte[] swapped = [.. bytes[..SpoolFormat.SegmentHeaderLength], .. bytes[^RecordLength..], .. bytes[(SpoolFormat.SegmentHeaderLength + RecordLength)..]];
        await using var spool = Reopen(name, swapped);
        spool.Held.ShouldBe([2, 3]);
        spool.Alarms.All.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Capture_that_the_disk_lost_meanwhile_raises_an_alarm_when_it_is_read()
    {
        await using var spool = new RunningSpool(new MemorySpoolFiles());
        await spool.AppendAsync(1);
        spool.Files.Damage(spool.Files.List().Single(), SpoolFormat.SegmentHeaderLength + 50);

        spool.Spool.Read(RunningSpool.Id(1)).ShouldBeNull();

        spool.Alarms.All.ShouldHaveSingleItem().ShouldBeOfType<EdgeAlarm.CaptureLost>().CaptureId.ShouldBe(RunningSpool.Id(1));
    }

    private static async Task<(string Name, byte[] Bytes)> ThreeCapturesAsync()
    {
        var files = new MemorySpoolFiles();
        await using var spool = new RunningSpool(files);
        for (var number = 1; number <= 3; number++) await spool.AppendAsync(number, EnvelopeLength);
        var name = files.List().Single();
        return (name, files.BytesOf(name));
    }

    private static RunningSpool Reopen(string name, byte[] bytes)
    {
        var files = new MemorySpoolFiles();
        files.Overwrite(name, bytes);
        return new RunningSpool(files);
    }

    private static byte[] Changed(byte[] bytes, int at)
    {
        byte[] changed = [.. bytes];
        changed[at] ^= 0x40;
        return changed;
    }
}
