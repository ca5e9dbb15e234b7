using System.ComponentModel;
using System.Diagnostics;
using PasswordSync.EdgeNode.Settings;
using PasswordSync.Hosting.Doctor;

namespace PasswordSync.EdgeNode.Doctor;

/// <summary>Whether Samba calls the helper, and calls it rightly.</summary>
/// <param name="configuration">The edge's configuration.</param>
/// <param name="smbConf">Samba's configuration file; null for the one that was built in.</param>
public sealed class SambaChecks(EdgeSettingsFile configuration, string? smbConf)
{
    private const string What = "Samba's hook";
    private const string Parameter = "check password script";

    /// <summary>How long testparm may take.</summary>
    private static readonly TimeSpan ToolTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Looks at the parameter, the program and the file that it is given.</summary>
    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        var (value, trouble) = await ReadAsync(cancellationToken).ConfigureAwait(false);
        return trouble is not null ? [Finding.NotChecked(What, trouble, "Run doctor on the domain controller, where testparm is.")] : Judge(value!);
    }

    internal IReadOnlyList<Finding> Judge(string value)
    {
        var capture = configuration.PathOf(configuration.Edge.CaptureFile);
        var words = value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0) return [Finding.Bad(What, $"'{Parameter}' is not set: no password is captured here.", $"Add to [global] of smb.conf: {Parameter} = /usr/libexec/passwordsync/passwordsync-samba-helper {capture}; then restart Samba.")];
        if (!File.Exists(words[0])) return [Finding.Bad(What, $"'{Parameter}' names {words[0]}, which does not exist: Samba refuses every password change.", "Install the helper: docs/operations/samba-helper.md.")];
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(words[0]) & UnixFileMode.UserExecute) == 0) return [Finding.Bad(What, $"{words[0]} may not be executed: Samba refuses every password change.", $"chmod 0755 {words[0]}")];
        if (words.Length != 2 || Path.GetFullPath(words[1]) != capture) return [Finding.Bad(What, $"'{Parameter}' is '{value}': it does not give the helper this edge's capture file.", $"Set it to: {words[0]} {capture}")];
        return [Finding.Good(What, $"Samba calls {words[0]} with {capture}.")];
    }

    private async Task<(string? Value, string? Trouble)> ReadAsync(CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("testparm") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["-s", "--section-name=global", $"--parameter-name={Parameter}"]) start.ArgumentList.Add(argument);
        if (smbConf is not null) start.ArgumentList.Add(smbConf);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ToolTimeout);
        try
        {
            using var process = Process.Start(start)!;
            try
            {
                var output = process.StandardOutput.ReadToEndAsync(limit.Token);
                var errors = process.StandardError.ReadToEndAsync(limit.Token);
                await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
                var value = (await output.ConfigureAwait(false)).Trim();
                return process.ExitCode == 0 ? (value, null) : (null, $"testparm ended with {process.ExitCode}: {(await errors.ConfigureAwait(false)).Trim().Split('\n')[^1]}");
            }
            finally
            {
                if (!process.HasExited) process.Kill();
            }
        }
        catch (Win32Exception failure)
        {
            return (null, $"testparm cannot be run: {failure.Message}.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, $"testparm did not end within {ToolTimeout.TotalSeconds:0} s.");
        }
    }
}
