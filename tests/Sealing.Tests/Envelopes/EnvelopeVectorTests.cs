using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.Keys;
using PasswordSync.Sealing.Tests.VectorMaking;
using Shouldly;
using Xunit;

namespace PasswordSync.Sealing.Tests.Envelopes;

public sealed class EnvelopeVectorTests
{
    /// <summary>Set to 1 to write tests/vectors anew after a change of the format: the difference is then reviewed like code.</summary>
    private const string WriteVariable = "PASSWORDSYNC_WRITE_VECTORS";

    private static readonly OpeningFile Opening = Vectors.Read<OpeningFile>(Vectors.OpeningFile);
    private static readonly SealingFile Sealing = Vectors.Read<SealingFile>(Vectors.SealingFile);

    public static TheoryData<string> OpeningNames => [.. Opening.Vectors.Select(vector => vector.Name)];

    public static TheoryData<string> SealingNames => [.. Sealing.Vectors.Select(vector => vector.Name)];

    [Fact]
    public void Vectors_are_what_their_makers_give()
    {
        (string File, string Text)[] made =
        [
            (Vectors.OpeningFile, Vectors.ToText(OpeningVectorMaker.Make())),
            (Vectors.SealingFile, Vectors.ToText(SealingVectorMaker.Make())),
        ];
        if (Environment.GetEnvironmentVariable(WriteVariable) == "1")
        {
            foreach (var (file, text) in made) File.WriteAllText(Path.Combine(Vectors.SourceFolder("tests", "vectors"), file), text);
        }

        foreach (var (file, text) in made)
        {
            (Vectors.Text(file) == text).ShouldBeTrue($"{file} is not what its maker gives; to write it anew set {WriteVariable}=1, then build again.");
        }
    }

    [Fact]
    public void Every_refusal_of_the_specification_has_a_vector()
    {
        var names = Enum.GetValues<EnvelopeRefusalReason>().Select(EnvelopeRefusal.NameOf).ToArray();
        Opening.Vectors.Select(vector => vector.Refusal).OfType<string>().Distinct().ShouldBe(names, ignoreOrder: true);
        SpecifiedRefusals().ShouldBe(names);
    }

    [Fact]
    public void Names_of_vectors_are_unique()
    {
        Opening.Vectors.Select(vector => vector.Name).ShouldBeUnique();
        Sealing.Vectors.Select(vector => vector.Name).ShouldBeUnique();
    }

    [Theory, MemberData(nameof(OpeningNames))]
    public void Opener_opens_or_refuses_as_the_vector_says(string name)
    {
        var vector = Opening.Vectors.Single(vector => vector.Name == name);
        using var keys = new VectorKeys(Opening);
        var binding = vector.Binding is { } expected
            ? new ExpectedBinding(expected.Cluster, expected.Source, expected.Dc, expected.CaptureId is { } id ? Guid.Parse(id) : null)
            : null;

        var opening = EnvelopeOpener.Open(vector.Envelope.Bytes(), keys, binding);

        if (vector.Refusal is { } refusal)
        {
            opening.IsOpened.ShouldBeFalse();
            opening.Refusal!.Name.ShouldBe(refusal, opening.Refusal.Message);
            opening.Password.ShouldBeNull();
            return;
        }

        opening.IsOpened.ShouldBeTrue(opening.ToString());
        using var password = opening.Password!;
        password.Encoding.ShouldBe(Material.EncodingOf(vector.Encoding!));
        password.Bytes.Hex().ShouldBe(vector.Password);
        Material.ToVector(opening.Description!).ShouldBe(vector.Description);
    }

