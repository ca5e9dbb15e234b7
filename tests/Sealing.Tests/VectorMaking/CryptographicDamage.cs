using PasswordSync.Sealing.Hpke;
using static PasswordSync.Sealing.Envelopes.EnvelopeRefusalReason;
using static PasswordSync.Sealing.Tests.VectorMaking.OpeningVectorMaker;

namespace PasswordSync.Sealing.Tests.VectorMaking;

/// <summary>Envelopes of right structure that no key opens, or that hold no password.</summary>
internal static class CryptographicDamage
{
    /// <summary>The point of P-256 whose X is zero: valid, if unusual.</summary>
    private const string PointWithXZero =
        "040000000000000000000000000000000000000000000000000000000000000000" + YWhereXIsZero;

    /// <summary>The same with X written as the field's prime: the curve's equation holds, the form does not.</summary>
    private const string PointWithXPrime =
        "04ffffffff00000001000000000000000000000000ffffffffffffffffffffffff" + YWhereXIsZero;

    private const string YWhereXIsZero = "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4";

    public static IEnumerable<OpeningVector> Make() => [.. Keys(), .. Points(), .. Altered(), .. SealedOtherwise(), .. Plaintexts()];

    private static IEnumerable<OpeningVector> Keys()
    {
        var strange = new RawEnvelope { KeyId = Material.StrangeKey.PublicKey.Id, Recipient = Material.StrangeKey.PublicKey };
        var destroyed = new RawEnvelope { KeyId = Material.DestroyedKey.PublicKey.Id, Recipient = Material.DestroyedKey.PublicKey };
        yield return Refused(UnknownKey, "never in the ring", strange.Seal("strange"));
        yield return Refused(UnknownKey, "destroyed", destroyed.Seal("destroyed"));
        yield return Refused(UnknownKey, "one bit of the id altered", Flip(new RawEnvelope().Seal("key id"), 2, 0x01));
        yield return Refused(UnknownKey, "before a bad point", Point(strange.Seal("strange"), new string('0', 130)));
    }

    private static IEnumerable<OpeningVector> Points()
    {
        var good = new RawEnvelope().Seal("points");
        var at = PointOffset(good);
        yield return Refused(BadPoint, "all zeros", Point(good, new string('0', 130)));
        yield return Refused(BadPoint, "infinity after the mark", Point(good, "04" + new string('0', 128)));
        yield return Refused(BadPoint, "all ones", Point(good, "04" + new string('f', 128)));
        yield return Refused(BadPoint, "marked as compressed, even", Replace(good, at, 0x02));
        yield return Refused(BadPoint, "marked as compressed, odd", Replace(good, at, 0x03));
        yield return Refused(BadPoint, "marked as hybrid", Replace(good, at, 0x06));
        yield return Refused(BadPoint, "off the curve by a bit of X", Flip(good, at + 32, 0x01));
        yield return Refused(BadPoint, "off the curve by a bit of Y", Flip(good, at + 64, 0x01));
        yield return Refused(BadPoint, "X not below the prime", Point(good, PointWithXPrime));
        yield return Refused(NotAuthentic, "the point with X of zero", Point(good, PointWithXZero));
        yield return Refused(NotAuthentic, "another point of the curve", Point(good, Material.OtherKey.PublicKey.ToString()));
        yield return Refused(NotAuthentic, "the recipient's own point", Point(good, Material.Key.PublicKey.ToString()));
    }

