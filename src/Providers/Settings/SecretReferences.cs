using System.Security.Cryptography;
using System.Text;
using PasswordSync.Core.Secrets;
using PasswordSync.Core.Settings;

namespace PasswordSync.Providers.Settings;

/// <summary>
/// Resolves <c>file:/absolute/path</c> (UTF-8; one line break at the end is not part of the secret) and <c>env:NAME</c>, as far as the node's
/// allow-list has them. A value from the environment is a .NET string and cannot be wiped: prefer files.
/// </summary>
public sealed class SecretReferences(NodeAllowList allowList) : ISecretReferences
{
    /// <summary>The largest secret file, in bytes.</summary>
    public const int FileSizeMax = 8_192;

    /// <summary>Whether a text has the form of a reference. Says nothing of whether it can be resolved.</summary>
    public static bool IsReference(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return (SecretReference.FileOf(text) is { } file && Path.IsPathFullyQualified(file))
            || (SecretReference.VariableOf(text) is { Length: > 0 } variable && variable.AsSpan().IndexOfAnyExcept(EnvironmentNameCharacters) < 0);
    }

    public async ValueTask<SecretResolution> ResolveAsync(string reference, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reference);
        if (!IsReference(reference)) return new SecretResolution.Refused("A secret setting is not a reference: use file:/absolute/path or env:NAME.");
        if (!allowList.AllowsSecretReference(reference)) return new SecretResolution.Refused($"This node's allow-list of secret references does not have {reference}.");
        return SecretReference.FileOf(reference) is { } file ? await ReadFileAsync(reference, file, cancellationToken) : ReadEnvironment(reference);
    }

    private static readonly System.Buffers.SearchValues<char> EnvironmentNameCharacters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    private static SecretResolution ReadEnvironment(string reference) =>
        Environment.GetEnvironmentVariable(SecretReference.VariableOf(reference)!) is { Length: > 0 } value
            ? new SecretResolution.Resolved(Secret.FromCharacters(value))
            : new SecretResolution.Refused($"{reference}: the environment has no such variable, or it is empty.");

    private static async Task<SecretResolution> ReadFileAsync(string reference, string file, CancellationToken cancellationToken)
    {
        var bytes = GC.AllocateArray<byte>(FileSizeMax + 1, pinned: true);
        try
        {
            // No buffer in the stream: it would keep a copy that nobody wipes.
            await using var stream = new FileStream(file, new FileStreamOptions
            {
                Mode = FileMode.Open,
                Access = FileAccess.Read,
                Share = FileShare.ReadWrite | FileShare.Delete,
                BufferSize = 0,
                Options = FileOptions.Asynchronous,
            });
            var count = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
            if (count > FileSizeMax) return new SecretResolution.Refused($"{reference}: the file is larger than {FileSizeMax} bytes.");
            var content = bytes.AsSpan(0, count);
            if (content.EndsWith("\n"u8)) content = content[..^1];
            if (content.EndsWith("\r"u8)) content = content[..^1];
            return content.IsEmpty
                ? new SecretResolution.Refused($"{reference}: the file is empty.")
                : new SecretResolution.Resolved(Secret.FromUtf8(content));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new SecretResolution.Refused($"{reference}: the file cannot be read ({e.GetType().Name}). Check that it exists and that the service's account may read it.");
        }
        catch (DecoderFallbackException)
        {
            return new SecretResolution.Refused($"{reference}: the file is not UTF-8.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }
}
