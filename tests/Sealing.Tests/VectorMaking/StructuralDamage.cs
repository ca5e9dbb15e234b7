using static PasswordSync.Sealing.Envelopes.EnvelopeRefusalReason;
using static PasswordSync.Sealing.Tests.VectorMaking.OpeningVectorMaker;

namespace PasswordSync.Sealing.Tests.VectorMaking;

/// <summary>Envelopes that are too short, too long, or of another format.</summary>
internal static class StructuralDamage
{
    public static IEnumerable<OpeningVector> Make()
    {
        var good = new RawEnvelope().Seal("structural damage");
        var header = good.Length - 65 - 1_040;
        foreach (var (name, length) in new[]
        {
            ("nothing at all", 0), ("only the format", 1), ("no key id", 2), ("within the key id", 17), ("no length of the description", 18),
            ("half a length of the description", 19), ("no description", 20), ("within the description", header - 1), ("no encapsulated key", header),
            ("within the encapsulated key", header + 64), ("no ciphertext", header + 65), ("no tag", good.Length - 16), ("one byte short", good.Length - 1),
        })
        {
            yield return Refused(Truncated, name, good[..length]);
        }

        yield return Refused(UnknownFormat, "0", new RawEnvelope { Format = 0 }.Seal("format"));
        yield return Refused(UnknownFormat, "2", new RawEnvelope { Format = 2 }.Seal("format"));
        yield return Refused(UnknownFormat, "255", new RawEnvelope { Format = 255 }.Seal("format"));
        yield return Refused(UnknownFormat, "one byte", [2]);
        yield return Refused(UnknownFormat, "before an unknown suite", new RawEnvelope { Format = 2, Suite = 2 }.Seal("format"));
        yield return Refused(UnknownSuite, "0", new RawEnvelope { Suite = 0 }.Seal("suite"));
        yield return Refused(UnknownSuite, "2", new RawEnvelope { Suite = 2 }.Seal("suite"));
        yield return Refused(UnknownSuite, "two bytes", [1, 2]);
        yield return Refused(UnknownSuite, "before an unknown key", new RawEnvelope { Suite = 2, KeyId = Material.StrangeKey.PublicKey.Id }.Seal("suite"));

        yield return Refused(TrailingBytes, "a zero", [.. good, 0]);
        yield return Refused(TrailingBytes, "a second envelope", [.. good, .. good]);
        yield return Refused(TrailingBytes, "before an unknown key", [.. new RawEnvelope { KeyId = Material.StrangeKey.PublicKey.Id }.Seal("trailing"), 0]);
    }
}
