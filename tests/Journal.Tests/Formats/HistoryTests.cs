using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Journal.Formats;
using PasswordSync.Journal.Storing;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Formats;

/// <summary>One history in the two shapes that journals have it in: with an event for each sync point, and with the points in the events of a decision.</summary>
public sealed class HistoryTests
{
    [Fact]
    public void Both_shapes_of_a_journal_fold_to_the_same_state()
    {
        var (former, present, state) = GoldenRecords.History();

        foreach (var records in (StoredRecord[][])[former, present])
        {
            var folded = Replay.Fold(new IdentityId(Guid.NewGuid()), records.Select((record, i) => (i + 1L, record)));
            folded.Sequence.ShouldBe(records.Length);
            StateCodec.Encode(folded with { Sequence = 0 }).Body.ShouldBe(state.Body);
        }
    }

    [Fact]
    public void A_journal_of_before_goes_on_in_the_shape_of_now()
    {
        var (former, present, state) = GoldenRecords.History();
        var events = present.Select(EventCodec.Decode).ToList();
        var later = events.FindLastIndex(happened => happened is IdentityEvent.CaptureAccepted);
        var then = events[later].At;

        StoredRecord[] mixed = [.. former.TakeWhile(record => EventCodec.Decode(record).At < then), .. present.SkipWhile(record => EventCodec.Decode(record).At < then)];

        mixed.Count(record => record.Kind == "delivery-queued.1" && EventCodec.Decode(record).At < then).ShouldBeGreaterThan(0, "the beginning is of before");
        StateCodec.Encode(Replay.Fold(new IdentityId(Guid.NewGuid()), mixed.Select((record, i) => (i + 1L, record))) with { Sequence = 0 }).Body.ShouldBe(state.Body);
    }

    [Fact]
    public void Both_shapes_tell_people_the_same() =>
        GoldenRecords.History().Present.SelectMany(record => EventCodec.Decode(record).PointByPoint()).ShouldBe(GoldenRecords.History().Former.Select(EventCodec.Decode), ignoreOrder: true);

    [Fact]
    public void History_is_written_as_it_was_recorded() =>
        RecordedHistory.Play().Select(EventCodec.Encode).Select(record => $"{record.Kind} {record.Body}").ShouldBe(GoldenRecords.History().Present.Select(record => $"{record.Kind} {record.Body}"));
}
