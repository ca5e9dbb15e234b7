using System.Text;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;

namespace PasswordSync.Journal.Storing;

/// <summary>Names as they are kept and looked for: in lower case, since directories do not tell the cases of a letter apart.</summary>
internal static class StoredName
{
    public static string ToStoredName(this string name) => name.ToLowerInvariant();

    /// <summary>How a name may stand in the store: versions before kept all letters but A to Z as they were.</summary>
    public static string[] StoredForms(this string name) => [.. new[] { name.ToStoredName(), ToFormerName(name) }.Distinct()];

    /// <summary>Every name that an event gives the identity: also one under which nothing was ever accepted is to be found.</summary>
    public static IEnumerable<string> AllOf(IdentityEvent happened) => happened switch
    {
        IdentityEvent.CaptureAccepted accepted => AllOf(accepted.Change.Names),
        IdentityEvent.CaptureIgnored { Trace: { } trace } => Of(trace),
        IdentityEvent.CaptureReported { Trace: { } trace } => Of(trace),
        _ => [],
    };

    // An edge's word that no directory has confirmed: what no database would store as text is nobody's name.
    private static IEnumerable<string> Of(CaptureTrace trace) => trace.AccountName.Length > 0 && IsText(trace.AccountName) ? [trace.AccountName.ToStoredName()] : [];

    private static bool IsText(string name) => !name.Contains('\0', StringComparison.Ordinal) && !name.EnumerateRunes().Contains(Rune.ReplacementChar);

    /// <summary>Every name of an account.</summary>
    public static IEnumerable<string> AllOf(AccountNames names) =>
        from name in new[] { names.DistinguishedName, names.SamAccountName, names.UserPrincipalName, names.Mail } where !string.IsNullOrEmpty(name) select name.ToStoredName();

    private static string ToFormerName(string name) => string.Create(name.Length, name, (lower, given) =>
    {
        for (var i = 0; i < lower.Length; i++) lower[i] = char.IsAsciiLetterUpper(given[i]) ? (char)(given[i] | 0x20) : given[i];
    });
}
