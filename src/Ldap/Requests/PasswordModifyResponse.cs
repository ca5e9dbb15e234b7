using System.Runtime.InteropServices;
using System.Security.Cryptography;
using PasswordSync.Ldap.Wire;

namespace PasswordSync.Ldap;

/// <summary>The answer of RFC 3062.</summary>
internal static class PasswordModifyResponse
{
    /// <summary>Copies the password that a server made and wipes it where it was received; null if it made none.</summary>
    public static byte[]? TakeGeneratedPassword(ReadOnlyMemory<byte> value)
    {
        if (ResponseParser.GeneratedPassword(value) is not { } received) return null;
        var password = received.ToArray();
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsMemory(received).Span);
        return password;
    }
}
