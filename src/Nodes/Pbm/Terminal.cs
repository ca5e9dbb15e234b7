using System.Security.Cryptography;
using PasswordSync.Core.Secrets;

namespace PasswordSync.Pbm;

/// <summary>Where the client reads and writes: the process's console, or a test's.</summary>
/// <param name="In">What is typed.</param>
/// <param name="Out">Answers.</param>
/// <param name="Error">Everything else.</param>
/// <param name="IsInteractive">Whether somebody sits there.</param>
/// <param name="ReadKey">Reads one key without showing it; null if keys cannot be read one by one.</param>
/// <param name="Home">The folder of the client's own files.</param>
/// <param name="Variable">Reads an environment variable.</param>
public sealed record Terminal(TextReader In, TextWriter Out, TextWriter Error, bool IsInteractive, Func<ConsoleKeyInfo>? ReadKey, string Home, Func<string, string?> Variable)
{
    /// <summary>The longest secret, in characters.</summary>
    private const int SecretLengthMax = 4_096;

    /// <summary>What Ctrl-C ends.</summary>
    public Interrupts Interrupts { get; init; } = new();

    /// <summary>The process's own.</summary>
    public static Terminal OfProcess()
    {
        var interactive = !Console.IsInputRedirected && !Console.IsOutputRedirected;
        var home = Environment.GetEnvironmentVariable("PBM_HOME") is { Length: > 0 } set
            ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData, Environment.SpecialFolderOption.DoNotVerify), "passwordsync-pbm");
        return new Terminal(Console.In, OutputPipe.Open() ?? Console.Out, Console.Error, interactive, Console.IsInputRedirected ? null : ReadConsoleKey, home, Environment.GetEnvironmentVariable);
    }

    // Ctrl-C comes as a key to who asks for keys, and as a signal at all other times.
    private static ConsoleKeyInfo ReadConsoleKey()
    {
        Console.TreatControlCAsInput = true;
        try
        {
            return Console.ReadKey(intercept: true);
        }
        finally
        {
            Console.TreatControlCAsInput = false;
        }
    }

    /// <summary>Whether a key is Ctrl-C.</summary>
    internal static bool IsInterrupt(ConsoleKeyInfo key) => key is { Key: ConsoleKey.C, Modifiers: ConsoleModifiers.Control };

    /// <summary>
    /// Asks for a secret without showing it. From a pipe it is one line, so that a password manager can give it. The characters are wiped, but for the copy
    /// of a piped line that the runtime makes.
    /// </summary>
    /// <exception cref="PbmException">Nothing was given.</exception>
    /// <exception cref="OperationCanceledException">Ctrl-C was pressed.</exception>
    public Secret AskSecret(string question)
    {
        var characters = GC.AllocateUninitializedArray<char>(SecretLengthMax + 1, pinned: true);
        try
        {
            var length = ReadKey is { } readKey ? ReadKeys(question, readKey, characters) : ReadLine(characters);
            if (length > SecretLengthMax) throw new PbmException(ExitCodes.Usage, $"{question}: more than {SecretLengthMax} characters were given.");
            return length > 0 ? Secret.FromCharacters(characters.AsSpan(0, length)) : throw new PbmException(ExitCodes.Usage, $"{question}: nothing was given.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(System.Runtime.InteropServices.MemoryMarshal.AsBytes(characters.AsSpan()));
        }
    }

    private int ReadKeys(string question, Func<ConsoleKeyInfo> readKey, char[] characters)
    {
        Error.Write($"{question}: ");
        var length = 0;
        while (true)
        {
            var key = readKey();
            if (key.Key == ConsoleKey.Enter) break;
            if (IsInterrupt(key))
            {
                Error.WriteLine();
                throw new OperationCanceledException();
            }

            if (key.Key == ConsoleKey.Backspace) length = Math.Max(0, length - 1);
            else if (!char.IsControl(key.KeyChar) && length < characters.Length) characters[length++] = key.KeyChar;
        }

        Error.WriteLine();
        return length;
    }

    private int ReadLine(char[] characters)
    {
        var length = 0;
        for (var read = In.Read(); read >= 0 && read != '\n'; read = In.Read())
        {
            if (read != '\r' && length < characters.Length) characters[length++] = (char)read;
        }

        return length;
    }
}
