using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace PasswordSync.SyncNode.Admin;

/// <summary>
/// Tokens of operators: <c>pbm_</c> and 32 random bytes. The store keeps their SHA-256 only; a slow hash would protect a secret that can be guessed, and
/// 256 random bits cannot.
/// </summary>
public static class OperatorTokens
{
    private const string Prefix = "pbm_";

    private const int RandomBytes = 32;

    /// <summary>The length of every token, in characters.</summary>
    public static int Length { get; } = Prefix.Length + Base64Url.GetEncodedLength(RandomBytes);

    /// <summary>Makes one.</summary>
    public static string Make() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));

    /// <summary>What the store keeps of it.</summary>
    public static string HashOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
