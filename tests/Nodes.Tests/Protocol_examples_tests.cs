using System.Text.Json;
using System.Text.RegularExpressions;
using PasswordSync.Core.Intake;
using PasswordSync.Nodes.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests;

/// <summary>The worked examples of <c>docs/spec/edge-protocol.md</c> are what edges and nodes read.</summary>
public sealed partial class Protocol_examples_tests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(RepositoryFolder.Path, "docs", "spec", "edge-protocol.md"));

    [Fact]
    public void Configuration_batch_and_answer_of_the_page_can_be_read()
    {
        var examples = Block().Matches(Page).Select(match => match.Groups[1].Value).ToList();

        examples.Count.ShouldBe(3);
        var configuration = JsonSerializer.Deserialize(examples[0], IntakeJson.Default.EdgeConfiguration)!;
        var batch = JsonSerializer.Deserialize(examples[1], IntakeJson.Default.IntakeBatch)!;
        var answer = JsonSerializer.Deserialize(examples[2], IntakeJson.Default.IntakeAnswer)!;
        configuration.Source.ShouldBe(batch.Source);
        batch.Items.Select(item => item.GetType()).ShouldBe([typeof(ConfirmedCapture), typeof(CaptureReport)]);
        answer.Captures.Select(capture => capture.CaptureId).ShouldBe(batch.Items.SelectMany(item => item.CaptureIds));
        answer.ConfigurationVersion.ShouldBe(configuration.Version);
    }

    [Fact]
    public void The_page_names_every_word_of_the_wire()
    {
        var words = Enum.GetValues<AnswerKind>().Select(kind => JsonSerializer.Serialize(kind))
            .Concat(Enum.GetValues<RefusalReason>().Select(reason => JsonSerializer.Serialize(reason)))
            .Concat(Enum.GetValues<ScopeLevel>().Select(level => JsonSerializer.Serialize(level)));

        words.Select(word => word.Trim('"')).Where(word => !Page.Contains($"`{word}`")).ShouldBeEmpty();
        Page.ShouldContain(EdgeConfiguration.Path);
        Page.ShouldContain(IntakeBatch.Path);
    }

    [GeneratedRegex("```json\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
