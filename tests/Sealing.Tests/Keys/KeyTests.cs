using System.Security.Cryptography;
using PasswordSync.Sealing.Hpke;
using PasswordSync.Sealing.Keys;
using PasswordSync.Sealing.Tests.VectorMaking;
using Shouldly;
using Xunit;

namespace PasswordSync.Sealing.Tests.Keys;

public sealed class KeyTests
{
    [Fact]
    public void Key_id_is_the_beginning_of_the_hash_of_the_public_key()
    {
        var key = Material.Key.PublicKey;
        key.Id.ToString().ShouldBe(SHA256.HashData(key.Bytes)[..16].Hex());
    }

    [Fact]
    public void Key_id_comes_back_from_its_text_and_bytes()
    {
        var id = Material.Key.PublicKey.Id;
        KeyId.TryParse(id.ToString(), out var parsed).ShouldBeTrue();
        parsed.ShouldBe(id);
        var bytes = new byte[KeyId.Size];
        id.Write(bytes);
        new KeyId(bytes).ShouldBe(id);
        default(KeyId).ToString().ShouldBe(new string('0', 32));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0123456789abcdef0123456789abcde")]
    [InlineData("0123456789abcdef0123456789abcdeg")]
    [InlineData("0123456789abcdef0123456789abcdef0")]
    public void Text_that_is_no_key_id_is_not_read(string? text) => KeyId.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void Key_id_of_another_size_is_a_bug() => Should.Throw<ArgumentOutOfRangeException>(() => new KeyId(new byte[15]));

    [Fact]
    public void Public_key_comes_back_from_its_text()
    {
        var key = Material.Key.PublicKey;
        PublicSealingKey.TryParse(key.ToString(), out var parsed).ShouldBeTrue();
        parsed.ShouldBe(key);
        parsed.ShouldNotBe(Material.OtherKey.PublicKey);
        parsed!.GetHashCode().ShouldBe(key.GetHashCode());
        PublicSealingKey.TryParse(key.ToString().ToUpperInvariant(), out parsed).ShouldBeTrue("hexadecimal digits have no case");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("04")]
    [InlineData("not hexadecimal")]
    public void Text_that_is_no_public_key_is_not_read(string? text)
    {
        PublicSealingKey.TryParse(text, out var key).ShouldBeFalse();
        key.ShouldBeNull();
    }

    [Fact]
    public void Public_key_with_any_bit_flipped_is_not_on_the_curve()
    {
        var good = Material.Key.PublicKey.Bytes.ToArray();
        for (var bit = 0; bit < 8 * good.Length; bit++)
        {
            var flipped = good.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            PublicSealingKey.TryRead(flipped, out _).ShouldBeFalse($"bit {bit}");
        }
    }

    /// <summary>The platform's own check is the oracle.</summary>
    [Fact]
    public void Points_are_judged_as_the_platform_judges_them()
    {
        const int Rounds = 50;
        for (var round = 0; round < Rounds; round++)
        {
            using var key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
            var point = Material.PublicKeyOf(key);
            P256Point.IsValid(point).ShouldBeTrue();
            point[1 + RandomNumberGenerator.GetInt32(64)] ^= 0x10;
            P256Point.IsValid(point).ShouldBeFalse();
            Should.Throw<CryptographicException>(() => ECDiffieHellman.Create(P256Point.ToParameters(point)));
        }
    }

    [Fact]
    public void Private_key_of_another_public_key_is_not_imported()
    {
        PrivateSealingKey.TryImport(Material.Scalar("recipient 1"), Material.OtherKey.PublicKey, out var key).ShouldBeFalse();
        key.ShouldBeNull();
        PrivateSealingKey.TryImport(new byte[32], Material.Key.PublicKey, out _).ShouldBeFalse("zero is no private key");
    }
}
