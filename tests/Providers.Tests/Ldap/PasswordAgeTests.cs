using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Ldap;
using PasswordSync.Providers.Probing;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Ldap;

public sealed class PasswordAgeTests
{
    private const string Time1 = "20260101000000Z";
    private const string Time2 = "20260101000001Z";
    private const string Csn1 = "20260101000000.100000Z#000000#000#000000";
    private const string Csn2 = "20260101000000.200000Z#000000#000#000000";

    [Theory]
    [InlineData(Time1, Csn1, Time1, Csn1, MarkComparison.Same)]
    [InlineData(Time1, Csn1, Time2, Csn2, MarkComparison.Different)]
    [InlineData(null, Csn1, Time1, Csn2, MarkComparison.Different)]
    [InlineData(Time1, Csn1, Time1, Csn2, MarkComparison.Unknown)]
    [InlineData(null, Csn1, null, Csn2, MarkComparison.Unknown)]
    [InlineData(null, Csn1, null, Csn1, MarkComparison.Same)]
    [InlineData(Time1, null, Time1, null, MarkComparison.Unknown)]
    [InlineData(Time1, null, Time2, null, MarkComparison.Different)]
    [InlineData(Time1, Csn1, null, null, MarkComparison.Unknown)]
    public void Ages_compare_as_far_as_they_tell(string? timeBefore, string? csnBefore, string? timeNow, string? csnNow, MarkComparison expected)
    {
        var journalled = PasswordAge.FromMark(new PasswordAge(timeBefore, csnBefore).ToMark());

        new PasswordAge(timeNow, csnNow).CompareWith(journalled).ShouldBe(expected);
    }

    [Fact]
    public void An_entry_that_shows_nothing_has_no_mark_and_compares_with_none()
    {
        new PasswordAge(null, null).ToMark().ShouldBeNull();
        new PasswordAge(Time1, Csn1).CompareWith(null).ShouldBe(MarkComparison.Unknown);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a|b|c")]
    public void A_mark_of_another_form_is_none(string mark) => PasswordAge.FromMark(new TargetMark(mark)).ShouldBeNull();
}
