using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.Hpke;
using PasswordSync.Sealing.Keys;

namespace PasswordSync.Sealing.Tests.VectorMaking;

/// <summary>Keys, descriptions and passwords of the vectors: always the same, taken from names.</summary>
internal static class Material
{
    public static readonly DateTimeOffset CaptureTime = new DateTimeOffset(2026, 3, 1, 8, 30, 0, TimeSpan.Zero).AddTicks(1_234_567);

    /// <summary>The key that vectors are sealed to.</summary>
    public static readonly PrivateSealingKey Key = PrivateKey("recipient 1");

    /// <summary>Another key of the ring.</summary>
    public static readonly PrivateSealingKey OtherKey = PrivateKey("recipient 2");

    /// <summary>A key that the ring remembers as destroyed.</summary>
    public static readonly PrivateSealingKey DestroyedKey = PrivateKey("recipient 3");

    /// <summary>A key that no ring knows.</summary>
    public static readonly PrivateSealingKey StrangeKey = PrivateKey("recipient 4");

    public static readonly DateTimeOffset DestroyedAt = new(2026, 2, 1, 0, 0, 0, TimeSpan.Zero);

    public static EnvelopeDescription Description { get; } = new(
        Guid.Parse("6f1c9a52-0b7d-4e38-9c44-d5a1e2f30718"), CaptureTime, 1104, "north", "ad.example", "dc1.ad.example", "ada");

    public static EnvelopeDescription SmallestDescription { get; } =
        new(Guid.Parse("00000000-0000-0000-0000-000000000001"), new(1601, 1, 1, 0, 0, 0, TimeSpan.Zero), 0, "c", "s", "d", "a");

    public static EnvelopeDescription LargestDescription { get; } = new(
        Guid.Parse("ffffffff-ffff-ffff-ffff-ffffffffffff"), DateTimeOffset.MaxValue, uint.MaxValue, string.Concat(Enumerable.Repeat("é", 32)),
        new string('s', 63), string.Concat(Enumerable.Repeat("d1.-é", 42)) + "abc", string.Concat(Enumerable.Repeat("\U0001F600", 256)));

    public static EnvelopeDescription UnusualDescription { get; } = new(
        Guid.Parse("a3b1c2d4-e5f6-4789-8abc-def012345678"), CaptureTime, 500, "Nord & Süd", "0", "dc_1.xn--mnchen-3ya.example", "Zoë \uD83D O’Brien$");

    /// <summary>Passwords that are sealed and opened.</summary>
    public static IEnumerable<(string Name, PasswordEncoding Encoding, byte[] Password)> Passwords =>
    [
        ("ASCII", PasswordEncoding.Utf8, Encoding.UTF8.GetBytes("Correct horse 7!")),
        ("ASCII", PasswordEncoding.Utf16LittleEndian, Encoding.Unicode.GetBytes("Correct horse 7!")),
        ("outside ASCII: euro sign, combining and composed accents, Hebrew, Chinese", PasswordEncoding.Utf8, Encoding.UTF8.GetBytes(OutsideAscii)),
        ("outside ASCII: euro sign, combining and composed accents, Hebrew, Chinese", PasswordEncoding.Utf16LittleEndian, Encoding.Unicode.GetBytes(OutsideAscii)),
        ("256 euro signs", PasswordEncoding.Utf8, Encoding.UTF8.GetBytes(new string('€', 256))),
        ("256 euro signs", PasswordEncoding.Utf16LittleEndian, Encoding.Unicode.GetBytes(new string('€', 256))),
        ("128 characters outside the BMP: 256 UTF-16 units", PasswordEncoding.Utf8, Encoding.UTF8.GetBytes(OutsideBmp)),
        ("128 characters outside the BMP: 256 UTF-16 units", PasswordEncoding.Utf16LittleEndian, Encoding.Unicode.GetBytes(OutsideBmp)),
        ("255 characters outside the BMP: the most that fit", PasswordEncoding.Utf8, Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("\U0001F511", 255)))),
        ("surrogates without a partner", PasswordEncoding.Utf16LittleEndian, "3dd861003dd80adc0adc".Bytes()),
        ("zero length", PasswordEncoding.Utf8, []),
        ("zero length", PasswordEncoding.Utf16LittleEndian, []),
        ("NUL within and at the end", PasswordEncoding.Utf8, "a\0b\0"u8.ToArray()),
        ("1,021 bytes: the most", PasswordEncoding.Utf8, Encoding.UTF8.GetBytes(new string('x', 1_021))),
        ("1,020 bytes: the most", PasswordEncoding.Utf16LittleEndian, Encoding.Unicode.GetBytes(new string('ÿ', 510))),
    ];

    /// <summary>A scalar taken from a name.</summary>
    public static byte[] Scalar(string name) => SHA256.HashData(Encoding.UTF8.GetBytes("passwordsync vector, " + name));

    public static ECDiffieHellman Ephemeral(string name) =>
        ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = Scalar("ephemeral of " + name) });

    public static byte[] PublicKeyOf(ECDiffieHellman key)
    {
        var point = new byte[P256Point.Size];
        P256Point.Write(key, point);
        return point;
    }

    public static string Name(PasswordEncoding encoding) => encoding == PasswordEncoding.Utf8 ? "utf-8" : "utf-16le";

    public static PasswordEncoding EncodingOf(string name) => name switch
    {
        "utf-8" => PasswordEncoding.Utf8,
        "utf-16le" => PasswordEncoding.Utf16LittleEndian,
        _ => throw new InvalidDataException($"'{name}' is no encoding of the vectors."),
    };

    public static DescriptionVector ToVector(EnvelopeDescription description) => new(
        description.CaptureId.ToString("D"),
        (description.CaptureTime.Ticks - new DateTime(1601, 1, 1).Ticks).ToString(CultureInfo.InvariantCulture),
        description.RelativeId,
        description.Cluster,
        description.Source,
        description.DomainController,
        description.AccountName);

    public static EnvelopeDescription FromVector(DescriptionVector vector) => new(
        Guid.Parse(vector.CaptureId),
        new DateTimeOffset(1601, 1, 1, 0, 0, 0, TimeSpan.Zero).AddTicks(long.Parse(vector.CaptureTime, CultureInfo.InvariantCulture)),
        vector.Rid,
        vector.Cluster,
        vector.Source,
        vector.Dc,
        vector.AccountName);

    public static byte[] Plaintext(byte encoding, int length, ReadOnlySpan<byte> password)
    {
        var plaintext = new byte[PaddedPassword.Length];
        plaintext[0] = encoding;
        BinaryPrimitives.WriteUInt16LittleEndian(plaintext.AsSpan(1), (ushort)length);
        password.CopyTo(plaintext.AsSpan(3));
        return plaintext;
    }

    private static string OutsideAscii => "Pa\u0301ss€ wörd \u05E9\u05DC\u05D5\u05DD 密码 ñ";

    private static string OutsideBmp => string.Concat(Enumerable.Repeat("\U0001F511\U00020000", 64));

    private static PrivateSealingKey PrivateKey(string name)
    {
        using var key = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = Scalar(name) });
        PublicSealingKey.TryRead(PublicKeyOf(key), out var publicKey);
        return PrivateSealingKey.TryImport(Scalar(name), publicKey!, out var privateKey)
            ? privateKey
            : throw new InvalidOperationException($"'{name}' gives no private key.");
    }
}
