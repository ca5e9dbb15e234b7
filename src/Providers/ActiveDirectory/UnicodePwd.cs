using System.Security.Cryptography;
using PasswordSync.Core.Secrets;

namespace PasswordSync.Providers.ActiveDirectory;

/// <summary>The value of <c>unicodePwd</c>: the password in double quotes as UTF-16 in little-endian order (MS-ADTS 3.1.1.3.1.5.1). Wiped by <see cref="Dispose"/>.</summary>
internal sealed class UnicodePwd : IDisposable
{
    public const string AttributeName = "unicodePwd";

    private readonly byte[] bytes;

    public UnicodePwd(Secret password)
    {
        bytes = GC.AllocateUninitializedArray<byte>(2 * (password.Length + 2), pinned: true);
        var to = bytes.AsSpan();
        to = Put(to, '"');
        foreach (var c in password.Reveal()) to = Put(to, c);
        Put(to, '"');
    }

    public ReadOnlyMemory<byte> Value => bytes;

    public void Dispose() => CryptographicOperations.ZeroMemory(bytes);

    private static Span<byte> Put(Span<byte> to, char c)
    {
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16LittleEndian(to, c);
        return to[2..];
    }

    /// <summary>Nothing of the value.</summary>
    public override string ToString() => "[unicodePwd]";
}
