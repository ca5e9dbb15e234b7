using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.Hpke;

namespace PasswordSync.Sealing.Tests.VectorMaking;

/// <summary>Makes envelope-sealing.json: what a sealer gives when its ephemeral key is given.</summary>
internal static class SealingVectorMaker
{
    private const string About =
        "What a sealer must give, byte by byte, for a given ephemeral private key: docs/spec/envelope.md. Fields: README.md in this folder.";

    public static SealingFile Make() => new(About, [.. Good(), .. Refused()]);

    private static IEnumerable<SealingVector> Good()
    {
        foreach (var (name, encoding, password) in Material.Passwords) yield return Sealed(name, Material.Description, encoding, password);
        yield return Sealed("the smallest description", Material.SmallestDescription, PasswordEncoding.Utf8, "p"u8.ToArray());
        yield return Sealed("the largest description", Material.LargestDescription, PasswordEncoding.Utf8, "p"u8.ToArray());
        yield return Sealed("an unusual description", Material.UnusualDescription, PasswordEncoding.Utf8, "p"u8.ToArray());
    }

    private static IEnumerable<SealingVector> Refused()
    {
        yield return Refused("1,022 bytes", PasswordEncoding.Utf8, new byte[1_022], SealingRefusalReason.TooLong);
        yield return Refused("1,022 bytes", PasswordEncoding.Utf16LittleEndian, new byte[1_022], SealingRefusalReason.TooLong);
        yield return Refused("256 characters outside the BMP: 512 UTF-16 units", PasswordEncoding.Utf16LittleEndian,
            System.Text.Encoding.Unicode.GetBytes(string.Concat(Enumerable.Repeat("\U0001F511", 256))), SealingRefusalReason.TooLong);
        yield return Refused("an odd number of bytes", PasswordEncoding.Utf16LittleEndian, [0x61, 0x00, 0x62], SealingRefusalReason.Malformed);
        yield return Refused("a byte that begins nothing", PasswordEncoding.Utf8, [0x61, 0x80], SealingRefusalReason.Malformed);
        yield return Refused("a surrogate in UTF-8", PasswordEncoding.Utf8, [0xED, 0xA0, 0xBD], SealingRefusalReason.Malformed);
        yield return Refused("an overlong form", PasswordEncoding.Utf8, [0xC0, 0x80], SealingRefusalReason.Malformed);
    }

    private static SealingVector Sealed(string name, EnvelopeDescription description, PasswordEncoding encoding, byte[] password)
    {
        var fullName = FullName(name, encoding);
        using var ephemeral = Material.Ephemeral(fullName);
        var envelope = EnvelopeSealer.SealWith(ephemeral, description, Material.Key.PublicKey, encoding, password);
        var header = Envelope.HeaderLength(envelope);
        return new SealingVector(
            fullName,
            Material.ToVector(description),
            Material.Name(encoding),
            password.Hex(),
            Material.Key.PublicKey.ToString(),
            Material.Scalar("recipient 1").Hex(),
            Material.PublicKeyOf(ephemeral).Hex(),
            Material.Scalar("ephemeral of " + fullName).Hex(),
            Refusal: null,
            envelope[..header].Hex(),
            Material.Plaintext((byte)encoding, password.Length, password).Hex(),
            envelope[header..(header + P256Point.Size)].Hex(),
            envelope[(header + P256Point.Size)..].Hex(),
            envelope.Hex());
    }

    private static SealingVector Refused(string name, PasswordEncoding encoding, byte[] password, SealingRefusalReason refusal)
    {
        var fullName = FullName(name, encoding);
        using var ephemeral = Material.Ephemeral(fullName);
        return new SealingVector(
            fullName,
            Material.ToVector(Material.Description),
            Material.Name(encoding),
            password.Hex(),
            Material.Key.PublicKey.ToString(),
            Material.Scalar("recipient 1").Hex(),
            Material.PublicKeyOf(ephemeral).Hex(),
            Material.Scalar("ephemeral of " + fullName).Hex(),
            NameOf(refusal),
            Aad: null, Plaintext: null, Enc: null, Ciphertext: null, Envelope: null);
    }

    public static string NameOf(SealingRefusalReason reason) => reason switch
    {
        SealingRefusalReason.TooLong => "too-long",
        SealingRefusalReason.Malformed => "malformed",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "Not a reason to refuse sealing."),
    };

    private static string FullName(string name, PasswordEncoding encoding) => $"{Material.Name(encoding)}, {name}";
}