    [Theory, MemberData(nameof(OpeningNames))]
    public void Reader_without_a_key_refuses_exactly_what_is_wrong_in_clear(string name)
    {
        var vector = Opening.Vectors.Single(vector => vector.Name == name);
        var inClear = vector.Refusal is "truncated" or "unknown-format" or "unknown-suite" or "bad-description" or "trailing-bytes";

        var isRead = Envelope.TryReadDescription(vector.Envelope.Bytes(), out var description, out var keyId, out var refusal);

        isRead.ShouldBe(!inClear);
        if (inClear)
        {
            refusal!.Name.ShouldBe(vector.Refusal, refusal.Message);
            description.ShouldBeNull();
            keyId.ShouldBe(default);
            return;
        }

        refusal.ShouldBeNull();
        keyId.ToString().ShouldBe(vector.Envelope[4..36]);
        if (vector.Description is not null) Material.ToVector(description!).ShouldBe(vector.Description);
    }

    [Theory, MemberData(nameof(SealingNames))]
    public void Sealer_gives_what_the_vector_says(string name)
    {
        var vector = Sealing.Vectors.Single(vector => vector.Name == name);
        PublicSealingKey.TryParse(vector.Public, out var key).ShouldBeTrue();
        var description = Material.FromVector(vector.Description);
        var encoding = Material.EncodingOf(vector.Encoding);

        var isSealed = EnvelopeSealer.TrySeal(description, key!, encoding, vector.Password.Bytes(), out var envelope, out var refusal);

        isSealed.ShouldBe(vector.Refusal is null);
        if (refusal is not null)
        {
            SealingVectorMaker.NameOf(refusal.Reason).ShouldBe(vector.Refusal);
            return;
        }

        envelope!.Length.ShouldBe(vector.Envelope!.Length / 2);
        envelope.Hex().ShouldStartWith(vector.Aad!);
        envelope.Hex().ShouldNotBe(vector.Envelope, "the ephemeral key is fresh");
        (vector.Aad + vector.Enc + vector.Ciphertext).ShouldBe(vector.Envelope);
        vector.Enc.ShouldBe(vector.EphemeralPublic);
        using var ephemeral = System.Security.Cryptography.ECDiffieHellman.Create(EphemeralOf(vector));
        EnvelopeSealer.SealPlaintext(ephemeral, description, key!, vector.Plaintext!.Bytes()).Hex().ShouldBe(vector.Envelope);
    }

    private static System.Security.Cryptography.ECParameters EphemeralOf(SealingVector vector)
    {
        var parameters = PasswordSync.Sealing.Hpke.P256Point.ToParameters(vector.EphemeralPublic.Bytes());
        parameters.D = vector.EphemeralPrivate.Bytes();
        return parameters;
    }

    /// <summary>The names in the tables of docs/spec/envelope.md, then the one in its text.</summary>
    private static IEnumerable<string> SpecifiedRefusals()
    {
        var lines = File.ReadAllLines(Path.Combine(Vectors.SourceFolder("docs", "spec"), "envelope.md"));
        var table = lines.SkipWhile(line => !line.StartsWith("| refusal ", StringComparison.Ordinal)).Skip(2).TakeWhile(line => line.StartsWith('|'));
        return [.. table.Select(line => line.Split('`')[1]), "wrong-binding"];
    }

    private sealed class VectorKeys : IPrivateKeySource, IDisposable
    {
        private readonly Dictionary<string, PrivateKeyLookup> found = [];

        public VectorKeys(OpeningFile file)
        {
            foreach (var vector in file.Keys)
            {
                PublicSealingKey.TryParse(vector.Public, out var publicKey).ShouldBeTrue();
                PrivateSealingKey.TryImport(vector.Private.Bytes(), publicKey!, out var key).ShouldBeTrue();
                found[vector.Id] = new PrivateKeyLookup(key, DestroyedAt: null);
            }

            foreach (var vector in file.DestroyedKeys) found[vector.Id] = new PrivateKeyLookup(Key: null, DateTimeOffset.Parse(vector.At, null));
        }

        public PrivateKeyLookup Find(KeyId id) => found.GetValueOrDefault(id.ToString());

        public void Dispose()
        {
            foreach (var lookup in found.Values) lookup.Key?.Dispose();
        }
    }
}
