using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace PasswordSync.Providers.Webhook;

/// <summary>
/// The signature of a request: HMAC-SHA-256 (RFC 2104) with a shared key over the decimal Unix time in seconds, a full stop, and the body's
/// bytes; in the header as <c>t=1700000000,v1=</c> and 64 lower-case hexadecimal digits. While a key is being replaced there is one
/// <c>v1</c> of each.
/// </summary>
public static class WebhookSignature
{
    /// <summary>The header that has it.</summary>
    public const string HeaderName = "PasswordSync-Signature";

    /// <summary>The most signatures a header may have for a receiver that follows the specification.</summary>
    public const int PartsMax = 4;

    /// <summary>How old or how far ahead a signature may be for a receiver that follows the specification.</summary>
    public static readonly TimeSpan AgeMax = TimeSpan.FromMinutes(5);

    /// <summary>The header's value with one signature.</summary>
    public static string Sign(ReadOnlySpan<byte> key, ReadOnlySpan<byte> body, DateTimeOffset at) => $"{TimeOf(at)},{PartOf(key, body, at)}";

    /// <summary>Whether a header's value was made with the key for this body, not more than <see cref="AgeMax"/> from now.</summary>
    public static bool IsValid(string? header, ReadOnlySpan<byte> key, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        if (header?.Split(',') is not [var time, .. var parts] || parts.Length is 0 or > PartsMax || !time.StartsWith("t=", StringComparison.Ordinal)) return false;
        if (!long.TryParse(time.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)) return false;
        if (Math.Abs((double)now.ToUnixTimeSeconds() - seconds) > AgeMax.TotalSeconds) return false;
        var expected = Encoding.ASCII.GetBytes(PartOf(key, body, seconds));
        return parts.Any(part => CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(part), expected));
    }

    internal static string TimeOf(DateTimeOffset at) => string.Create(CultureInfo.InvariantCulture, $"t={at.ToUnixTimeSeconds()}");

    internal static string PartOf(ReadOnlySpan<byte> key, ReadOnlySpan<byte> body, DateTimeOffset at) => PartOf(key, body, at.ToUnixTimeSeconds());

    private static string PartOf(ReadOnlySpan<byte> key, ReadOnlySpan<byte> body, long seconds)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{seconds}.")));
        hash.AppendData(body);
        return $"v1={Convert.ToHexStringLower(hash.GetHashAndReset())}";
    }
}
