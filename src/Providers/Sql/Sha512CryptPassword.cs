using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using PasswordSync.Core.Secrets;

namespace PasswordSync.Providers.Sql;

/// <summary>A password as crypt(3) keeps it with SHA-512 (Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512", 2008, version 0.6).</summary>
public sealed record Sha512CryptPassword : StoredHash
{
    /// <summary>The most rounds that are computed; a stored hash with more counts as unknown.</summary>
    public const int RoundsMax = 10_000_000;

    private const string Prefix = "$6$";
    private const string RoundsPrefix = "rounds=";
    private const string Alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int RoundsByDefault = 5_000, RoundsMin = 1_000, SaltLengthMax = 16, HashTextLength = 86;

    private readonly int rounds;
    private readonly string salt;
    private readonly string hash;

    private Sha512CryptPassword(int rounds, string salt, string hash) => (this.rounds, this.salt, this.hash) = (rounds, salt, hash);

    /// <summary>What is stored.</summary>
    public string Text => $"{Prefix}{RoundsPrefix}{rounds.ToString(CultureInfo.InvariantCulture)}${salt}${hash}";

    internal override ImmutableArray<(string Name, object Value)> Values => [("hash", Text)];

    /// <exception cref="EncoderFallbackException">The password is not well-formed text.</exception>
    public static Sha512CryptPassword Compute(Secret password, int rounds)
    {
        ArgumentNullException.ThrowIfNull(password);
        var salt = RandomNumberGenerator.GetString(Alphabet, SaltLengthMax);
        return new Sha512CryptPassword(rounds, salt, Derive(password, salt, rounds));
    }

    /// <returns>Null if the text is no such hash: a locked account, another method, more rounds than <see cref="RoundsMax"/>.</returns>
    public static Sha512CryptPassword? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!text.StartsWith(Prefix, StringComparison.Ordinal)) return null;
        var parts = text[Prefix.Length..].Split('$');
        var rounds = RoundsByDefault;
        if (parts.Length == 3)
        {
            if (!parts[0].StartsWith(RoundsPrefix, StringComparison.Ordinal) || !int.TryParse(parts[0][RoundsPrefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out rounds)) return null;
            rounds = Math.Max(rounds, RoundsMin);
        }

        return parts.Length is 2 or 3 && rounds <= RoundsMax && parts[^1].Length == HashTextLength
            ? new Sha512CryptPassword(rounds, parts[^2].Length > SaltLengthMax ? parts[^2][..SaltLengthMax] : parts[^2], parts[^1])
            : null;
    }

    public override bool Matches(Secret password)
    {
        ArgumentNullException.ThrowIfNull(password);
        return password.IsWellFormed && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Derive(password, salt, rounds)), Encoding.UTF8.GetBytes(hash));
    }

    /// <summary>Nothing of the hash.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"SHA-512-crypt, {rounds} rounds");

    private static string Derive(Secret password, string salt, int rounds)
    {
        var saltBytes = Encoding.UTF8.GetBytes(salt);
        return password.WithUtf8(key => Encode(Digest(key.Span, saltBytes, rounds)));
    }

    /// <summary>Steps 1 to 21 of the description, in its own order.</summary>
    private static byte[] Digest(ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt, int rounds)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
        var sum = GC.AllocateArray<byte>(SHA512.HashSizeInBytes, pinned: true);
        sha.AppendData(key);
        sha.AppendData(salt);
        sha.AppendData(key);
        sha.GetHashAndReset(sum);

        sha.AppendData(key);
        sha.AppendData(salt);
        AppendRepeated(sha, sum, key.Length);
        for (var bits = key.Length; bits > 0; bits >>= 1) sha.AppendData((bits & 1) == 0 ? key : sum);
        sha.GetHashAndReset(sum);
        var first = sum[0];

        var repeatedKey = Sequence(sha, key, key.Length, key.Length);
        var repeatedSalt = Sequence(sha, salt, 16 + first, salt.Length);
        for (var round = 0; round < rounds; round++)
        {
            var isOdd = (round & 1) != 0;
            sha.AppendData(isOdd ? repeatedKey : sum);
            if (round % 3 != 0) sha.AppendData(repeatedSalt);
            if (round % 7 != 0) sha.AppendData(repeatedKey);
            sha.AppendData(isOdd ? sum : repeatedKey);
            sha.GetHashAndReset(sum);
        }

        CryptographicOperations.ZeroMemory(repeatedKey);
        return sum;
    }

    /// <summary>The hash of some data that is repeated so many times, itself repeated to a length.</summary>
    private static byte[] Sequence(IncrementalHash sha, ReadOnlySpan<byte> data, int times, int length)
    {
        for (var i = 0; i < times; i++) sha.AppendData(data);
        Span<byte> sum = stackalloc byte[SHA512.HashSizeInBytes];
        sha.GetHashAndReset(sum);
        var sequence = GC.AllocateArray<byte>(length, pinned: true);
        for (var i = 0; i < length; i++) sequence[i] = sum[i % sum.Length];
        CryptographicOperations.ZeroMemory(sum);
        return sequence;
    }

    private static void AppendRepeated(IncrementalHash sha, ReadOnlySpan<byte> data, int length)
    {
        for (; length > data.Length; length -= data.Length) sha.AppendData(data);
        sha.AppendData(data[..length]);
    }

    /// <summary>Three bytes become four characters, the lowest bits first; the bytes are taken in an order that goes round by 21.</summary>
    private static string Encode(byte[] sum)
    {
        var text = new StringBuilder(HashTextLength);
        var (a, b, c) = (0, 21, 42);
        for (var i = 0; i < 21; i++)
        {
            Append((sum[a] << 16) | (sum[b] << 8) | sum[c], 4);
            (a, b, c) = (b + 1, c + 1, a + 1);
        }

        Append(sum[63], 2);
        return text.ToString();

        void Append(int bits, int characters)
        {
            for (; characters > 0; characters--, bits >>= 6) text.Append(Alphabet[bits & 0x3F]);
        }
    }
}
