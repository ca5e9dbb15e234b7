using System.Text;
using PasswordSync.Core.Secrets;

namespace PasswordSync.Providers.Redaction;

/// <summary>
/// Makes what a target said fit to be shown: removes the password in whatever encoding the target may have echoed it, control characters, and
/// what is too long. Everything that a provider puts into a reason and that came from the target goes through here.
/// </summary>
public static class Redactor
{
    /// <summary>What stands where the password stood.</summary>
    public const string Mark = "[redacted]";

    /// <summary>What stands for the whole text, where gaps in it would tell a short password.</summary>
    public const string Withheld = "[what the target said is withheld: the password is too short to be told apart from other text]";

    /// <summary>The most that is looked at, in characters; the rest of the text is dropped.</summary>
    public const int TextLengthMax = 4_096;

    /// <summary>The longest result, in characters.</summary>
    public const int ResultLengthMax = 500;

    /// <summary>The shortest password that is looked for; with a shorter one the whole text is withheld.</summary>
    internal const int PasswordLengthMin = 4;

    /// <summary>The text without the password, on one line.</summary>
    /// <param name="text">What the target said; null counts as empty.</param>
    /// <param name="password">The password that it may hold. An empty one hides nothing.</param>
    public static string Redact(string? text, Secret password)
    {
        ArgumentNullException.ThrowIfNull(password);
        if (string.IsNullOrEmpty(text)) return "";
        if (!password.IsEmpty && password.Length < PasswordLengthMin) return Withheld;
        var looked = text.Length > TextLengthMax ? text[..TextLengthMax] : text;
        return Tidy(password.IsEmpty ? looked : Replace(looked, password));
    }

    private static string Replace(string text, Secret password)
    {
        var hidden = new bool[text.Length];
        EchoFinder.MarkEchoes(text, password, hidden);
        DumpFinder.MarkDumps(text, password, hidden);
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (!hidden[i]) result.Append(text[i]);
            else if (i == 0 || !hidden[i - 1]) result.Append(Mark);
        }

        return result.ToString();
    }

    /// <summary>One line of bounded length without control characters, so that a target cannot forge lines of a log. For what was said without a password in play.</summary>
    public static string Tidy(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var result = new StringBuilder(Math.Min(text.Length, ResultLengthMax));
        foreach (var c in text)
        {
            if (result.Length == ResultLengthMax) return result.Append('…').ToString();
            var shown = char.IsControl(c) || char.GetUnicodeCategory(c) is System.Globalization.UnicodeCategory.Format ? ' ' : c;
            if (shown != ' ' || (result.Length > 0 && result[^1] != ' ')) result.Append(shown);
        }

        return result.ToString().TrimEnd();
    }
}
