using PasswordSync.Core.Identities;

namespace PasswordSync.Journal.Storing;

/// <summary>Names as they are looked for: without regard to the case of the letters A to Z.</summary>
internal static class StoredName
{
    public static string ToStoredName(this string name) => string.Create(name.Length, name, (lower, given) =>
    {
        for (var i = 0; i < lower.Length; i++) lower[i] = char.IsAsciiLetterUpper(given[i]) ? (char)(given[i] | 0x20) : given[i];
    });

    /// <summary>Every name of an account.</summary>
    public static IEnumerable<string> All(this AccountNames names) =>
        from name in new[] { names.DistinguishedName, names.SamAccountName, names.UserPrincipalName, names.Mail } where !string.IsNullOrEmpty(name) select name.ToStoredName();
}
