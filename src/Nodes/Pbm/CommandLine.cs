using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;

namespace PasswordSync.Pbm;

/// <summary>The command line: <c>pbm [host:port] [options] [palette command [-switch value]...]</c>.</summary>
/// <param name="Address">The node, <c>host:port</c>.</param>
/// <param name="Format">How answers are written.</param>
/// <param name="TokenFile">Where the operator's token is; null for the usual places.</param>
/// <param name="Certificate">A PEM file or a fingerprint (<c>sha256:…</c>) that the node must show; null for what was pinned at first use.</param>
/// <param name="Words">The palette, the command and its switches; empty for the prompt.</param>
internal sealed partial record CommandLine(string Address, OutputFormat Format, string? TokenFile, string? Certificate, ImmutableArray<string> Words)
{
    /// <summary>Where a node listens by default.</summary>
    public const string DefaultAddress = "127.0.0.1:9110";

    public const string Usage =
        """
        Usage: pbm [host:port] [options] [palette command [-switch value]...]

        pbm connects to a node and downloads the list of its commands. Without a command it asks for commands at a prompt.
        The node is 127.0.0.1:9110, or what PBM_ADDRESS says, unless it is named.

        Options:
          --json               answers as JSON; streams as one object a line
          --csv                answers as comma-separated values
          --token-file FILE    the file with the operator's token (or PBM_TOKEN_FILE)
          --certificate PIN    the node's certificate: a PEM file or sha256:... (or PBM_CERTIFICATE)

        Of the client itself:
          pbm help [palette [command]]   what the node offers
          pbm login                      keeps a token for this user, in a file that only this user can read
          pbm version                    the versions of client and node

        Exit codes: 0 done, 1 refused, 2 wrong command line, 3 node not reached, 4 not allowed, 5 certificate not trusted,
        6 the answer is bad news (a check failed, a target does not have the password), 130 interrupted
        """;

    /// <exception cref="PbmException">An option is unknown or lacks its value, or the address is none.</exception>
    public static CommandLine Parse(IReadOnlyList<string> arguments, Func<string, string?> variable)
    {
        var words = arguments.ToList();
        var address = variable("PBM_ADDRESS") is { Length: > 0 } set ? set : DefaultAddress;
        if (words.Count > 0 && AddressForm().IsMatch(words[0]))
        {
            address = words[0];
            words.RemoveAt(0);
        }

        var (format, tokenFile, certificate) = (OutputFormat.Text, variable("PBM_TOKEN_FILE"), variable("PBM_CERTIFICATE"));
        for (var i = 0; i < words.Count;)
        {
            // A value that begins like an option is still a value.
            if (i > 0 && words[i - 1].StartsWith('-') && !words[i - 1].StartsWith("--", StringComparison.Ordinal) && !IsOption(words[i]))
            {
                i++;
                continue;
            }

            switch (words[i])
            {
                case "--json": format = OutputFormat.Json; break;
                case "--csv": format = OutputFormat.Csv; break;
                case "--token-file": tokenFile = Take(words, i); break;
                case "--certificate": certificate = Take(words, i); break;
                default: i++; continue;
            }

            words.RemoveAt(i);
        }

        if (!AddressForm().IsMatch(address) || !Uri.TryCreate($"https://{address}/", UriKind.Absolute, out _)) throw new PbmException(ExitCodes.Usage, $"'{address}' is no address of a node: use host:port, such as {DefaultAddress}.");
        if (words is [['-', '-', ..] and not "--help", ..]) throw new PbmException(ExitCodes.Usage, $"'{words[0]}' is no option: see pbm --help.");
        return new CommandLine(address, format, tokenFile is { Length: > 0 } ? tokenFile : null, certificate is { Length: > 0 } ? certificate : null, [.. words]);
    }

    /// <summary>Splits a line of the prompt into words; quotes keep spaces, a backslash keeps what follows. A <c>&gt;</c> that begins a word is one of its own.</summary>
    public static ImmutableArray<string> Split(string line)
    {
        var words = ImmutableArray.CreateBuilder<string>();
        var word = new StringBuilder();
        var (quote, begun) = ('\0', false);
        for (var i = 0; i < line.Length; i++)
        {
            var letter = line[i];
            if (letter == '\\' && i + 1 < line.Length && line[i + 1] is '"' or '\'' or '\\' or ' ')
            {
                word.Append(line[++i]);
                begun = true;
            }
            else if (quote != '\0' && letter == quote)
            {
                quote = '\0';
            }
            else if (quote == '\0' && letter is '"' or '\'')
            {
                (quote, begun) = (letter, true);
            }
            else if (letter == '>' && quote == '\0' && !begun)
            {
                words.Add(">");
            }
            else if (quote == '\0' && char.IsWhiteSpace(letter))
            {
                if (begun) words.Add(word.ToString());
                word.Clear();
                begun = false;
            }
            else
            {
                word.Append(letter);
                begun = true;
            }
        }

        if (begun) words.Add(word.ToString());
        return words.ToImmutable();
    }

    private static bool IsOption(string word) => word is "--json" or "--csv" or "--token-file" or "--certificate";

    private static string Take(List<string> words, int option)
    {
        if (option + 1 >= words.Count) throw new PbmException(ExitCodes.Usage, $"{words[option]} needs a value: see pbm --help.");
        var value = words[option + 1];
        words.RemoveAt(option + 1);
        return value;
    }

    [GeneratedRegex(@"^(?:\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}\z", RegexOptions.CultureInvariant)]
    private static partial Regex AddressForm();
}

/// <summary>How answers are written.</summary>
internal enum OutputFormat
{
    /// <summary>For people.</summary>
    Text,

    /// <summary>As the node answers.</summary>
    Json,

    /// <summary>RFC 4180.</summary>
    Csv,
}
