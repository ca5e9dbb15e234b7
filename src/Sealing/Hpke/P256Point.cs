using System.Numerics;
using System.Security.Cryptography;

namespace PasswordSync.Sealing.Hpke;

/// <summary>
/// Points of NIST P-256 in their uncompressed form: <c>04</c>, then X and Y in 32 big-endian bytes each (SEC 1, section 2.3.3). Curve
/// constants: NIST SP 800-186, section 3.2.1.3.
/// </summary>
/// <remarks>
/// The check is made here and not left to the platform's import, so that a point off the curve is told apart from a broken
/// environment. The curve's cofactor is 1: every point on it is in the right group.
/// </remarks>
internal static class P256Point
{
    /// <summary>The size of an uncompressed point, in bytes.</summary>
    public const int Size = 65;

    /// <summary>The size of one coordinate and of a private key, in bytes.</summary>
    public const int CoordinateSize = 32;

    private const byte UncompressedMarker = 0x04;

    private static readonly BigInteger Prime = Constant("FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF");

    private static readonly BigInteger B = Constant("5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B");

    /// <summary>Whether the bytes are an uncompressed point of the curve. Never true for the point at infinity, which has no such form.</summary>
    public static bool IsValid(ReadOnlySpan<byte> point)
    {
        if (point.Length != Size || point[0] != UncompressedMarker) return false;
        var x = new BigInteger(point.Slice(1, CoordinateSize), isUnsigned: true, isBigEndian: true);
        var y = new BigInteger(point.Slice(1 + CoordinateSize, CoordinateSize), isUnsigned: true, isBigEndian: true);
        return x < Prime && y < Prime && ((y * y) - (((x * x) - 3) * x) - B) % Prime == 0;
    }

    /// <summary>The parameters of a public key. The bytes are a valid point: <see cref="IsValid"/> was asked before.</summary>
    public static ECParameters ToParameters(ReadOnlySpan<byte> point) => new()
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = { X = point.Slice(1, CoordinateSize).ToArray(), Y = point.Slice(1 + CoordinateSize, CoordinateSize).ToArray() },
    };

    /// <param name="destination">Exactly <see cref="Size"/> bytes.</param>
    public static void Write(ECDiffieHellman key, Span<byte> destination)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        destination[0] = UncompressedMarker;
        point.X.CopyTo(destination[1..]);
        point.Y.CopyTo(destination[(1 + CoordinateSize)..]);
    }

    private static BigInteger Constant(string hexadecimal) => new(Convert.FromHexString(hexadecimal), isUnsigned: true, isBigEndian: true);
}
