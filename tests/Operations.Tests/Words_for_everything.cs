using System.Runtime.CompilerServices;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.SyncNode.Operations.Sync;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>A new event, outcome or reason must have its words before it is first met: an operator's command that throws helps nobody.</summary>
public sealed class Words_for_everything
{
    public static TheoryData<Type> Outcomes => [.. KindsOf(typeof(DeliveryOutcome))];

    public static TheoryData<Type> Events => [.. KindsOf(typeof(IdentityEvent))];

    [Theory, MemberData(nameof(Outcomes))]
    public void Every_outcome_has_a_word(Type kind) => Stories.WordOf((DeliveryOutcome)RuntimeHelpers.GetUninitializedObject(kind)).ShouldNotBeEmpty();

    [Theory, MemberData(nameof(Events))]
    public void Every_event_has_a_word(Type kind) => PasswordLogWords.Words.ShouldContain(PasswordLogWords.WordOf((IdentityEvent)RuntimeHelpers.GetUninitializedObject(kind)));

    [Fact]
    public void Every_word_is_of_an_event() => PasswordLogWords.Words.ShouldBe(KindsOf(typeof(IdentityEvent)).Select(kind => PasswordLogWords.WordOf((IdentityEvent)RuntimeHelpers.GetUninitializedObject(kind))), ignoreOrder: true);

    [Fact]
    public void Every_end_reason_and_verdict_has_a_word()
    {
        foreach (var end in Enum.GetValues<DeliveryEnd>()) Stories.WordOf(end).ShouldNotBeEmpty();
        foreach (var reason in Enum.GetValues<IgnoreReason>()) Stories.WordOf(reason).ShouldNotBeEmpty();
        foreach (var verdict in Enum.GetValues<CaptureVerdict>()) Stories.WordOf(verdict).ShouldNotBeEmpty();
    }

    private static IEnumerable<Type> KindsOf(Type closedSet) => closedSet.GetNestedTypes().Where(kind => kind.IsSubclassOf(closedSet));
}
