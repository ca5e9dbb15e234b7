using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using PasswordSync.Core.Secrets;

namespace PasswordSync.Providers.Sql;

/// <summary>A password as the user table holds it: PBKDF2 (RFC 8018) with HMAC-SHA-256 over its UTF-8 form.</summary>
/// <param name="Hash">32 bytes.</param>
/// <param name="Salt">Random bytes, 16 for those made here.</param>
/// <param name="Iterations">How many iterations, 1 or greater.</param>
public sealed record Pbkdf2Password(ReadOnlyMemory<byte> Hash, ReadOnlyMemory<byte> Salt, int Iterations) : StoredHash
{
    /// <summary>The length of a hash, in bytes.</summary>
    public const int HashLength = 32;

    /// <summary>The length of a new salt, in bytes.</summary>
    public const int SaltLength = 16;

    internal override ImmutableArray<(string Name, object Value)> Values => [("hash", Hash.ToArray()), ("salt", Salt.ToArray()), ("iterations", Iterations)];

    /// <summary>The hash with a new random salt. Costs CPU time in proportion to <paramref name="iterations"/>.</summary>
    /// <exception cref="EncoderFallbackException">The password is not well-formed text.</exception>
    public static Pbkdf2Password Compute(Secret password, int iterations)
    {
        ArgumentNullException.ThrowIfNull(password);
        var salt = RandomNumberGenerator.GetBytes(SaltLength);
        return new Pbkdf2Password(Derive(password, salt, iterations), salt, iterations);
    }

    public override bool Matches(Secret password)
    {
        ArgumentNullException.ThrowIfNull(password);
        return password.IsWellFormed && CryptographicOperations.FixedTimeEquals(Derive(password, Salt.Span, Iterations), Hash.Span);
    }

    /// <summary>Nothing of the hash.</summary>
    public override string ToString() => $"PBKDF2-SHA256, {Iterations} iterations";

    private static byte[] Derive(Secret password, ReadOnlySpan<byte> salt, int iterations)
    {
        var copy = salt.ToArray();
        return password.WithUtf8(utf8 => Rfc2898DeriveBytes.Pbkdf2(utf8.Span, copy, iterations, HashAlgorithmName.SHA256, HashLength));
    }
}
