using System.Globalization;
using System.Text.RegularExpressions;

namespace PasswordSync.Lab;

/// <summary>
/// A domain's password policy. The defaults are Samba's, except that passwords may be changed again at once and never expire.
/// </summary>
public sealed partial record PasswordPolicy
{
    /// <summary>Three of the kinds of characters. With false, Samba calls no <c>check password script</c>.</summary>
    public bool Complexity { get; init; } = true;

    /// <summary>How many former passwords a user's own change may not reuse. 0 to 24.</summary>
    public int HistoryLength { get; init; } = 24;

    /// <summary>Characters, 0 to 14.</summary>
    public int MinimumLength { get; init; } = 7;

    /// <summary>0: a user may change again at once.</summary>
    public int MinimumAgeDays { get; init; }

    /// <summary>0: never expires.</summary>
    public int MaximumAgeDays { get; init; }

    /// <summary>Wrong passwords until the account is locked; 0: never.</summary>
    public int LockoutThreshold { get; init; }

    /// <summary>The arguments of <c>samba-tool domain passwordsettings set</c>.</summary>
    internal IReadOnlyList<string> ToArguments() =>
    [
        $"--complexity={(Complexity ? "on" : "off")}",
        $"--history-length={HistoryLength}",
        $"--min-pwd-length={MinimumLength}",
        $"--min-pwd-age={MinimumAgeDays}",
        $"--max-pwd-age={MaximumAgeDays}",
        $"--account-lockout-threshold={LockoutThreshold}",
    ];

    /// <summary>Reads the output of <c>samba-tool domain passwordsettings show</c>.</summary>
    internal static PasswordPolicy Parse(string output)
    {
        var values = Setting().Matches(output).ToDictionary(match => match.Groups["name"].Value, match => match.Groups["value"].Value);
        int Number(string name) => int.Parse(values[name], CultureInfo.InvariantCulture);
        return new PasswordPolicy
        {
            Complexity = values["Password complexity"] == "on",
            HistoryLength = Number("Password history length"),
            MinimumLength = Number("Minimum password length"),
            MinimumAgeDays = Number("Minimum password age (days)"),
            MaximumAgeDays = Number("Maximum password age (days)"),
            LockoutThreshold = Number("Account lockout threshold (attempts)"),
        };
    }

    [GeneratedRegex(@"^(?<name>[^:\n]+): (?<value>\S+)$", RegexOptions.Multiline)]
    private static partial Regex Setting();
}
