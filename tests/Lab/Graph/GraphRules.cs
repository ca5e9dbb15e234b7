using System.Text.RegularExpressions;

namespace PasswordSync.Lab;

/// <summary>The published rules of Entra ID's passwords and of the queries that the emulator understands.</summary>
internal static partial class GraphRules
{
    /// <summary>8 to 256 characters of ASCII, three of four kinds, not a banned word.</summary>
    public static bool Takes(string password) =>
        password.Length is >= 8 and <= 256
        && password.All(c => c is >= ' ' and <= '~')
        && new[] { password.Any(char.IsAsciiLetterLower), password.Any(char.IsAsciiLetterUpper), password.Any(char.IsAsciiDigit), password.Any(c => !char.IsAsciiLetterOrDigit(c)) }.Count(kind => kind) >= 3
        && !password.Contains("contoso", StringComparison.OrdinalIgnoreCase);

    /// <summary>The property and the value of a filter of the form <c>property eq 'value'</c>; null if it is of another form.</summary>
    public static (string Property, string Value)? ParseFilter(string filter) =>
        Equality().Match(filter) is { Success: true } match ? (match.Groups["property"].Value, match.Groups["value"].Value.Replace("''", "'", StringComparison.Ordinal)) : null;

    [GeneratedRegex(@"^(?<property>onPremisesImmutableId|userPrincipalName|mail) eq '(?<value>(?:[^']|'')*)'\z", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Equality();
}
