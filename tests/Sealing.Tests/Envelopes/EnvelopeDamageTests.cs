using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.KeyRings;
using Shouldly;
using Xunit;
using static PasswordSync.Sealing.Envelopes.EnvelopeRefusalReason;

namespace PasswordSync.Sealing.Tests.Envelopes;

/// <summary>What is not an envelope, or no longer the one that was sealed, never opens and never throws.</summary>
public sealed class EnvelopeDamageTests : IDisposable
{
    private const int CiphertextLength = 1_024;
    private const int TagLength = 16;
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 8, 30, 0, TimeSpan.Zero);

    private readonly KeyRing ring = KeyRing.Begin("north", Now);
    private readonly byte[] good;
    private readonly int headerLength;

    public EnvelopeDamageTests()
    {
        var description = new EnvelopeDescription(
            Guid.Parse("6f1c9a52-0b7d-4e38-9c44-d5a1e2f30718"), Now, 1104, "north", "ad.example", "dc1.ad.example", "Zoë");
        good = EnvelopeSealer.Seal(description, ring.CurrentKey(Now)!.PublicKey, PasswordEncoding.Utf8, "correct horse"u8);
        headerLength = Envelope.HeaderLength(good);
    }

    public void Dispose() => ring.Dispose();

    [Fact]
    public void Every_bit_before_the_ciphertext_and_of_the_tag_keeps_the_envelope_shut_when_flipped()
    {
        var tag = good.Length - TagLength;
        for (var at = 0; at < good.Length; at++)
        {
            if (at >= headerLength + 65 && at < tag) continue;
            for (var bit = 0; bit < 8; bit++) CheckFlipped(at, bit);
        }
    }

    [Fact]
    public void Every_byte_of_the_ciphertext_keeps_the_envelope_shut_when_a_bit_of_it_is_flipped()
    {
        for (var at = 0; at < CiphertextLength; at++) CheckFlipped(headerLength + 65 + at, bit: at % 8);
    }

    [Fact]
    public void Envelope_cut_anywhere_is_truncated()
    {
        for (var length = 0; length < good.Length; length++)
        {
            Refusal(good.AsSpan(..length)).ShouldBe(Truncated, $"{length} of {good.Length} bytes");
        }
    }

    [Fact]
    public void Random_bytes_are_refused()
    {
        const int Rounds = 20_000;
        const int Seed = 20_260_301;
        var random = new Random(Seed);
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = new byte[random.Next(3_000)];
            random.NextBytes(bytes);
            // Every second one begins like an envelope, to come further.
            var prefix = round % 2 == 0 ? 0 : Math.Min(bytes.Length, random.Next(headerLength + 1));
            good.AsSpan(..prefix).CopyTo(bytes);
            EnvelopeOpener.Open(bytes, ring, expected: null).IsOpened.ShouldBeFalse($"seed {Seed}, round {round}");
            if (Envelope.TryReadDescription(bytes, out var description, out _, out var refusal)) description.ShouldNotBeNull();
            else refusal.ShouldNotBeNull($"seed {Seed}, round {round}");
        }
    }

    [Fact]
    public void Envelope_with_parts_altered_moved_or_removed_is_refused()
    {
        const int Rounds = 3_000;
        const int Seed = 20_260_302;
        var random = new Random(Seed);
        for (var round = 0; round < Rounds; round++)
        {
            var damaged = Damaged(random);
            if (damaged.AsSpan().SequenceEqual(good)) continue;
            EnvelopeOpener.Open(damaged, ring, expected: null).IsOpened.ShouldBeFalse($"seed {Seed}, round {round}");
        }
    }

    private byte[] Damaged(Random random)
    {
        var (from, to) = (random.Next(good.Length + 1), random.Next(good.Length + 1));
        if (from > to) (from, to) = (to, from);
        switch (random.Next(4))
        {
            case 0:
                return [.. good[..from], .. good[to..]];
            case 1:
                return [.. good[..to], .. good[from..]];
            case 2:
                var reversed = good.ToArray();
                Array.Reverse(reversed, from, to - from);
                return reversed;
            default:
                var altered = good.ToArray();
                for (var count = random.Next(1, 6); count > 0; count--) altered[random.Next(altered.Length)] = (byte)random.Next(256);
                return altered;
        }
    }

    private void CheckFlipped(int at, int bit)
    {
        var flipped = good.ToArray();
        flipped[at] ^= (byte)(1 << bit);
        Allowed(at).ShouldContain(Refusal(flipped), $"bit {bit} of byte {at}");
    }

    private EnvelopeRefusalReason[] Allowed(int at) => at switch
    {
        0 => [UnknownFormat],
        1 => [UnknownSuite],
        < 18 => [UnknownKey],
        < 20 => [BadDescription, Truncated],
        // A capture id with one bit set is not zero; a time may go beyond its bound; a RID may be anything.
        < 36 => [NotAuthentic],
        < 44 => [NotAuthentic, BadDescription],
        < 48 => [NotAuthentic],
        _ when at < headerLength => [NotAuthentic, BadDescription],
        _ when at < headerLength + 65 => [BadPoint],
        _ => [NotAuthentic],
    };

    private EnvelopeRefusalReason Refusal(ReadOnlySpan<byte> envelope)
    {
        var opening = EnvelopeOpener.Open(envelope, ring, expected: null);
        opening.IsOpened.ShouldBeFalse();
        opening.Password.ShouldBeNull();
        opening.Description.ShouldBeNull();
        return opening.Refusal!.Reason;
    }
}
