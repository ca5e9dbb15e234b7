using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.Keys;

namespace PasswordSync.Sealing.Tests.VectorMaking;

/// <summary>Makes envelope-opening.json: what an opener must open, and what it must refuse and how.</summary>
internal static class OpeningVectorMaker
{
    private const string About =
        "What an opener must open or refuse, with the keys it holds: docs/spec/envelope.md. Fields: README.md in this folder.";

    private static readonly BindingVector RightBinding = new("north", "ad.example", "dc1.ad.example", Material.Description.CaptureId.ToString("D"));

    public static OpeningFile Make() => new(
        About,
        [Key("recipient 1", Material.Key.PublicKey), Key("recipient 2", Material.OtherKey.PublicKey)],
        [new(Material.DestroyedKey.PublicKey.Id.ToString(), Material.DestroyedAt.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null))],
        [.. Good(), .. StructuralDamage.Make(), .. DescriptionDamage.Make(), .. CryptographicDamage.Make(), .. WrongBinding()]);

    /// <summary>A vector that is refused.</summary>
    public static OpeningVector Refused(EnvelopeRefusalReason reason, string name, byte[] envelope, BindingVector? binding = null)
    {
        var refusal = EnvelopeRefusal.NameOf(reason);
        return new OpeningVector($"{refusal}, {name}", envelope.Hex(), binding, refusal, Encoding: null, Password: null, Description: null);
    }

    private static IEnumerable<OpeningVector> Good()
    {
        foreach (var (name, encoding, password) in Material.Passwords) yield return Opened(name, Material.Description, encoding, password, binding: null);
        yield return Opened("the smallest description", Material.SmallestDescription, PasswordEncoding.Utf8, "p"u8.ToArray(), binding: null);
        yield return Opened("the largest description", Material.LargestDescription, PasswordEncoding.Utf8, "p"u8.ToArray(), binding: null);
        yield return Opened("an unusual description", Material.UnusualDescription, PasswordEncoding.Utf8, "p"u8.ToArray(), binding: null);
        yield return Opened("bound as expected", Material.Description, PasswordEncoding.Utf8, "p"u8.ToArray(), RightBinding);
        yield return Opened("DC and capture not known to the opener", Material.Description, PasswordEncoding.Utf8, "p"u8.ToArray(),
            RightBinding with { Dc = null, CaptureId = null });
    }

    private static IEnumerable<OpeningVector> WrongBinding()
    {
        yield return Wrong("cluster", RightBinding with { Cluster = "south" });
        yield return Wrong("cluster in capitals", RightBinding with { Cluster = "NORTH" });
        yield return Wrong("source", RightBinding with { Source = "ad.example.net" });
        yield return Wrong("DC", RightBinding with { Dc = "dc2.ad.example" });
        yield return Wrong("capture id", RightBinding with { CaptureId = "6f1c9a52-0b7d-4e38-9c44-d5a1e2f30719" });

        static OpeningVector Wrong(string name, BindingVector binding) =>
            Refused(EnvelopeRefusalReason.WrongBinding, name, new RawEnvelope().Seal("wrong binding"), binding);
    }

    private static OpeningVector Opened(
        string name, EnvelopeDescription description, PasswordEncoding encoding, byte[] password, BindingVector? binding)
    {
        var fullName = $"{Material.Name(encoding)}, {name}";
        using var ephemeral = Material.Ephemeral("opening " + fullName);
        var envelope = EnvelopeSealer.SealWith(ephemeral, description, Material.Key.PublicKey, encoding, password);
        return new OpeningVector(
            fullName, envelope.Hex(), binding, Refusal: null, Material.Name(encoding), password.Hex(), Material.ToVector(description));
    }

    private static KeyVector Key(string name, PublicSealingKey publicKey) => new(publicKey.Id.ToString(), publicKey.ToString(), Material.Scalar(name).Hex());
}