    private static IEnumerable<OpeningVector> Altered()
    {
        var good = new RawEnvelope().Seal("altered");
        var ciphertext = PointOffset(good) + P256Point.Size;
        yield return Refused(NotAuthentic, "capture id", Flip(good, 20, 0x01));
        yield return Refused(NotAuthentic, "capture time", Flip(good, 36, 0x01));
        yield return Refused(NotAuthentic, "RID", Flip(good, 44, 0x01));
        yield return Refused(NotAuthentic, "cluster", Flip(good, 49, 0x01));
        yield return Refused(NotAuthentic, "last letter of the account name", Flip(good, PointOffset(good) - 1, 0x02));
        yield return Refused(NotAuthentic, "first bit of the ciphertext", Flip(good, ciphertext, 0x80));
        yield return Refused(NotAuthentic, "padding", Flip(good, ciphertext + 1_023, 0x01));
        yield return Refused(NotAuthentic, "first bit of the tag", Flip(good, ciphertext + 1_024, 0x80));
        yield return Refused(NotAuthentic, "last bit", Flip(good, good.Length - 1, 0x01));
        yield return Refused(NotAuthentic, "before a wrong binding", Flip(good, 20, 0x01),
            new BindingVector("south", "ad.example", "dc1.ad.example", Material.Description.CaptureId.ToString("D")));

        var other = new RawEnvelope { Description = new RawDescription { AccountName = "bob"u8.ToArray() } }.Seal("altered");
        yield return Refused(NotAuthentic, "content under another header", [.. other[..PointOffset(other)], .. good[PointOffset(good)..]]);
    }

    private static IEnumerable<OpeningVector> SealedOtherwise()
    {
        yield return Refused(NotAuthentic, "sealed to another key", new RawEnvelope { Recipient = Material.OtherKey.PublicKey }.Seal("otherwise"));
        yield return Refused(NotAuthentic, "under the id of another key", new RawEnvelope { KeyId = Material.OtherKey.PublicKey.Id }.Seal("otherwise"));
        yield return Refused(NotAuthentic, "sealed for another purpose", new RawEnvelope { Info = "passwordsync/envelope/2" }.Seal("otherwise"));
        yield return Refused(NotAuthentic, "sealed with AES-128-GCM", new RawEnvelope { Aead = HpkeAead.Aes128Gcm }.Seal("otherwise"));
        yield return Refused(NotAuthentic, "sealed without associated data", new RawEnvelope { WithoutAssociatedData = true }.Seal("otherwise"));
        yield return Refused(NotAuthentic, "sealed as the second message", new RawEnvelope { AsSecondMessage = true }.Seal("otherwise"));
    }

    private static IEnumerable<OpeningVector> Plaintexts()
    {
        yield return Bad("encoding 0", Material.Plaintext(0, 2, "pp"u8));
        yield return Bad("encoding 3", Material.Plaintext(3, 2, "pp"u8));
        yield return Bad("length 1,022", Material.Plaintext(2, 1_022, []));
        yield return Bad("length 65,535", Material.Plaintext(2, 65_535, []));
        yield return Bad("odd length of UTF-16", Material.Plaintext(1, 1, "p"u8));
        yield return Bad("1,021 bytes of UTF-16", Material.Plaintext(1, 1_021, []));
        yield return Bad("UTF-8 cut within a character", Material.Plaintext(2, 2, [0xE2, 0x82]));
        yield return Bad("surrogate in UTF-8", Material.Plaintext(2, 3, [0xED, 0xA0, 0xBD]));
        yield return Bad("first byte of the padding", Material.Plaintext(2, 1, "pq"u8));
        yield return Bad("last byte of the padding", [.. Material.Plaintext(2, 1, "p"u8)[..^1], 1]);
        yield return Refused(BadPlaintext, "before a wrong binding", new RawEnvelope { Plaintext = Material.Plaintext(0, 0, []) }.Seal("plaintext"),
            new BindingVector("south", "ad.example", "dc1.ad.example", Material.Description.CaptureId.ToString("D")));

        static OpeningVector Bad(string name, byte[] plaintext) =>
            Refused(BadPlaintext, name, new RawEnvelope { Plaintext = plaintext }.Seal("plaintext"));
    }

    private static int PointOffset(byte[] envelope) => envelope.Length - 1_040 - P256Point.Size;

    private static byte[] Flip(byte[] envelope, int at, byte mask) => Replace(envelope, at, (byte)(envelope[at] ^ mask));

    private static byte[] Replace(byte[] envelope, int at, byte value) => [.. envelope[..at], value, .. envelope[(at + 1)..]];

    private static byte[] Point(byte[] envelope, string point) =>
        [.. envelope[..PointOffset(envelope)], .. point.Bytes(), .. envelope[(PointOffset(envelope) + P256Point.Size)..]];
}
