using System.CommandLine;
using PasswordSync.EdgeNode.Doctor;
using PasswordSync.EdgeNode.Settings;
using PasswordSync.EdgeNode.Windows;
using PasswordSync.Hosting.Commands;
using PasswordSync.Hosting.Doctor;

namespace PasswordSync.EdgeNode.Commands;

/// <summary><c>doctor</c>: looks at everything that the edge needs, and says what to do about what is wrong.</summary>
internal static class DoctorCommand
{
    /// <summary>Something is bad.</summary>
    private const int Ill = 1;

    private static readonly Option<FileInfo?> SmbConf = new("--smb-conf") { Description = "Samba's smb.conf, if it is not where Samba looks by itself." };

    public static Command Create()
    {
        var command = new Command("doctor", "Checks what this edge needs: files, nodes, its domain controller, and what captures there. Changes nothing. Answers 1 if something is bad.") { EdgeCommand.Config, SmbConf };
        command.SetAction((parsed, cancellationToken) => EdgeCommand.RunAsync(() => RunAsync(parsed, cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var configuration = EdgeSettingsFile.Read(parsed.GetRequiredValue(EdgeCommand.Config).FullName);
        var inspector = OperatingSystem.IsWindows() ? new WindowsFilterInspector() : null;
        var source = new SourceChecks(configuration, inspector, parsed.GetValue(SmbConf)?.FullName, TimeProvider.System);
        var found = await new EdgeDoctor(configuration, TimeProvider.System).ExamineAsync(source.RunAsync, cancellationToken).ConfigureAwait(false);
        Finding.Write(found, Console.Out);
        return found.Any(one => one.Result == FindingResult.Bad) ? Ill : ExitCodes.Success;
    }
}
