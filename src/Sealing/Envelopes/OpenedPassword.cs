using System.Security.Cryptography;

namespace PasswordSync.Sealing.Envelopes;

/// <summary>
/// A password out of its envelope, in memory that is never moved and is wiped by <see cref="Dispose"/>. Not thread-safe: one owner at a
/// time. Nothing prints it.
/// </summary>
public sealed class OpenedPassword : IDisposable
{
    private readonly byte[] plaintext;
    private readonly int length;
    private bool disposed;

    /// <param name="plaintext">A pinned array in the form of <see cref="PaddedPassword"/>; this object owns and wipes it.</param>
    internal OpenedPassword(byte[] plaintext, PasswordEncoding encoding, int length)
    {
        this.plaintext = plaintext;
        this.length = length;
        Encoding = encoding;
    }

    /// <summary>How <see cref="Bytes"/> stand for characters.</summary>
    public PasswordEncoding Encoding { get; }

    /// <summary>The password in clear: 0 to 1,021 bytes. The span is valid until <see cref="Dispose"/>.</summary>
    /// <exception cref="ObjectDisposedException">The password was wiped.</exception>
    public ReadOnlySpan<byte> Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            return plaintext.AsSpan(PaddedPassword.PasswordOffset, length);
        }
    }

    /// <summary>Wipes the password. May be called again.</summary>
    public void Dispose()
    {
        disposed = true;
        CryptographicOperations.ZeroMemory(plaintext);
    }

    /// <summary>Always the same text, whatever the password.</summary>
    public override string ToString() => "[password]";
}
