using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using PasswordSync.Sealing.KeyRings;
using PasswordSync.Sealing.Keys;
using Shouldly;
using Xunit;

namespace PasswordSync.Sealing.Tests.KeyRings;

public sealed class KeyRingFormatTests
{
    private const string FileName = "key-ring.json";
    private const int RoundsOffset = 10;
    private const int LengthOffset = 58;

    private static readonly KeyRingVector Vector = Vectors.Read<KeyRingVector>(FileName);

    private static byte[] Good => Vector.File.Bytes();

    private static byte[] Passphrase => Encoding.UTF8.GetBytes(Vector.Passphrase);

    /// <summary>Guards the files that nodes already have: one that an earlier version wrote.</summary>
    [Fact]
    public void File_of_an_earlier_version_is_read_as_it_was_written()
    {
        KeyRingFormat.TryDecode(Good, Passphrase, WrappingKey.RoundsMin, out var ring, out var wrappingKey, out var refusal).ShouldBeTrue(refusal?.ToString());
        using (ring)
        using (wrappingKey)
        {
            ring!.Cluster.ShouldBe(Vector.Cluster);
            ring.Revision.ShouldBe(Vector.Revision);
            ring.Keys.Select(ToVector).ShouldBe(Vector.Keys);
            ring.DestroyedKeys.Select(key => new DestroyedVector(key.Id.ToString(), Text(key.CreatedAt)!, Text(key.DestroyedAt)!)).ShouldBe(Vector.DestroyedKeys);
        }
    }

    [Fact]
    public void Every_saved_version_has_its_own_nonce()
    {
        WrappingKey.TryCreate(Passphrase, WrappingKey.RoundsMin, out var wrappingKey, out _).ShouldBeTrue();
        using var ring = KeyRing.Begin("north", KeyRingFolder.Start);
        using (wrappingKey)
        {
            var (one, other) = (KeyRingFormat.Encode(ring, wrappingKey!), KeyRingFormat.Encode(ring, wrappingKey!));
            one[..46].ShouldBe(other[..46]);
            one[46..58].ShouldNotBe(other[46..58]);
            one[62..].ShouldNotBe(other[62..]);
        }
    }

    [Fact]
    public void File_cut_anywhere_is_damaged()
    {
        for (var length = 0; length < Good.Length; length++) Refusal(Good[..length]).ShouldBe(KeyRingRefusalReason.Damaged, $"{length} bytes");
        Refusal([.. Good, 0]).ShouldBe(KeyRingRefusalReason.Damaged);
    }

    [Fact]
    public void File_with_any_byte_altered_by_accident_is_damaged_or_of_another_version()
    {
        for (var at = 0; at < Good.Length; at++)
        {
            var expected = at is 8 or 9 ? KeyRingRefusalReason.UnknownVersion : KeyRingRefusalReason.Damaged;
            Refusal(Altered(at, (byte)(Good[at] ^ 0x40))).ShouldBe(expected, $"byte {at}");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(599_999)]
    [InlineData(10_000_001)]
    [InlineData(-1)]
    public void Rounds_out_of_bounds_are_refused_before_any_work(int rounds)
    {
        var file = Good;
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(RoundsOffset), rounds);
        Refusal(WithChecksum(file)).ShouldBe(KeyRingRefusalReason.UnknownVersion);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public void Wrong_length_is_damage_even_under_a_right_checksum(int change)
    {
        var file = Good;
        var length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(LengthOffset));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(LengthOffset), unchecked(length + change));
        Refusal(WithChecksum(file)).ShouldBe(KeyRingRefusalReason.Damaged);
    }

    [Theory]
    [InlineData(12)]
    [InlineData(20)]
    [InlineData(50)]
    [InlineData(100)]
    public void File_altered_on_purpose_does_not_open_with_its_passphrase(int at)
    {
        // A greater number of rounds would be as fit: only what it derives is wrong.
        var altered = at == 12 ? Rounds(Good, 600_001) : Altered(at, (byte)(Good[at] ^ 1));
        Refusal(WithChecksum(altered)).ShouldBe(KeyRingRefusalReason.WrongPassphrase);

        static byte[] Rounds(byte[] file, int rounds)
        {
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(RoundsOffset), rounds);
            return file;
        }
    }

    [Theory]
    [InlineData("another passphrase")]
    [InlineData("")]
    public void Other_passphrase_is_told_apart_from_damage(string passphrase)
    {
        KeyRingFormat.TryDecode(Good, Encoding.UTF8.GetBytes(passphrase), WrappingKey.RoundsMin, out var ring, out var wrappingKey, out var refusal).ShouldBeFalse();
        ring.ShouldBeNull();
        wrappingKey.ShouldBeNull();
        refusal!.Reason.ShouldBe(KeyRingRefusalReason.WrongPassphrase);
        refusal.Message.ShouldContain("passphrase");
        refusal.Message.ShouldNotContain("another passphrase");
    }

    [Fact]
    public void Content_that_is_not_whole_gives_no_ring()
    {
        using var ring = KeyRing.Begin("north", KeyRingFolder.Start);
        var content = KeyRingContent.Write(ring);
        for (var length = 0; length < content.Length; length++) KeyRingContent.TryRead(content.AsSpan(..length), out _).ShouldBeFalse($"{length} bytes");
        KeyRingContent.TryRead([.. content, 0], out _).ShouldBeFalse();

        KeyRingContent.TryRead(content, out var read).ShouldBeTrue();
        read!.Dispose();
    }

    [Fact]
    public void Private_key_of_another_public_key_gives_no_ring()
    {
        using var ring = KeyRing.Begin("north", KeyRingFolder.Start);
        using var other = KeyRing.Begin("north", KeyRingFolder.Start);
        var content = KeyRingContent.Write(ring);
        other.Keys[0].PrivateKey.CopyScalar(content.AsSpan(content.Length - 121, 32));
        KeyRingContent.TryRead(content, out _).ShouldBeFalse();
    }

    private static KeyRingRefusalReason Refusal(byte[] file)
    {
        KeyRingFormat.TryDecode(file, Passphrase, WrappingKey.RoundsMin, out var ring, out _, out var refusal).ShouldBeFalse();
        ring.ShouldBeNull();
        return refusal!.Reason;
    }

    private static byte[] Altered(int at, byte value)
    {
        var file = Good;
        file[at] = value;
        return file;
    }

    private static byte[] WithChecksum(byte[] file) => [.. file[..^32], .. SHA256.HashData(file.AsSpan(..^32))];

    private static RingKeyVector ToVector(RingKey key)
    {
        var scalar = new byte[PrivateSealingKey.ScalarSize];
        key.PrivateKey.CopyScalar(scalar);
        return new RingKeyVector(key.Id.ToString(), scalar.Hex(), Text(key.CreatedAt)!, Text(key.PublishedFrom), Text(key.RetiresAt));
    }

    private static string? Text(DateTimeOffset? time) => time?.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    private sealed record KeyRingVector(
        string About, string Passphrase, string Cluster, ulong Revision, RingKeyVector[] Keys, DestroyedVector[] DestroyedKeys, string File);

    private sealed record RingKeyVector(string Id, string Private, string CreatedAt, string? PublishedFrom, string? RetiresAt);

    private sealed record DestroyedVector(string Id, string CreatedAt, string DestroyedAt);
}
