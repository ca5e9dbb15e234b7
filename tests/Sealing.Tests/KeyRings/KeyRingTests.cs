using System.Collections.Immutable;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.KeyRings;
using PasswordSync.Sealing.Keys;
using PasswordSync.Sealing.Tests.VectorMaking;
using Shouldly;
using Xunit;

namespace PasswordSync.Sealing.Tests.KeyRings;

public sealed class KeyRingTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    [Fact]
    public void New_ring_has_one_key_that_is_sealed_to_at_once()
    {
        using var ring = KeyRing.Begin("north", Start);
        ring.Keys.Length.ShouldBe(1);
        ring.CurrentKey(Start).ShouldBe(ring.Keys[0]);
        ring.CurrentKey(Start - TimeSpan.FromTicks(1)).ShouldBeNull();
        ring.Revision.ShouldBe(0ul);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no\nrth")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123456789")]
    public void Name_of_a_cluster_that_no_envelope_can_bear_is_a_bug(string cluster) =>
        Should.Throw<ArgumentException>(() => KeyRing.Begin(cluster, Start));

    [Fact]
    public void Created_key_is_found_but_not_sealed_to_before_it_is_published()
    {
        using var ring = Done(KeyRing.Begin("north", Start).Create(Start + Day), out var id);
        ring.Find(id).Key.ShouldNotBeNull();
        ring.CurrentKey(Start + (9 * Day))!.Id.ShouldNotBe(id);

        var published = Done(ring.Publish(id, Start + (3 * Day)));
        published.CurrentKey(Start + (3 * Day) - TimeSpan.FromTicks(1))!.Id.ShouldNotBe(id);
        published.CurrentKey(Start + (3 * Day))!.Id.ShouldBe(id);
    }

    [Fact]
    public void Key_is_published_once()
    {
        using var ring = KeyRing.Begin("north", Start);
        Refusal(ring.Publish(ring.Keys[0].Id, Start + Day)).ShouldBe(KeyRingRefusalReason.AlreadyDone);
    }

    [Fact]
    public void Only_key_for_sealing_is_not_retired()
    {
        using var ring = Done(KeyRing.Begin("north", Start).Create(Start), out var second);
        var first = ring.Keys[0].Id;
        Refusal(ring.Retire(first, Start + Day)).ShouldBe(KeyRingRefusalReason.NoSuccessor, "the other one is not published");

        var late = Done(ring.Publish(second, Start + (2 * Day)));
        Refusal(late.Retire(first, Start + Day)).ShouldBe(KeyRingRefusalReason.NoSuccessor, "the other one is published later");

        var retired = Done(late.Retire(first, Start + (2 * Day)));
        Refusal(retired.Retire(second, Start + Day)).ShouldBe(KeyRingRefusalReason.NoSuccessor, "the other one retires too");
        Refusal(retired.Retire(first, Start + (3 * Day))).ShouldBe(KeyRingRefusalReason.AlreadyDone);
    }

    [Fact]
    public void Key_retired_before_it_was_published_stays_unpublished()
    {
        using var ring = Done(KeyRing.Begin("north", Start).Create(Start), out var id);
        var retired = Done(ring.Retire(id, Start + Day));
        Refusal(retired.Publish(id, Start + Day)).ShouldBe(KeyRingRefusalReason.AlreadyDone);
    }

    [Fact]
    public void Retired_key_still_opens()
    {
        using var ring = KeyRing.Begin("north", Start);
        var envelope = Seal(ring, Start);
        var rotated = Done(ring.Rotate(Start + Day, new KeyRotation(captureAgeMax: Day)));
        rotated.CurrentKey(Start + Day)!.Id.ShouldNotBe(ring.Keys[0].Id);
        ShouldOpen(envelope, rotated);
    }

    [Fact]
    public void Destroyed_key_leaves_its_id_and_time_and_the_opener_says_so()
    {
        using var ring = KeyRing.Begin("north", Start);
        var id = ring.Keys[0].Id;
        var envelope = Seal(ring, Start);
        var rotated = Done(ring.Rotate(Start + Day, new KeyRotation(captureAgeMax: Day)));

        using var destroyed = Done(rotated.Destroy(id, Start + (5 * Day)));

        destroyed.Keys.Select(key => key.Id).ShouldNotContain(id);
        destroyed.DestroyedKeys.ShouldBe([new DestroyedKey(id, Start, Start + (5 * Day))]);
        var refusal = EnvelopeOpener.Open(envelope, destroyed, expected: null).Refusal;
        refusal!.Reason.ShouldBe(EnvelopeRefusalReason.UnknownKey);
        refusal.Message.ShouldContain("destroyed at 2026-03-06T00:00:00Z");
        refusal.Message.ShouldContain(id.ToString());
    }

    [Fact]
    public void Key_that_was_never_there_is_unknown_without_a_time()
    {
        using var ring = KeyRing.Begin("north", Start);
        using var strange = KeyRing.Begin("north", Start);
        var refusal = EnvelopeOpener.Open(Seal(strange, Start), ring, expected: null).Refusal;
        refusal!.Reason.ShouldBe(EnvelopeRefusalReason.UnknownKey);
        refusal.Message.ShouldContain("does not hold");
    }

    [Fact]
    public void Key_is_destroyed_only_after_its_retirement()
    {
        using var ring = Done(KeyRing.Begin("north", Start).Rotate(Start + Day, new KeyRotation(captureAgeMax: Day)));
        var (former, current) = (ring.Keys[0].Id, ring.Keys[1].Id);
        Refusal(ring.Destroy(current, Start + (9 * Day))).ShouldBe(KeyRingRefusalReason.NotRetired);
        Refusal(ring.Destroy(former, Start + Day - TimeSpan.FromTicks(1))).ShouldBe(KeyRingRefusalReason.NotRetired);
        ring.Destroy(former, Start + Day).IsDone.ShouldBeTrue();
    }

    [Fact]
    public void Operations_on_a_key_that_is_not_there_say_what_became_of_it()
    {
        using var ring = Done(KeyRing.Begin("north", Start).Rotate(Start + Day, new KeyRotation(captureAgeMax: Day)));
        var former = ring.Keys[0].Id;
        var destroyed = Done(ring.Destroy(former, Start + Day));
        var never = Material.StrangeKey.PublicKey.Id;
        foreach (var operation in new Func<KeyId, KeyRingChange>[]
        {
            id => destroyed.Publish(id, Start + Day), id => destroyed.Retire(id, Start + Day), id => destroyed.Destroy(id, Start + Day),
        })
        {
            Refusal(operation(former)).ShouldBe(KeyRingRefusalReason.KeyDestroyed);
            Refusal(operation(never)).ShouldBe(KeyRingRefusalReason.UnknownKey);
        }
    }

    [Fact]
    public void Daily_rotation_opens_all_captures_of_the_maximum_age_and_keeps_no_key_longer()
    {
        var rotation = new KeyRotation(captureAgeMax: 10 * Day);
        var ring = KeyRing.Begin("north", Start);
        var envelopes = new List<(DateTimeOffset At, byte[] Envelope)>();
        for (var now = Start; now < Start + (40 * Day); now += Day)
        {
            if (ring.IsRotationDue(now, rotation)) ring = Done(ring.Rotate(now, rotation));
            envelopes.Add((now, Seal(ring, now)));
            foreach (var (at, envelope) in envelopes)
            {
                if (now - at <= rotation.CaptureAgeMax) ShouldOpen(envelope, ring);
                else if (now - at > rotation.CaptureAgeMax + rotation.Interval) EnvelopeOpener.Open(envelope, ring, expected: null).Refusal!.Name.ShouldBe("unknown-key");
            }

            ring.Keys.Length.ShouldBeLessThanOrEqualTo(12);
        }

        ring.DestroyedKeys.Length.ShouldBe(40 - ring.Keys.Length);
        ring.Dispose();
    }

    [Fact]
    public void Expired_keys_are_destroyed_without_a_new_one()
    {
        var rotation = new KeyRotation(captureAgeMax: Day);
        using var ring = Done(KeyRing.Begin("north", Start).Rotate(Start + Day, rotation));
        ring.DestroyExpired(Start + (2 * Day) - TimeSpan.FromTicks(1), rotation).Ring!.Keys.ShouldBe(ring.Keys);

        var cleared = ring.DestroyExpired(Start + (2 * Day), rotation);

        cleared.Key.ShouldBeNull();
        cleared.Ring!.Keys.ShouldBe([ring.Keys[1]]);
        cleared.Ring.DestroyedKeys.ShouldBe([new DestroyedKey(ring.Keys[0].Id, Start, Start + (2 * Day))]);
        cleared.Ring.CurrentKey(Start + (2 * Day)).ShouldBe(ring.Keys[1]);
    }

    [Fact]
    public void Rotation_is_due_when_the_newest_key_was_published_an_interval_ago()
    {
        var rotation = new KeyRotation(captureAgeMax: Day) { Interval = TimeSpan.FromHours(6), PublicationDelay = TimeSpan.FromHours(1) };
        using var ring = KeyRing.Begin("north", Start);
        ring.IsRotationDue(Start + TimeSpan.FromHours(6) - TimeSpan.FromTicks(1), rotation).ShouldBeFalse();
        ring.IsRotationDue(Start + TimeSpan.FromHours(6), rotation).ShouldBeTrue();

        var rotated = Done(ring.Rotate(Start + TimeSpan.FromHours(6), rotation));
        rotated.IsRotationDue(Start + TimeSpan.FromHours(6), rotation).ShouldBeFalse("the next key is about to be published");
        rotated.IsRotationDue(Start + TimeSpan.FromHours(13), rotation).ShouldBeTrue();
    }

    [Fact]
    public void Publication_delay_leaves_the_former_key_in_use_until_it_ends()
    {
        using var ring = KeyRing.Begin("north", Start);
        var rotated = Done(ring.Rotate(Start + Day, new KeyRotation(captureAgeMax: Day) { PublicationDelay = TimeSpan.FromHours(1) }), out var next);
        var changeOver = Start + Day + TimeSpan.FromHours(1);
        rotated.CurrentKey(changeOver - TimeSpan.FromTicks(1))!.Id.ShouldBe(ring.Keys[0].Id);
        rotated.CurrentKey(changeOver)!.Id.ShouldBe(next);
        rotated.Keys[0].RetiresAt.ShouldBe(changeOver);
        rotated.Keys[0].DestroyedAfter(Day).ShouldBe(changeOver + Day);
        rotated.Keys[1].DestroyedAfter(Day).ShouldBeNull();
    }

    [Fact]
    public void Rotation_has_no_negative_durations()
    {
        var minus = TimeSpan.FromTicks(-1);
        Should.Throw<ArgumentOutOfRangeException>(() => new KeyRotation(minus));
        Should.Throw<ArgumentOutOfRangeException>(() => new KeyRotation(Day) { Interval = minus });
        Should.Throw<ArgumentOutOfRangeException>(() => new KeyRotation(Day) { PublicationDelay = minus });
        new KeyRotation(Day).Interval.ShouldBe(Day);
    }

    [Fact]
    public void Full_ring_takes_no_further_key()
    {
        using var ring = new KeyRing("north", 1, [.. Enumerable.Range(0, KeyRing.KeysMax).Select(_ => KeyRing.Begin("north", Start).Keys[0])], []);
        var refusal = ring.Create(Start).Refusal;
        refusal!.Reason.ShouldBe(KeyRingRefusalReason.TooManyKeys);
        refusal.Message.ShouldContain("256");
        Refusal(ring.Rotate(Start, new KeyRotation(captureAgeMax: Day))).ShouldBe(KeyRingRefusalReason.TooManyKeys);
    }

    [Fact]
    public void Oldest_destroyed_keys_are_forgotten_first()
    {
        var remembered = Enumerable.Range(0, KeyRing.DestroyedKeysMax)
            .Select(number => new DestroyedKey(new KeyId(new Guid(number + 1, 0, 0, new byte[8]).ToByteArray()), Start, Start)).ToImmutableArray();
        using var begun = KeyRing.Begin("north", Start);
        using var ring = Done(new KeyRing("north", 1, begun.Keys, remembered).Rotate(Start, new KeyRotation(captureAgeMax: TimeSpan.Zero)));

        var destroyed = Done(ring.Destroy(begun.Keys[0].Id, Start));

        destroyed.DestroyedKeys.Length.ShouldBe(KeyRing.DestroyedKeysMax);
        destroyed.DestroyedKeys[0].ShouldBe(remembered[1]);
        destroyed.DestroyedKeys[^1].Id.ShouldBe(begun.Keys[0].Id);
    }

    private static byte[] Seal(KeyRing ring, DateTimeOffset now) =>
        EnvelopeSealer.Seal(Material.Description, ring.CurrentKey(now)!.PublicKey, PasswordEncoding.Utf8, "p"u8);

    private static void ShouldOpen(byte[] envelope, KeyRing ring)
    {
        var opening = EnvelopeOpener.Open(envelope, ring, expected: null);
        opening.IsOpened.ShouldBeTrue(opening.ToString());
        opening.Password!.Dispose();
    }

    private static KeyRing Done(KeyRingChange change) => Done(change, out _);

    private static KeyRing Done(KeyRingChange change, out KeyId id)
    {
        change.IsDone.ShouldBeTrue(change.ToString());
        id = change.Key!.Value;
        return change.Ring!;
    }

    private static KeyRingRefusalReason Refusal(KeyRingChange change)
    {
        change.IsDone.ShouldBeFalse();
        return change.Refusal!.Reason;
    }
}
