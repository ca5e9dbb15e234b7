using System.Globalization;
using System.Security.Cryptography;
using PasswordSync.Core.Secrets;

namespace PasswordSync.Providers.PostgreSqlRoles.Scram;

/// <summary>What PostgreSQL keeps of a password: <c>SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey</c> (RFC 5803, RFC 7677). The server takes it as it is and never sees the password.</summary>
internal static class ScramVerifier
{
    public const string Scheme = "SCRAM-SHA-256";

    /// <summary>The length of a new salt, in bytes: what PostgreSQL itself uses.</summary>
    public const int SaltLength = 16;

    private const int KeyLength = 32;

    /// <summary>More than a server would take; a bound on what a hostile one can make us compute.</summary>
    private const int IterationsMax = 10_000_000;

    /// <summary>The verifier with a new random salt.</summary>
    public static string Compute(Secret password, int iterations) => Compute(password, RandomNumberGenerator.GetBytes(SaltLength), iterations);

    /// <summary>Whether this is the verifier of the password; null if it is not one of this scheme (md5, or none).</summary>
    public static bool? Matches(string? verifier, Secret password)
    {
        if (verifier?.Split('$') is not [Scheme, var cost, _] || cost.Split(':') is not [var count, var salt]) return null;
        var bytes = new byte[salt.Length];
        if (!int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var iterations) || iterations is < 1 or > IterationsMax) return null;
        if (!Convert.TryFromBase64String(salt, bytes, out var length)) return null;
        return password.IsWellFormed && CryptographicOperations.FixedTimeEquals(
            System.Text.Encoding.ASCII.GetBytes(Compute(password, bytes[..length], iterations)), System.Text.Encoding.ASCII.GetBytes(verifier));
    }

    internal static string Compute(Secret password, byte[] salt, int iterations)
    {
        var prepared = SaslPrep.Prepare(password);
        Span<byte> salted = stackalloc byte[KeyLength];
        Span<byte> clientKey = stackalloc byte[KeyLength];
        try
        {
            Rfc2898DeriveBytes.Pbkdf2(prepared, salt, salted, iterations, HashAlgorithmName.SHA256);
            HMACSHA256.HashData(salted, "Client Key"u8, clientKey);
            var storedKey = Convert.ToBase64String(SHA256.HashData(clientKey));
            var serverKey = Convert.ToBase64String(HMACSHA256.HashData(salted, "Server Key"u8));
            return string.Create(CultureInfo.InvariantCulture, $"{Scheme}${iterations}:{Convert.ToBase64String(salt)}${storedKey}:{serverKey}");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(prepared);
            CryptographicOperations.ZeroMemory(salted);
            CryptographicOperations.ZeroMemory(clientKey);
        }
    }
}
