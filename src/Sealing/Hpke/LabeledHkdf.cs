using System.Buffers.Binary;
using System.Security.Cryptography;

namespace PasswordSync.Sealing.Hpke;

/// <summary>
/// LabeledExtract and LabeledExpand of RFC 9180, section 4, over HKDF-SHA256. Inputs are copied into one labelled buffer on the stack, which
/// is wiped before return since it may hold a shared secret.
/// </summary>
internal static class LabeledHkdf
{
    /// <summary>Nh of RFC 9180: the size of an extracted key, in bytes.</summary>
    public const int HashSize = 32;

    /// <summary>Bounds suite id, label and input material, or suite id, label and info, together, in bytes.</summary>
    public const int LabelledInputMax = 320;

    private static ReadOnlySpan<byte> Version => "HPKE-v1"u8;

    /// <param name="salt">May be empty.</param>
    /// <param name="inputKeyMaterial">The "ikm" of the RFC.</param>
    /// <param name="extracted">Exactly <see cref="HashSize"/> bytes.</param>
    public static void Extract(
        ReadOnlySpan<byte> suiteId, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> label, ReadOnlySpan<byte> inputKeyMaterial, Span<byte> extracted)
    {
        Span<byte> buffer = stackalloc byte[LabelledInputMax];
        try
        {
            var rest = buffer;
            Append(ref rest, Version);
            Append(ref rest, suiteId);
            Append(ref rest, label);
            Append(ref rest, inputKeyMaterial);
            HKDF.Extract(HashAlgorithmName.SHA256, buffer[..^rest.Length], salt, extracted);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    /// <param name="pseudoRandomKey">The "prk" of the RFC: <see cref="HashSize"/> bytes.</param>
    /// <param name="expanded">Its length is the "L" of the RFC.</param>
    public static void Expand(
        ReadOnlySpan<byte> suiteId, ReadOnlySpan<byte> pseudoRandomKey, ReadOnlySpan<byte> label, ReadOnlySpan<byte> info, Span<byte> expanded)
    {
        Span<byte> buffer = stackalloc byte[LabelledInputMax];
        BinaryPrimitives.WriteUInt16BigEndian(buffer, checked((ushort)expanded.Length));
        var rest = buffer[2..];
        Append(ref rest, Version);
        Append(ref rest, suiteId);
        Append(ref rest, label);
        Append(ref rest, info);
        HKDF.Expand(HashAlgorithmName.SHA256, pseudoRandomKey, expanded, buffer[..^rest.Length]);
    }

    private static void Append(ref Span<byte> rest, ReadOnlySpan<byte> part)
    {
        part.CopyTo(rest);
        rest = rest[part.Length..];
    }
}
