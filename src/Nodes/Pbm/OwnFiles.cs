using PasswordSync.Core.Secrets;

namespace PasswordSync.Pbm;

/// <summary>The client's own files: for the user alone.</summary>
internal static class OwnFiles
{
    private const UnixFileMode ForTheUser = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode ForOthers =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    public static void Append(string home, string name, string text)
    {
        using var writer = new StreamWriter(Open(home, name, FileMode.Append));
        writer.WriteLine(text);
    }

    public static void Write(string home, string name, Secret secret)
    {
        using var stream = Open(home, name, FileMode.Create);
        secret.WithUtf8(bytes =>
        {
            stream.Write(bytes.Span);
            return true;
        });
    }

    /// <summary>The operator's token: of the file named, of the file that <c>pbm login</c> made, or asked for.</summary>
    /// <exception cref="PbmException">It cannot be had.</exception>
    public static Secret ReadToken(CommandLine line, Terminal terminal)
    {
        var path = line.TokenFile ?? Path.Combine(terminal.Home, "token");
        if (line.TokenFile is null && !File.Exists(path))
        {
            return terminal.ReadKey is null
                ? throw new PbmException(ExitCodes.NotAllowed, "There is no token: use 'pbm login', --token-file FILE or PBM_TOKEN_FILE.")
                : Checked(terminal.AskSecret("Token"), "What was typed");
        }

        try
        {
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ForOthers) != 0) throw new PbmException(ExitCodes.NotAllowed, $"Others can read the token in {path}: chmod 600 {path}");
            var bytes = File.ReadAllBytes(path);
            try
            {
                return Checked(Secret.FromUtf8(bytes.AsSpan().Trim("\r\n\t "u8)), $"What is in {path}");
            }
            finally
            {
                System.Security.Cryptography.CryptographicOperations.ZeroMemory(bytes);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or System.Text.DecoderFallbackException)
        {
            throw new PbmException(ExitCodes.NotAllowed, $"The token file {path} cannot be read: {failure.Message}", failure);
        }
    }

    // It is sent in a header, where nothing else has a place.
    private static Secret Checked(Secret token, string what)
    {
        if (token.Length > 0 && !token.Reveal().ContainsAnyExceptInRange('!', '~')) return token;
        token.Dispose();
        throw new PbmException(ExitCodes.NotAllowed, $"{what} is no token: that is one word, as 'operator add' shows it behind 'token:'.");
    }

    private static FileStream Open(string home, string name, FileMode mode)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(home);
        else Directory.CreateDirectory(home, ForTheUser | UnixFileMode.UserExecute);
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = ForTheUser;
        return new FileStream(Path.Combine(home, name), options);
    }
}
