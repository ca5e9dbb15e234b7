namespace PasswordSync.Providers.LocalAccounts;

/// <summary>An account of one server, written <c>host\account</c>.</summary>
/// <param name="Host">The server's name or address.</param>
/// <param name="Name">The account's name there.</param>
public sealed record LocalAccount(string Host, string Name)
{
    /// <returns>Null if the text is not of this form.</returns>
    public static LocalAccount? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Split('\\', 2) is [var host, { Length: > 0 } name] && IsHost(host) ? new LocalAccount(host, name) : null;
    }

    /// <summary>Whether this is a DNS name or an address and nothing that a binding string of RPC gives a meaning to.</summary>
    public static bool IsHost(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length is > 0 and <= 255 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or ':') && text[0] != '-';
    }

    public override string ToString() => $@"{Host}\{Name}";
}
