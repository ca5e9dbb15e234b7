using System.Security.Cryptography;
using System.Text;

namespace PasswordSync.Core.Secrets;

/// <summary>
/// A password in clear, in memory that is never moved by the garbage collector and is wiped by <see cref="Dispose"/>. One owner disposes it,
/// when nobody reads it any more; reading is safe from several threads. Nothing prints it: <see cref="ToString"/> is redacted and it has no other public
/// readable member than <see cref="Reveal"/> and the encoders.
/// </summary>
public sealed class Secret : IDisposable
{
    private readonly char[] characters;
    private bool disposed;

    private Secret(char[] characters) => this.characters = characters;

    /// <summary>The length in UTF-16 code units.</summary>
    public int Length => characters.Length;

    /// <summary>Whether the password is the empty string.</summary>
    public bool IsEmpty => characters.Length == 0;

    /// <summary>
    /// Whether the text is well-formed Unicode. A password set on Windows may hold a surrogate without its partner; such a one has no
    /// UTF-8 form.
    /// </summary>
    public bool IsWellFormed
    {
        get
        {
            var text = Reveal();
            for (var i = 0; i < text.Length; i++)
            {
                if (!char.IsSurrogate(text[i])) continue;
                if (i + 1 >= text.Length || !char.IsSurrogatePair(text[i], text[i + 1])) return false;
                i++;
            }

            return true;
        }
    }

    /// <summary>Copies the characters; the caller keeps and wipes its own.</summary>
    public static Secret FromCharacters(ReadOnlySpan<char> text)
    {
        var copy = GC.AllocateUninitializedArray<char>(text.Length, pinned: true);
        text.CopyTo(copy);
        return new Secret(copy);
    }

    /// <summary>Decodes UTF-8; the caller keeps and wipes its own bytes.</summary>
    /// <exception cref="DecoderFallbackException">The bytes are not UTF-8. The message does not show them.</exception>
    public static Secret FromUtf8(ReadOnlySpan<byte> utf8)
    {
        var strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
        int count;
        try
        {
            count = strict.GetCharCount(utf8);
        }
        catch (DecoderFallbackException)
        {
            throw new DecoderFallbackException("The secret is not valid UTF-8.");
        }

        var copy = GC.AllocateUninitializedArray<char>(count, pinned: true);
        strict.GetChars(utf8, copy);
        return new Secret(copy);
    }

    /// <summary>Decodes UTF-16 in little-endian order, lone surrogates included.</summary>
    /// <exception cref="ArgumentException">The number of bytes is odd.</exception>
    public static Secret FromUtf16(ReadOnlySpan<byte> utf16)
    {
        if (utf16.Length % 2 != 0) throw new ArgumentException("UTF-16 has an even number of bytes.", nameof(utf16));
        var copy = GC.AllocateUninitializedArray<char>(utf16.Length / 2, pinned: true);
        for (var i = 0; i < copy.Length; i++) copy[i] = (char)(utf16[2 * i] | (utf16[(2 * i) + 1] << 8));
        return new Secret(copy);
    }

    /// <summary>The characters in clear. The span is valid until <see cref="Dispose"/>; do not make a string of it where bytes will do.</summary>
    /// <exception cref="ObjectDisposedException">The secret was wiped.</exception>
    public ReadOnlySpan<char> Reveal()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return characters;
    }

    /// <summary>Calls <paramref name="use"/> with the UTF-8 form, then wipes it.</summary>
    /// <exception cref="EncoderFallbackException">The text is not well-formed (see <see cref="IsWellFormed"/>). The message does not show it.</exception>
    public TResult WithUtf8<TResult>(Func<ReadOnlyMemory<byte>, TResult> use)
    {
        ArgumentNullException.ThrowIfNull(use);
        if (!IsWellFormed) throw new EncoderFallbackException("The secret has no UTF-8 form: it holds a surrogate without its partner.");
        var bytes = GC.AllocateUninitializedArray<byte>(Encoding.UTF8.GetByteCount(Reveal()), pinned: true);
        try
        {
            Encoding.UTF8.GetBytes(Reveal(), bytes);
            return use(bytes);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>As <see cref="WithUtf8{TResult}"/>, wiping after the returned task has ended.</summary>
    public async Task<TResult> WithUtf8Async<TResult>(Func<ReadOnlyMemory<byte>, Task<TResult>> use)
    {
        ArgumentNullException.ThrowIfNull(use);
        if (!IsWellFormed) throw new EncoderFallbackException("The secret has no UTF-8 form: it holds a surrogate without its partner.");
        var bytes = GC.AllocateUninitializedArray<byte>(Encoding.UTF8.GetByteCount(Reveal()), pinned: true);
        try
        {
            Encoding.UTF8.GetBytes(Reveal(), bytes);
            return await use(bytes).ConfigureAwait(false);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>Wipes the characters. May be called again.</summary>
    public void Dispose()
    {
        disposed = true;
        CryptographicOperations.ZeroMemory(System.Runtime.InteropServices.MemoryMarshal.AsBytes(characters.AsSpan()));
    }

    /// <summary>Always the same text, whatever the secret.</summary>
    public override string ToString() => "[secret]";
}
