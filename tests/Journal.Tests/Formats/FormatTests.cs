using System.Collections;
using System.Reflection;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Formats;
using PasswordSync.Journal.Storing;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Formats;

public sealed class FormatTests
{
    public static TheoryData<string> EventKinds => [.. KnownEvents.ByKind.Keys];

    public static TheoryData<string> ArrivalKinds => [.. KnownArrivals.ByKind.Keys];

    [Theory]
    [MemberData(nameof(EventKinds))]
    public void Recorded_event_is_read_as_what_it_meant(string kind) =>
        GoldenRecords.Of(kind).Select(EventCodec.Decode).ShouldBe(KnownEvents.ByKind[kind]);

    [Theory]
    [MemberData(nameof(EventKinds))]
    public void Event_is_written_as_it_was_recorded(string kind) =>
        Texts(KnownEvents.ByKind[kind].Select(EventCodec.Encode)).ShouldBe(Texts(GoldenRecords.Of(kind)));

    [Fact]
    public void Event_that_does_not_follow_from_those_before_makes_a_journal_unreadable()
    {
        var identity = new IdentityId(Guid.NewGuid());
        var finished = GoldenRecords.Of("attempt-finished.1").First();

        var damaged = Should.Throw<UnreadableRecordException>(() => Replay.Fold(identity, [(1, finished)]));

        damaged.Message.ShouldStartWith($"Event 1 of identity {identity} does not follow from those before");
    }

    [Fact]
    public void Kinds_of_arrivals_that_are_read_are_those_recorded() => ArrivalCodec.Kinds.ShouldBe(KnownArrivals.ByKind.Keys, ignoreOrder: true);

    [Theory]
    [MemberData(nameof(ArrivalKinds))]
    public void Recorded_arrival_is_read_without_loss(string kind)
    {
        var arrivals = GoldenRecords.Of(kind).Select(ArrivalCodec.Decode).ToArray();
        Texts(arrivals.Select(ArrivalCodec.Encode)).ShouldBe(Texts(GoldenRecords.Of(kind)));
        arrivals.Select(arrival => (arrival.Id, arrival.Account, arrival.AcceptedAt))
            .ShouldBe(KnownArrivals.ByKind[kind].Select(arrival => (arrival.Id, arrival.Account, arrival.AcceptedAt)));
    }

    [Theory]
    [MemberData(nameof(ArrivalKinds))]
    public void Arrival_is_written_as_it_was_recorded(string kind) =>
        Texts(KnownArrivals.ByKind[kind].Select(ArrivalCodec.Encode)).ShouldBe(Texts(GoldenRecords.Of(kind)));

    [Fact]
    public void Recorded_snapshot_is_read_as_what_it_meant() =>
        GoldenRecords.Of("identity-state.1").Select(StateCodec.Decode).ToArray().ShouldBeEquivalentTo(KnownStates.All.ToArray());

    [Fact]
    public void Snapshot_is_written_as_it_was_recorded() =>
        Texts(KnownStates.All.Select(StateCodec.Encode)).ShouldBe(Texts(GoldenRecords.Of("identity-state.1")));

    [Fact]
    public void Record_that_this_version_does_not_understand_is_refused_with_the_reason()
    {
        var refused = GoldenRecords.Refused();
        refused.ShouldNotBeEmpty();
        foreach (var (record, says) in refused)
        {
            Action read = record.Kind.StartsWith("identity-state", StringComparison.Ordinal) ? () => StateCodec.Decode(record) : () => EventCodec.Decode(record);
            Should.Throw<UnreadableRecordException>(read, record.ToString()).Message.ShouldContain(says);
        }
    }

    [Fact]
    public void Arrival_of_a_later_version_is_refused() =>
        Should.Throw<UnreadableRecordException>(() => ArrivalCodec.Decode(new StoredRecord("confirmed.2", "{}"))).Message.ShouldContain("confirmed.2");

    [Theory]
    [InlineData(typeof(IdentityEvent))]
    [InlineData(typeof(DeliveryOutcome))]
    [InlineData(typeof(AttemptSequel))]
    [InlineData(typeof(PointState))]
    [InlineData(typeof(Arrival))]
    public void Every_member_of_a_closed_set_has_a_recorded_form(Type set)
    {
        var members = set.GetNestedTypes().Where(set.IsAssignableFrom).Select(type => type.Name).ToHashSet();
        var recorded = new HashSet<string>();
        foreach (var known in new IEnumerable[] { KnownEvents.ByKind.Values.SelectMany(e => e), KnownStates.All, KnownArrivals.ByKind.Values.SelectMany(a => a) })
        {
            foreach (var value in known) Collect(value, set, recorded);
        }

        members.Except(recorded).ShouldBeEmpty("give it a stored form in src/Journal/Formats and a golden record in tests/vectors/journal");
    }

    [Fact]
    public void Every_value_of_a_stored_enumeration_has_a_word_of_its_own()
    {
        foreach (var vocabulary in typeof(Vocabulary).GetProperties(BindingFlags.Public | BindingFlags.Static))
        {
            var words = vocabulary.GetValue(null)!;
            var enumeration = words.GetType().GetGenericArguments().Single();
            foreach (var value in Enum.GetValues(enumeration))
            {
                var word = words.GetType().GetMethod("Of")!.Invoke(words, [value]);
                words.GetType().GetMethod("Read")!.Invoke(words, [word]).ShouldBe(value, $"{enumeration.Name} '{word}'");
            }
        }
    }

    [Fact]
    public void Every_golden_file_is_read_by_a_test() =>
        GoldenRecords.Names.ShouldBe([.. KnownEvents.ByKind.Keys, .. KnownArrivals.ByKind.Keys, "identity-state.1", "history", "refused"], ignoreOrder: true);

    private static IEnumerable<string> Texts(IEnumerable<StoredRecord> records) => records.Select(record => $"{record.Kind} {record.Body}");

    private static void Collect(object? value, Type set, HashSet<string> found)
    {
        if (value is null || !value.GetType().FullName!.Contains("PasswordSync", StringComparison.Ordinal)) return;
        if (set.IsInstanceOfType(value)) found.Add(value.GetType().Name);
        if (value is IdentityState state)
        {
            foreach (var point in state.Points.Values) Collect(point, set, found);
            return;
        }

        foreach (var property in value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.GetIndexParameters().Length == 0 && property.PropertyType.Namespace?.StartsWith("PasswordSync.Core.De", StringComparison.Ordinal) == true)
            {
                Collect(property.GetValue(value), set, found);
            }
        }
    }
}
