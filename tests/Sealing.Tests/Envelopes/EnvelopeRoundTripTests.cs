using System.Text;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.KeyRings;
using Shouldly;
using Xunit;

namespace PasswordSync.Sealing.Tests.Envelopes;

public sealed class EnvelopeRoundTripTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 8, 30, 0, TimeSpan.Zero);
    private readonly KeyRing ring = KeyRing.Begin("north", Now);

    public void Dispose() => ring.Dispose();

    [Fact]
    public void Any_password_and_description_come_back_as_they_were_sealed()
    {
        const int Rounds = 300;
        const int Seed = 20_260_303;
        var random = new Random(Seed);
        for (var round = 0; round < Rounds; round++)
        {
            var description = RandomDescription(random);
            var (encoding, password) = RandomPassword(random);
            var envelope = EnvelopeSealer.Seal(description, ring.CurrentKey(Now)!.PublicKey, encoding, password);
            var expected = new ExpectedBinding(description.Cluster, description.Source, description.DomainController, description.CaptureId);

            var opening = EnvelopeOpener.Open(envelope, ring, expected);

            opening.IsOpened.ShouldBeTrue($"seed {Seed}, round {round}: {opening}");
            using var opened = opening.Password!;
            opened.Encoding.ShouldBe(encoding);
            opened.Bytes.SequenceEqual(password).ShouldBeTrue($"seed {Seed}, round {round}");
            opening.Description.ShouldBe(description);
            Envelope.TryReadDescription(envelope, out var read, out var keyId, out _).ShouldBeTrue();
            read.ShouldBe(description);
            keyId.ShouldBe(ring.Keys[0].Id);
        }
    }

    [Fact]
    public void Length_of_the_password_does_not_show()
    {
        var lengths = new[] { 0, 1, 8, 100, 1_021 }.Select(length => Seal(new byte[length]).Length);
        lengths.Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public void Two_envelopes_of_one_password_have_nothing_secret_in_common()
    {
        var (one, other) = (Seal("same"u8), Seal("same"u8));
        var header = Envelope.HeaderLength(one);
        one[..header].ShouldBe(other[..header]);
        one[header..].Zip(other[header..]).Count(pair => pair.First == pair.Second).ShouldBeLessThan(60, "chance leaves four or five in 1,105");
    }

    [Fact]
    public void Lengths_of_envelopes_are_the_ones_of_the_specification()
    {
        Envelope.LengthMin.ShouldBe(1_162);
        Envelope.LengthMax.ShouldBe(2_564);
        Envelope.PasswordBytesMax.ShouldBe(1_021);
    }

    [Fact]
    public void Password_that_cannot_be_sealed_is_a_bug_of_whom_said_that_it_can()
    {
        var exception = Should.Throw<ArgumentException>(() => Seal(Encoding.UTF8.GetBytes(new string('s', 1_022))));
        exception.Message.ShouldNotContain("sss");
        exception.Message.ShouldContain("1021");
    }

    [Fact]
    public void Encoding_that_does_not_exist_is_malformed()
    {
        var sealedAnyway = EnvelopeSealer.TrySeal(RandomDescription(new Random(1)), ring.Keys[0].PublicKey, (PasswordEncoding)3, "p"u8, out _, out var refusal);
        sealedAnyway.ShouldBeFalse();
        refusal!.Reason.ShouldBe(SealingRefusalReason.Malformed);
    }

    private byte[] Seal(ReadOnlySpan<byte> password) =>
        EnvelopeSealer.Seal(VectorMaking.Material.Description, ring.Keys[0].PublicKey, PasswordEncoding.Utf8, password);

    private static EnvelopeDescription RandomDescription(Random random)
    {
        var id = new byte[16];
        random.NextBytes(id);
        return new EnvelopeDescription(
            new Guid(id),
            new DateTimeOffset(1601, 1, 1, 0, 0, 0, TimeSpan.Zero).AddTicks(random.NextInt64(2_650_467_744_000_000_000)),
            (uint)random.NextInt64(uint.MaxValue + 1L),
            RandomText(random, "abcXYZ -&é€\U0001F511", bytesMax: 64),
            "s" + RandomText(random, "abc019.-", bytesMax: 62),
            RandomText(random, "abc019.-_ü", bytesMax: 255),
            RandomText(random, "abcABC$ .é€\U0001F511\u0301", bytesMax: 1_024));
    }

    private static (PasswordEncoding Encoding, byte[] Password) RandomPassword(Random random)
    {
        if (random.Next(2) == 0) return (PasswordEncoding.Utf8, Encoding.UTF8.GetBytes(RandomText(random, "abcABC019!\0é€\U0001F511", bytesMax: 1_021)));
        var units = new byte[2 * random.Next(511)];
        random.NextBytes(units);
        return (PasswordEncoding.Utf16LittleEndian, units);
    }

    private static string RandomText(Random random, string alphabet, int bytesMax)
    {
        var runes = alphabet.EnumerateRunes().ToArray();
        var text = new StringBuilder();
        var bytes = 0;
        for (var left = random.Next(1, bytesMax + 1); left > 0; left--)
        {
            var rune = runes[random.Next(runes.Length)];
            if (bytes + rune.Utf8SequenceLength > bytesMax) break;
            text.Append(rune.ToString());
            bytes += rune.Utf8SequenceLength;
        }

        return text.ToString();
    }
}
