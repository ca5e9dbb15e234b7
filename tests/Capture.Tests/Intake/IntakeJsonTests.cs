using System.Text.Json;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.Intake;

public sealed class IntakeJsonTests
{
    private static readonly CaptureId First = new(Guid.Parse("11111111-2222-3333-4444-555555555555"));
    private static readonly CaptureId Second = new(Guid.Parse("66666666-7777-8888-9999-aaaaaaaaaaaa"));
    private static readonly ProvenStamp Stamp = new(7, 13_439_778_444, Guid.Parse("bbbbbbbb-cccc-dddd-eeee-ffffffffffff"));
    private static readonly AccountNames Names = new("CN=Ann,DC=a", "ann", null, "ann@example.test");
    private static readonly DateTimeOffset Time = new(2026, 11, 21, 23, 46, 6, TimeSpan.Zero);

    [Fact]
    public void Batch_reads_back_as_it_was_written()
    {
        var batch = new IntakeBatch(new SourceId("alpha.test"), "dc1.alpha.test", "1.0", [
            new ConfirmedCapture(First, Guid.Empty, Stamp, Names, ["staff"], Time, Time, Time, new byte[] { 1, 2, 3 }),
            new AmbiguousCaptures(Guid.Empty, Stamp, Names, ["staff"], Time, [
                new CandidateCapture(First, Time, Time, new byte[] { 4 }), new CandidateCapture(Second, Time, Time, new byte[] { 5 })]),
            new CaptureReport(Second, null, "ann", CaptureVerdict.RefusedBySource, Time, Time, null)]);

        var json = JsonSerializer.Serialize(batch, IntakeJson.Default.IntakeBatch);
        var read = JsonSerializer.Deserialize(json, IntakeJson.Default.IntakeBatch)!;

        JsonSerializer.Serialize(read, IntakeJson.Default.IntakeBatch).ShouldBe(json);
        read.Items.Length.ShouldBe(3);
        read.Items[0].ShouldBeOfType<ConfirmedCapture>().Envelope.ToArray().ShouldBe([1, 2, 3]);
        read.Items[1].CaptureIds.ShouldBe([First, Second]);
        read.Items[2].ShouldBeOfType<CaptureReport>().Verdict.ShouldBe(CaptureVerdict.RefusedBySource);
    }

    [Fact]
    public void Item_names_its_kind_and_verdicts_have_names_of_their_own()
    {
        var json = JsonSerializer.Serialize(
            new IntakeBatch(new SourceId("a"), "dc", "1", [new CaptureReport(First, null, "ann", CaptureVerdict.SupersededAtEdge, Time, Time, Stamp)]),
            IntakeJson.Default.IntakeBatch);

        json.ShouldContain("\"kind\":\"report\"");
        json.ShouldContain("\"verdict\":\"superseded\"");
        json.ShouldContain("\"captureId\":\"11111111222233334444555555555555\"");
    }

    [Fact]
    public void Answer_reads_back_as_it_was_written()
    {
        var answer = new IntakeAnswer(
            [CaptureAnswer.Accepted(First), CaptureAnswer.Refused(Second, RefusalReason.TooOld, "Captured 40 days ago; 30 are allowed.")], [new Uri("https://node1:7443/")], 5);

        var json = JsonSerializer.Serialize(answer, IntakeJson.Default.IntakeAnswer);
        var read = JsonSerializer.Deserialize(json, IntakeJson.Default.IntakeAnswer)!;

        json.ShouldContain("\"reason\":\"too-old\"");
        read.Captures.ShouldBe(answer.Captures);
        read.Nodes.ShouldBe(answer.Nodes);
        read.ConfigurationVersion.ShouldBe(5);
    }

    [Fact]
    public void Configuration_reads_back_as_it_was_written()
    {
        var configuration = new EdgeConfiguration(
            3, "main", new SourceId("a"), [new ScopeRule("staff", "DC=a", ScopeLevel.Subtree, "(mail=*)", ["CN=g"], [])],
            [new SealingKey("00", "04", Time)], [new Uri("https://node1:7443/")], EdgeConfiguration.GraceSecondsDefault);

        var json = JsonSerializer.Serialize(configuration, IntakeJson.Default.EdgeConfiguration);
        var read = JsonSerializer.Deserialize(json, IntakeJson.Default.EdgeConfiguration)!;

        JsonSerializer.Serialize(read, IntakeJson.Default.EdgeConfiguration).ShouldBe(json);
        json.ShouldContain("\"level\":\"subtree\"");
    }

    [Theory]
    [InlineData("""{"source":"a","domainController":"dc","edgeVersion":"1"}""")]
    [InlineData("""{"source":"a","domainController":"dc","edgeVersion":"1","items":null}""")]
    [InlineData("""{"source":"A","domainController":"dc","edgeVersion":"1","items":[]}""")]
    [InlineData("""{"source":"a","domainController":null,"edgeVersion":"1","items":[]}""")]
    [InlineData("""{"source":"a","domainController":"dc","edgeVersion":"1","items":[{"kind":"other"}]}""")]
    [InlineData("""{"source":"a","domainController":"dc","edgeVersion":"1","items":[{"kind":"report"}]}""")]
    public void Malformed_batch_is_an_error(string json) =>
        Should.Throw<JsonException>(() => JsonSerializer.Deserialize(json, IntakeJson.Default.IntakeBatch));
}
