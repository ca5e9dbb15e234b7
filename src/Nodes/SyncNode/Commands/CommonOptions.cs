using System.CommandLine;
using System.Security.Cryptography;
using PasswordSync.Core.Ports;
using PasswordSync.Hosting.Settings;
using PasswordSync.Journal;

namespace PasswordSync.SyncNode.Commands;

/// <summary>Options that every command has.</summary>
internal static class CommonOptions
{
    public static Option<FileInfo> Config { get; } = new("--config") { Description = "The node's configuration file, node.json.", Required = true };
}

/// <summary>What the process answers.</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>The configuration, the files or the arguments must be changed; the message says how.</summary>
    public const int Refused = 2;
}

/// <summary>Turns expected failures into one message for people and an exit code; bugs keep their stack trace.</summary>
internal static class Guarded
{
    public static async Task<int> RunAsync(Func<Task<int>> run)
    {
        try
        {
            return await run().ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is SettingsException or StoreRefusedException or StorageUnavailableException or CryptographicException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(failure.Message).ConfigureAwait(false);
            return ExitCodes.Refused;
        }
    }
}
