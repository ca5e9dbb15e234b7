using System.Security.Cryptography;
using System.Text;

namespace PasswordSync.Providers.Abstractions;

/// <summary>
/// A password or another secret in clear, in memory that the garbage collector does not move and <see cref="Dispose"/> overwrites. Always well-formed
/// Unicode. Do not keep it beyond the call that it came with, and do not make a string of it where characters or bytes will do.
/// </summary>
public sealed class SecretText : IDisposable
{
    private readonly char[] characters;
    private bool disposed;

    private SecretText(char[] characters) => this.characters = characters;

    /// <summary>The length in UTF-16 code units.</summary>
    public int Length => characters.Length;

    /// <summary>Decodes UTF-8; the caller keeps and wipes its own bytes.</summary>
    /// <exception cref="InvalidDataException">The bytes are not UTF-8. The message does not show them.</exception>
    public static SecretText FromUtf8(ReadOnlySpan<byte> utf8)
    {
        var strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
        try
        {
            var characters = GC.AllocateUninitializedArray<char>(strict.GetCharCount(utf8), pinned: true);
            strict.GetChars(utf8, characters);
            return new SecretText(characters);
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidDataException("A secret is not valid UTF-8.");
        }
    }

    /// <summary>Copies the characters; the caller keeps and wipes its own.</summary>
    public static SecretText FromCharacters(ReadOnlySpan<char> text)
    {
        var characters = GC.AllocateUninitializedArray<char>(text.Length, pinned: true);
        text.CopyTo(characters);
        return new SecretText(characters);
    }

    /// <summary>The characters; valid until <see cref="Dispose"/>.</summary>
    /// <exception cref="ObjectDisposedException">The secret was wiped.</exception>
    public ReadOnlySpan<char> Reveal()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return characters;
    }

    /// <summary>Calls <paramref name="use"/> with the UTF-8 form, and wipes that after the task has ended.</summary>
    public async Task<TResult> WithUtf8Async<TResult>(Func<ReadOnlyMemory<byte>, Task<TResult>> use)
    {
        ArgumentNullException.ThrowIfNull(use);
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

    /// <summary>Overwrites the characters. May be called again.</summary>
    public void Dispose()
    {
        disposed = true;
        CryptographicOperations.ZeroMemory(System.Runtime.InteropServices.MemoryMarshal.AsBytes(characters.AsSpan()));
    }

    /// <summary>Always the same text, whatever the secret.</summary>
    public override string ToString() => "[secret]";
}
