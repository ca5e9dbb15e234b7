using System.Reflection;
using System.Text;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.Hpke;
using PasswordSync.Sealing.KeyRings;
using PasswordSync.Sealing.Keys;
using PasswordSync.Sealing.Tests.KeyRings;
using PasswordSync.Sealing.Tests.VectorMaking;
using Shouldly;
using Xunit;

namespace PasswordSync.Sealing.Tests;

/// <summary>Invariant I5, as far as this assembly goes: nothing secret in sight, and buffers wiped.</summary>
public sealed class SecrecyTests
{
    private const string Canary = "Kanarienvogel-4711";
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 8, 30, 0, TimeSpan.Zero);

    [Fact]
    public void Nothing_that_holds_a_secret_prints_it()
    {
        PrivateSealingKey.TryImport(Material.Scalar("recipient 1"), Material.Key.PublicKey, out var key).ShouldBeTrue();
        using var ring = new KeyRing("north", 1, [new RingKey(key!, Now, Now, retiresAt: null)], []);
        var envelope = EnvelopeSealer.Seal(Material.Description, Material.Key.PublicKey, PasswordEncoding.Utf8, Encoding.UTF8.GetBytes(Canary));
        var opening = EnvelopeOpener.Open(envelope, ring, expected: null);
        WrappingKey.TryCreate(Encoding.UTF8.GetBytes(Canary), KeyRingFolder.Rounds, out var wrappingKey, out _).ShouldBeTrue();
        using var password = opening.Password!;
        using var derived = wrappingKey!;
        using var ephemeral = Material.Ephemeral("secrecy");
        using var context = Envelope.Mode.SetUpSender(Material.Key.PublicKey.Bytes, ephemeral, new byte[65]);
        var lookup = ring.Find(Material.Key.PublicKey.Id);
        var isSealed = EnvelopeSealer.TrySeal(
            Material.Description, Material.Key.PublicKey, PasswordEncoding.Utf8, Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(Canary, 100))), out _, out var refusal);
        isSealed.ShouldBeFalse("it is too long");

        object[] holders =
        [
            password, opening, opening.Description!, derived, context, Envelope.Mode, key!, ring, ring.Keys[0], lookup, refusal!,
            KeyRingChange.Done(ring, Material.Key.PublicKey.Id), EnvelopeOpening.Refused(new(EnvelopeRefusalReason.NotAuthentic, "m")),
        ];
        foreach (var holder in holders)
        {
            var text = holder.ToString()!;
            foreach (var secret in Forms(Encoding.UTF8.GetBytes(Canary)).Concat(Forms(Material.Scalar("recipient 1")))) text.ShouldNotContain(secret, Case.Insensitive);
            text.ShouldNotContain(Canary);
        }

        password.ToString().ShouldBe("[password]");
        key!.ToString().ShouldBe($"[private key {key.PublicKey.Id}]");
    }

    /// <summary>A new type with bytes or a key in it must decide what it prints.</summary>
    [Fact]
    public void Every_type_with_bytes_or_a_key_in_it_has_a_text_of_its_own()
    {
        var silent = typeof(Envelope).Assembly.GetTypes()
            .Where(type => !type.IsDefined(typeof(System.Runtime.CompilerServices.CompilerGeneratedAttribute)) && type is { IsAbstract: false, IsInterface: false })
            .Where(type => type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public).Any(HoldsBytesOrKey))
            .Where(type => type.GetMethod(nameof(ToString), Type.EmptyTypes)!.DeclaringType != type)
            .Select(type => type.Name);
        silent.ShouldBe([nameof(HpkeBaseMode)], "it holds what is public of the suite, and prints its type's name");

        static bool HoldsBytesOrKey(FieldInfo field) =>
            field.FieldType == typeof(byte[]) || field.FieldType == typeof(PrivateSealingKey) || field.FieldType == typeof(WrappingKey)
            || field.FieldType.Namespace == "System.Security.Cryptography";
    }

    [Fact]
    public void Opened_password_is_wiped_when_disposed_of()
    {
        using var keys = KeyRing.Begin("north", Now);
        var envelope = EnvelopeSealer.Seal(Material.Description, keys.Keys[0].PublicKey, PasswordEncoding.Utf8, Encoding.UTF8.GetBytes(Canary));
        var password = EnvelopeOpener.Open(envelope, keys, expected: null).Password!;
        var bytes = password.Bytes;
        Encoding.UTF8.GetString(bytes).ShouldBe(Canary);

        password.Dispose();

        bytes.ContainsAnyExcept((byte)0).ShouldBeFalse();
        Should.Throw<ObjectDisposedException>(() => password.Bytes.Length);
        password.Dispose();
    }

    [Fact]
    public void Opened_password_lies_in_memory_that_is_not_moved()
    {
        using var keys = KeyRing.Begin("north", Now);
        var envelope = EnvelopeSealer.Seal(Material.Description, keys.Keys[0].PublicKey, PasswordEncoding.Utf8, Encoding.UTF8.GetBytes(Canary));
        using var password = EnvelopeOpener.Open(envelope, keys, expected: null).Password!;
        IsPinned(Field(password, "plaintext")).ShouldBeTrue();
    }

    [Fact]
    public void Private_key_is_wiped_when_disposed_of_and_lies_in_memory_that_is_not_moved()
    {
        var key = PrivateSealingKey.Generate();
        var scalar = Field(key, "scalar");
        scalar.ShouldContain(value => value != 0);
        IsPinned(scalar).ShouldBeTrue();

        key.Dispose();

        scalar.ShouldAllBe(value => value == 0);
        Should.Throw<ObjectDisposedException>(() => key.CopyScalar(new byte[32]));
        key.TrySetUpRecipient(Envelope.Mode, key.PublicKey.Bytes, out _).ShouldBeFalse();
        key.Dispose();
    }

    [Fact]
    public void Ring_content_in_clear_lies_in_memory_that_is_not_moved()
    {
        using var ring = KeyRing.Begin("north", Now);
        IsPinned(KeyRingContent.Write(ring)).ShouldBeTrue();
    }

    private static IEnumerable<string> Forms(byte[] secret) =>
        [Convert.ToHexString(secret), Convert.ToBase64String(secret), Encoding.Latin1.GetString(secret), string.Join(", ", secret.Take(6))];

    private static byte[] Field(object owner, string name) =>
        (byte[])owner.GetType().GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(owner)!;

    /// <summary>The pinned heap counts as the oldest generation from the start; an ordinary small array is born into the youngest, if no collection comes in between.</summary>
    private static bool IsPinned(byte[] array) => GC.GetGeneration(array) == GC.MaxGeneration && Enumerable.Range(0, 100).Any(_ => GC.GetGeneration(new byte[array.Length]) == 0);
}
