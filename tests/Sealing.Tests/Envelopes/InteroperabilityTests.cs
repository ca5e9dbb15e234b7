using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.Keys;
using PasswordSync.Sealing.Tests.VectorMaking;
using Shouldly;
using Xunit;
using static PasswordSync.Sealing.Tests.Envelopes.IndependentImplementation;

namespace PasswordSync.Sealing.Tests.Envelopes;

public sealed class InteroperabilityTests(IndependentImplementation other) : IClassFixture<IndependentImplementation>
{
    private static readonly string Public = Material.Key.PublicKey.ToString();
    private static readonly string Private = Material.Scalar("recipient 1").Hex();

    [Fact]
    public async Task Independent_implementation_opens_what_this_one_sealed()
    {
        var passwords = Material.Passwords.ToArray();
        var requests = passwords.Select(password =>
        {
            var envelope = EnvelopeSealer.Seal(Material.UnusualDescription, Material.Key.PublicKey, password.Encoding, password.Password);
            return new OpenRequest(envelope.Hex(), Public, Private);
        });

        var answer = await other.AskAsync(requests, seal: []);

        answer.Opened.Length.ShouldBe(passwords.Length);
        foreach (var (opened, password) in answer.Opened.Zip(passwords))
        {
            opened.Failure.ShouldBeNull();
            opened.Encoding.ShouldBe(Material.Name(password.Encoding));
            opened.Password.ShouldBe(password.Password.Hex());
            opened.Description.ShouldBe(Material.ToVector(Material.UnusualDescription));
        }
    }

    [Fact]
    public async Task This_implementation_opens_what_the_independent_one_sealed()
    {
        var passwords = Material.Passwords.ToArray();
        var description = Material.ToVector(Material.LargestDescription);
        var requests = passwords.Select(password =>
            new SealRequest(description, Material.Name(password.Encoding), password.Password.Hex(), Public, EphemeralPublic: null, EphemeralPrivate: null));

        var answer = await other.AskAsync(open: [], requests);

        answer.Sealed.Length.ShouldBe(passwords.Length);
        foreach (var (envelope, password) in answer.Sealed.Zip(passwords))
        {
            var opening = EnvelopeOpener.Open(envelope.Bytes(), new OneKey(), expected: null);
            opening.IsOpened.ShouldBeTrue(opening.ToString());
            using var opened = opening.Password!;
            opened.Encoding.ShouldBe(password.Encoding);
            opened.Bytes.ToArray().ShouldBe(password.Password);
            opening.Description.ShouldBe(Material.LargestDescription);
        }
    }

    [Fact]
    public async Task Independent_implementation_agrees_with_the_opening_vectors()
    {
        var file = Vectors.Read<OpeningFile>(Vectors.OpeningFile);
        var vectors = file.Vectors.Where(vector => vector.Refusal is null or "not-authentic").ToArray();

        var answer = await other.AskAsync(vectors.Select(vector => new OpenRequest(vector.Envelope, KeyOf(file, vector).Public, KeyOf(file, vector).Private)), seal: []);

        foreach (var (opened, vector) in answer.Opened.Zip(vectors))
        {
            if (vector.Refusal is null)
            {
                opened.Password.ShouldBe(vector.Password, vector.Name);
                opened.Encoding.ShouldBe(vector.Encoding, vector.Name);
                opened.Description.ShouldBe(vector.Description, vector.Name);
            }
            else
            {
                opened.Failure.ShouldBe("OpenError", vector.Name);
            }
        }
    }

    [Fact]
    public async Task Independent_implementation_gives_the_sealing_vectors_byte_by_byte()
    {
        var vectors = Vectors.Read<SealingFile>(Vectors.SealingFile).Vectors.Where(vector => vector.Refusal is null).ToArray();

        var answer = await other.AskAsync(open: [], vectors.Select(vector => new SealRequest(
            vector.Description, vector.Encoding, vector.Password, vector.Public, vector.EphemeralPublic, vector.EphemeralPrivate)));

        answer.Sealed.ShouldBe(vectors.Select(vector => vector.Envelope!));
    }

    private static KeyVector KeyOf(OpeningFile file, OpeningVector vector) => file.Keys.Single(key => key.Id == vector.Envelope[4..36]);

    private sealed class OneKey : IPrivateKeySource
    {
        public PrivateKeyLookup Find(KeyId id) => id == Material.Key.PublicKey.Id ? new PrivateKeyLookup(Material.Key, DestroyedAt: null) : default;
    }
}
