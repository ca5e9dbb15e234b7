using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace PasswordSync.Ldap;

/// <summary>
/// What a keytab file says of itself, for messages: whose keys it has and of which version. The keys themselves are passed over. Format: MIT
/// Kerberos, "Keytab file format", versions 1 (0x0501) is refused and 2 (0x0502) read.
/// </summary>
internal static class Keytab
{
    /// <summary>The largest file that is looked into, in bytes.</summary>
    public const int SizeMax = 1024 * 1024;

    private const int FormatVersion2 = 0x0502;

    /// <summary>Why tickets for this principal are not to be had by this file; null if nothing speaks against it.</summary>
    public static string? FindFault(string path, string principal)
    {
        byte[] content;
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > SizeMax and var length }) return string.Create(CultureInfo.InvariantCulture, $"The keytab {path} has {length} bytes; {SizeMax} are the bound.");
            content = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"The keytab {path} cannot be read: {e.Message}";
        }

        try
        {
            if (ReadPrincipals(content) is not { } found) return $"The file {path} is no keytab.";
            return found.Contains(principal, StringComparer.Ordinal) ? null
                : $"The keytab {path} has no key of {principal}; it has {(found.Count == 0 ? "none at all" : string.Join(", ", found.Distinct(StringComparer.Ordinal).Take(8)))}. Names are compared with regard to case.";
        }
        finally
        {
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(content);
        }
    }

    /// <returns>The principals in the order of the file; null if it is no keytab.</returns>
    public static IReadOnlyList<string>? ReadPrincipals(ReadOnlySpan<byte> content)
    {
        if (content.Length < 2 || BinaryPrimitives.ReadUInt16BigEndian(content) != FormatVersion2) return null;
        var principals = new List<string>();
        var rest = content[2..];
        while (rest.Length >= sizeof(int))
        {
            var size = BinaryPrimitives.ReadInt32BigEndian(rest);
            rest = rest[sizeof(int)..];

            // A negative size is that of a hole.
            var length = Math.Abs((long)size);
            if (size == 0 || length > rest.Length) break;
            if (size > 0)
            {
                if (ReadPrincipal(rest[..size]) is not { } principal) return null;
                principals.Add(principal);
            }

            rest = rest[(int)length..];
        }

        return principals;
    }

    private static string? ReadPrincipal(ReadOnlySpan<byte> entry)
    {
        if (entry.Length < sizeof(ushort)) return null;
        var count = BinaryPrimitives.ReadUInt16BigEndian(entry);
        var rest = entry[sizeof(ushort)..];
        if (ReadText(ref rest) is not { } realm) return null;
        var components = new string[Math.Min((int)count, entry.Length)];
        for (var i = 0; i < components.Length; i++)
        {
            if (ReadText(ref rest) is not { } component) return null;
            components[i] = component;
        }

        return $"{string.Join('/', components)}@{realm}";
    }

    private static string? ReadText(ref ReadOnlySpan<byte> rest)
    {
        if (rest.Length < sizeof(ushort)) return null;
        var length = BinaryPrimitives.ReadUInt16BigEndian(rest);
        if (rest.Length < sizeof(ushort) + length) return null;
        var text = Encoding.UTF8.GetString(rest.Slice(sizeof(ushort), length));
        rest = rest[(sizeof(ushort) + length)..];
        return text;
    }
}
