using System.Buffers.Binary;
using PasswordSync.Capture.Health;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.Health;

public sealed class FilterStatusTests
{
    [Fact]
    public void Numbers_are_read_as_the_filter_writes_them()
    {
        var memory = Memory(FilterStatus.Length);

        FilterStatus.TryRead(memory, out var status).ShouldBeTrue();

        FilterStatus.TryRead(memory.AsSpan()[..^1], out _).ShouldBeFalse();
        memory[4] = 2;
        FilterStatus.TryRead(memory, out _).ShouldBeFalse();
        status.ShouldBe(new FilterStatus(
            new DateTimeOffset(1601, 1, 1, 0, 0, 0, TimeSpan.Zero), 1, FilterState.NotInstalled, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, new FilterLosses(16, 17, 18, 19, 20, 21)));
    }

    [Fact]
    public void A_later_filter_may_tell_more()
    {
        FilterStatus.TryRead(Memory(FilterStatus.KnownLength), out var known).ShouldBeTrue();
        FilterStatus.TryRead(Memory(FilterStatus.KnownLength + 4_000), out var more).ShouldBeTrue();

        (known.ShouldNotBeNull().ThreadFaults, more).ShouldBe((23, known));
    }

    /// <summary>Each number is its own place in the list.</summary>
    private static byte[] Memory(int length)
    {
        var memory = new byte[length];
        "PSFS"u8.CopyTo(memory);
        memory[4] = 1;
        for (var index = 0; 8 * (index + 2) <= length; index++) BinaryPrimitives.WriteInt64LittleEndian(memory.AsSpan(8 + (8 * index)), index);
        return memory;
    }
}
