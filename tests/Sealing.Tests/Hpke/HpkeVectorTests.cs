using System.Security.Cryptography;
using PasswordSync.Sealing.Hpke;
using Shouldly;
using Xunit;

namespace PasswordSync.Sealing.Tests.Hpke;

public sealed class HpkeVectorTests
{
    private static readonly HpkeVector[] All = Vectors.Read<HpkeVectorFile>("hpke-p256-base.json").Vectors;

    public static TheoryData<string> Names => [.. All.Select(vector => vector.Name)];

    [Fact]
    public void The_vectors_of_the_RFC_are_all_there() =>
        All.Single(vector => vector.Name.StartsWith("RFC 9180 A.3.1", StringComparison.Ordinal))
            .Encryptions.Select(encryption => encryption.SequenceNumber).ShouldBe([0, 1, 2, 4, 255, 256]);

    [Theory, MemberData(nameof(Names))]
    public void Public_keys_of_the_vector_belong_to_its_private_keys(string name)
    {
        var vector = Vector(name);
        PublicKeyOf(vector.SkEm).ShouldBe(vector.PkEm);
        PublicKeyOf(vector.SkRm).ShouldBe(vector.PkRm);
        vector.Enc.ShouldBe(vector.PkEm);
    }

    /// <summary>DeriveKeyPair of RFC 9180, section 7.1.3: the product has no need of it, so it is written out here.</summary>
    [Fact]
    public void Private_keys_of_the_RFC_derive_from_their_input_key_material()
    {
        var vector = All.Single(vector => vector.IkmE is not null);
        Derived(vector.IkmE!).ShouldBe(vector.SkEm);
        Derived(vector.IkmR!).ShouldBe(vector.SkRm);

        static string Derived(string inputKeyMaterial)
        {
            byte[] suiteId = [.. "KEM"u8, 0x00, 0x10];
            var pseudoRandomKey = new byte[32];
            LabeledHkdf.Extract(suiteId, salt: [], "dkp_prk"u8, inputKeyMaterial.Bytes(), pseudoRandomKey);
            var candidate = new byte[32];
            LabeledHkdf.Expand(suiteId, pseudoRandomKey, "candidate"u8, info: [0], candidate);
            return Convert.ToHexStringLower(candidate);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Both_sides_agree_on_the_shared_secret_of_the_vector(string name)
    {
        var vector = Vector(name);
        using var ephemeral = PrivateKey(vector.SkEm, vector.PkEm);
        using var recipient = PrivateKey(vector.SkRm, vector.PkRm);
        var ofSender = new byte[DhkemP256.SharedSecretSize];
        var ofRecipient = new byte[DhkemP256.SharedSecretSize];

        DhkemP256.Agree(ephemeral, vector.PkRm.Bytes(), vector.Enc.Bytes(), vector.PkRm.Bytes(), ofSender);
        DhkemP256.Agree(recipient, vector.Enc.Bytes(), vector.Enc.Bytes(), vector.PkRm.Bytes(), ofRecipient);

        Convert.ToHexStringLower(ofSender).ShouldBe(vector.SharedSecret);
        Convert.ToHexStringLower(ofRecipient).ShouldBe(vector.SharedSecret);
    }

    [Theory, MemberData(nameof(Names))]
    public void Sender_gives_the_ciphertext_of_the_vector_for_every_sequence_number(string name)
    {
        var vector = Vector(name);
        using var ephemeral = PrivateKey(vector.SkEm, vector.PkEm);
        var encapsulated = new byte[P256Point.Size];
        using var context = Mode(vector).SetUpSender(vector.PkRm.Bytes(), ephemeral, encapsulated);
        Convert.ToHexStringLower(encapsulated).ShouldBe(vector.Enc);

        var next = 0;
        foreach (var encryption in vector.Encryptions)
        {
            for (; next < encryption.SequenceNumber; next++) context.Seal([], [], new byte[HpkeAeadSizes.Tag]);
            var plaintext = encryption.Plaintext.Bytes();
            var sealedText = new byte[plaintext.Length + HpkeAeadSizes.Tag];
            context.Seal(encryption.Aad.Bytes(), plaintext, sealedText);
            next++;
            Convert.ToHexStringLower(sealedText).ShouldBe(encryption.Ciphertext);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Recipient_opens_the_ciphertext_of_the_vector_for_every_sequence_number(string name)
    {
        var vector = Vector(name);
        using var ephemeral = PrivateKey(vector.SkEm, vector.PkEm);
        using var recipient = PrivateKey(vector.SkRm, vector.PkRm);
        using var sender = Mode(vector).SetUpSender(vector.PkRm.Bytes(), ephemeral, new byte[P256Point.Size]);
        using var context = Mode(vector).SetUpRecipient(recipient, vector.PkRm.Bytes(), vector.Enc.Bytes());

        var filler = new byte[HpkeAeadSizes.Tag];
        var next = 0;
        foreach (var encryption in vector.Encryptions)
        {
            for (; next < encryption.SequenceNumber; next++)
            {
                sender.Seal([], [], filler);
                context.TryOpen([], filler, []).ShouldBeTrue();
            }

            var sealedText = encryption.Ciphertext.Bytes();
            var plaintext = new byte[sealedText.Length - HpkeAeadSizes.Tag];
            context.TryOpen("other data"u8, sealedText, plaintext).ShouldBeFalse();
            plaintext.ShouldAllBe(value => value == 0);
            context.TryOpen(encryption.Aad.Bytes(), sealedText, plaintext).ShouldBeTrue();
            Convert.ToHexStringLower(plaintext).ShouldBe(encryption.Plaintext);
            sender.Seal(encryption.Aad.Bytes(), plaintext, sealedText);
            next++;
        }
    }

    /// <summary>Key and base nonce are not to be read from a context, so the first message is made from the vector's by hand.</summary>
    [Theory, MemberData(nameof(Names))]
    public void Key_and_base_nonce_of_the_vector_give_its_first_ciphertext(string name)
    {
        var vector = Vector(name);
        var first = vector.Encryptions[0];
        using var context = new HpkeContext(vector.Key.Bytes(), vector.BaseNonce.Bytes());
        var sealedText = new byte[first.Ciphertext.Length / 2];
        context.Seal(first.Aad.Bytes(), first.Plaintext.Bytes(), sealedText);
        Convert.ToHexStringLower(sealedText).ShouldBe(first.Ciphertext);
    }

    private static HpkeVector Vector(string name) => All.Single(vector => vector.Name == name);

    private static HpkeBaseMode Mode(HpkeVector vector) => new((HpkeAead)vector.Aead, vector.Info.Bytes());

    private static ECDiffieHellman PrivateKey(string scalar, string point)
    {
        var parameters = P256Point.ToParameters(point.Bytes());
        parameters.D = scalar.Bytes();
        return ECDiffieHellman.Create(parameters);
    }

    private static string PublicKeyOf(string scalar)
    {
        using var key = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = scalar.Bytes() });
        var point = new byte[P256Point.Size];
        P256Point.Write(key, point);
        return Convert.ToHexStringLower(point);
    }

    private sealed record HpkeVectorFile(string About, HpkeVector[] Vectors);

    private sealed record HpkeVector(
        string Name, ushort Aead, string Info, string? IkmE, string PkEm, string SkEm, string? IkmR, string PkRm, string SkRm, string Enc,
        string SharedSecret, string Key, string BaseNonce, HpkeEncryption[] Encryptions);

    private sealed record HpkeEncryption(int SequenceNumber, string Plaintext, string Aad, string Ciphertext);
}
