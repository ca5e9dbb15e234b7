using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.Tests.VectorMaking;
using Shouldly;
using Xunit;

namespace PasswordSync.Sealing.Tests.Envelopes;

public sealed class EnvelopeDescriptionTests
{
    private static readonly Guid Id = Guid.Parse("6f1c9a52-0b7d-4e38-9c44-d5a1e2f30718");
    private static readonly DateTimeOffset Time = new(2026, 3, 1, 8, 30, 0, TimeSpan.Zero);

    [Fact]
    public void Capture_id_of_all_zeros_is_a_bug() => ShouldName("captureId", () => With(id: Guid.Empty));

    [Fact]
    public void Capture_time_before_1601_is_a_bug() => ShouldName("captureTime", () => With(time: new DateTimeOffset(1600, 12, 31, 23, 59, 59, TimeSpan.Zero)));

    [Theory]
    [InlineData("")]
    [InlineData("no\trth")]
    [InlineData("north\u007f")]
    [InlineData("ééééééééééééééééééééééééééééééééé")]
    public void Cluster_that_breaks_its_rule_is_a_bug(string cluster) => ShouldName("cluster", () => With(cluster: cluster));

    /// <summary>Only an account name comes from a hook that may give such text.</summary>
    [Fact]
    public void Surrogate_without_a_partner_elsewhere_is_a_bug()
    {
        ShouldName("cluster", () => With(cluster: "north\uD83D"));
        ShouldName("domainController", () => With(domainController: "\uDD11dc1"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("AD.example")]
    [InlineData("-ad")]
    [InlineData("ad\n")]
    [InlineData("äd")]
    [InlineData("ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss")]
    public void Source_that_breaks_its_rule_is_a_bug(string source) => ShouldName("source", () => With(source: source));

    [Theory]
    [InlineData("")]
    [InlineData("DC1.ad.example")]
    [InlineData("dc1\0")]
    public void DC_that_breaks_its_rule_is_a_bug(string domainController) => ShouldName("domainController", () => With(domainController: domainController));

    [Theory]
    [InlineData("")]
    [InlineData("a\u001fb")]
    public void Account_name_that_breaks_its_rule_is_a_bug(string accountName) => ShouldName("accountName", () => With(accountName: accountName));

    [Fact]
    public void Account_name_of_more_than_1024_bytes_is_a_bug()
    {
        With(accountName: new string('a', 1_024)).AccountName.Length.ShouldBe(1_024);
        ShouldName("accountName", () => With(accountName: new string('a', 1_025)));
        ShouldName("accountName", () => With(accountName: new string('é', 513)));
    }

    [Fact]
    public void Surrogate_without_a_partner_in_an_account_name_is_replaced() =>
        With(accountName: "a\uD83Db\uDD11\U0001F511").AccountName.ShouldBe("a\uFFFDb\uFFFD\U0001F511");

    [Fact]
    public void Capture_time_is_kept_in_UTC_to_100_nanoseconds()
    {
        var time = new DateTimeOffset(2026, 3, 1, 10, 30, 0, TimeSpan.FromHours(2)).AddTicks(1);
        var description = With(time: time);
        description.CaptureTime.ShouldBe(Time.AddTicks(1));
        description.CaptureTime.Offset.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void Descriptions_are_equal_by_value()
    {
        With().ShouldBe(With());
        With().ShouldNotBe(With(accountName: "bob"));
    }

    [Fact]
    public void Bounds_are_the_ones_of_the_fields()
    {
        var bytes = new byte[DescriptionFormat.LengthMax];
        DescriptionFormat.Write(Material.SmallestDescription, bytes).ShouldBe(DescriptionFormat.LengthMin);
        DescriptionFormat.Write(Material.LargestDescription, bytes).ShouldBe(DescriptionFormat.LengthMax);
        (DescriptionFormat.LengthMin, DescriptionFormat.LengthMax).ShouldBe((37, 1_439));
    }

    [Fact]
    public void Binding_names_the_first_difference()
    {
        var description = With();
        new ExpectedBinding("north", "ad.example", "dc1.ad.example", Id).Check(description).ShouldBeNull();
        new ExpectedBinding("north", "ad.example", DomainController: null, CaptureId: null).Check(description).ShouldBeNull();
        Message(new ExpectedBinding("south", "other", "dc2", Guid.Empty)).ShouldContain("cluster 'north'; expected is 'south'");
        Message(new ExpectedBinding("north", "other", "dc2", Guid.Empty)).ShouldContain("source 'ad.example'; expected is 'other'");
        Message(new ExpectedBinding("north", "ad.example", "dc2", Guid.Empty)).ShouldContain("DC 'dc1.ad.example'; expected is 'dc2'");
        Message(new ExpectedBinding("north", "ad.example", "dc1.ad.example", Guid.Empty)).ShouldContain($"capture '{Id:N}'");

        string Message(ExpectedBinding binding)
        {
            var refusal = binding.Check(description)!;
            refusal.Reason.ShouldBe(EnvelopeRefusalReason.WrongBinding);
            return refusal.Message;
        }
    }

    private static EnvelopeDescription With(
        Guid? id = null, DateTimeOffset? time = null, string cluster = "north", string source = "ad.example",
        string domainController = "dc1.ad.example", string accountName = "ada") =>
        new(id ?? Id, time ?? Time, 1104, cluster, source, domainController, accountName);

    private static void ShouldName(string field, Action action) => Should.Throw<ArgumentException>(action).ParamName.ShouldBe(field);
}
