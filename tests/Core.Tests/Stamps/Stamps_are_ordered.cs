using FsCheck;
using FsCheck.Fluent;
using PasswordSync.Core.Stamps;
using Shouldly;
using Xunit;

namespace PasswordSync.Core.Tests.Stamps;

public sealed class Stamps_are_ordered
{
    private static readonly Gen<uint> AnyVersion = Gen.OneOf(
        Gen.Choose(-3, 3).Select(near => unchecked((uint)near)), Gen.Choose(-3, 3).Select(near => 0x8000_0000u + unchecked((uint)near)),
        Gen.Choose(int.MinValue, int.MaxValue).Select(any => unchecked((uint)any)));

    [Theory]
    [InlineData(0u, 0u, 0)]
    [InlineData(2u, 1u, 1)]
    [InlineData(0u, 0xFFFF_FFFFu, 1)]
    [InlineData(0xFFFF_FFFFu, 0u, -1)]
    [InlineData(0x8000_0000u, 0u, 1)]
    [InlineData(0u, 0x8000_0000u, -1)]
    [InlineData(0x7FFF_FFFFu, 0xFFFF_FFFFu, -1)]
    [InlineData(0x8000_0001u, 0u, -1)]
    [InlineData(0x7FFF_FFFFu, 0u, 1)]
    public void Versions_compare_as_serial_numbers(uint left, uint right, int expected) => Stamp.CompareVersions(left, right).ShouldBe(expected);

    [Fact]
    public void Versions_compare_as_the_procedure_of_the_protocol_says() => Check(
        AnyVersion.SelectMany(left => AnyVersion.Select(right => (left, right))),
        pair => Stamp.CompareVersions(pair.left, pair.right).ShouldBe(Prescribed(pair.left, pair.right)));

    [Fact]
    public void Within_half_the_circle_versions_are_totally_ordered() => Check(
        AnyVersion.SelectMany(start => Gen.Choose(0, int.MaxValue).Two().Select(steps => (start, steps.Item1, steps.Item2))),
        drawn =>
        {
            var first = unchecked(drawn.start + (uint)drawn.Item2);
            var second = unchecked(drawn.start + (uint)drawn.Item3);
            Stamp.CompareVersions(first, second).ShouldBe(Math.Sign(drawn.Item2.CompareTo(drawn.Item3)));
        });

    [Fact]
    public void The_comparison_of_any_two_stamps_is_antisymmetric_and_zero_only_for_equal_ones() => Check(
        AnyStamp().SelectMany(left => AnyStamp().Select(right => (left, right))),
        pair =>
        {
            Math.Sign(pair.left.CompareTo(pair.right)).ShouldBe(-Math.Sign(pair.right.CompareTo(pair.left)));
            (pair.left.CompareTo(pair.right) == 0).ShouldBe(pair.left == pair.right);
            (pair.left < pair.right, pair.left > pair.right, pair.left <= pair.right, pair.left >= pair.right)
                .ShouldBe((pair.left.CompareTo(pair.right) < 0, pair.left.CompareTo(pair.right) > 0, pair.left.CompareTo(pair.right) <= 0, pair.left.CompareTo(pair.right) >= 0));
        });

    [Fact]
    public void Generation_comes_before_version_then_the_second_then_the_invocation_id()
    {
        var stamp = new Stamp(1, 5, 100, new Guid("00000002-0000-0000-0000-000000000000"));
        Stamp[] ascending =
        [
            stamp with { Generation = 0, Version = 9, OriginatingSecond = 900 }, stamp with { Version = 4, OriginatingSecond = 900 }, stamp with { OriginatingSecond = 99 },
            stamp with { InvocationId = new Guid("00000001-ffff-ffff-ffff-ffffffffffff") }, stamp, stamp with { InvocationId = new Guid("00000002-0001-0000-0000-000000000000") },
            stamp with { InvocationId = new Guid("80000000-0000-0000-0000-000000000000") }, stamp with { OriginatingSecond = 101 }, stamp with { Version = 6, OriginatingSecond = 1 },
            stamp with { Generation = 2, Version = 0, OriginatingSecond = 0 },
        ];

        ascending.Reverse().Order().ShouldBe(ascending);
    }

    [Fact]
    public void The_originating_second_counts_from_1601()
    {
        var time = new DateTimeOffset(2026, 3, 1, 12, 0, 0, 999, TimeSpan.Zero);

        Stamp.ToOriginatingSecond(new DateTimeOffset(1601, 1, 1, 0, 0, 0, TimeSpan.Zero)).ShouldBe(0);
        new Stamp(0, 1, Stamp.ToOriginatingSecond(time), Guid.Empty).OriginatingTime.ShouldBe(time.AddMilliseconds(-999));
    }

    // MS-DRSR 5.11, branch by branch; where x is 0x7FFFFFFF the rest follows from the other branches with the sides exchanged.
    private static int Prescribed(uint x, uint y) => unchecked(x == y ? 0
        : x > 0x7FFF_FFFF ? y == x - 0x8000_0000 ? 1 : y < x - 0x7FFF_FFFF || x < y ? -1 : 1
        : x < 0x7FFF_FFFF ? y == x + 0x8000_0000 ? -1 : x < y && y < x - 0x7FFF_FFFF ? -1 : 1
        : y == 0xFFFF_FFFF ? -1 : -Prescribed(y, x));

    private static Gen<Stamp> AnyStamp() =>
        from generation in Gen.Choose(0, 1)
        from version in AnyVersion
        from second in Gen.Choose(0, 2)
        from invocation in Gen.Choose(-2, 2)
        select new Stamp(generation, version, second, new Guid(invocation, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));

    private static void Check<T>(Gen<T> values, Action<T> holds) => Properties.Check(Prop.ForAll(Arb.From(values), holds), cases: 2_000, inLongSeries: 2_000);
}
