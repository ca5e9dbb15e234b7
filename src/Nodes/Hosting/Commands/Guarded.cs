using System.Security.Cryptography;
using PasswordSync.Hosting.Settings;

namespace PasswordSync.Hosting.Commands;

/// <summary>What a process answers.</summary>
public static class ExitCodes
{
    public const int Success = 0;

    /// <summary>It ended by itself, which it never should; the log says more.</summary>
    public const int Broken = 1;

    /// <summary>The configuration, the files or the arguments must be changed; the message says how.</summary>
    public const int Refused = 2;
}

/// <summary>Turns expected failures into one message for people and an exit code; bugs keep their stack trace.</summary>
public static class Guarded
{
    /// <summary>Runs a command.</summary>
    /// <param name="run">The command.</param>
    /// <param name="isExpected">Which further exceptions speak to people.</param>
    public static async Task<int> RunAsync(Func<Task<int>> run, Func<Exception, bool> isExpected)
    {
        ArgumentNullException.ThrowIfNull(run);
        try
        {
            return await run().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Told to stop before it was up: that is what happens now.
            return ExitCodes.Success;
        }
        catch (Exception failure) when (failure is SettingsException or CryptographicException or IOException or UnauthorizedAccessException || isExpected(failure))
        {
            await Console.Error.WriteLineAsync(failure.Message).ConfigureAwait(false);
            return ExitCodes.Refused;
        }
    }
}
