using System.CommandLine;
using PasswordSync.Hosting.Commands;
using PasswordSync.Hosting.Doctor;
using PasswordSync.SyncNode.Operations.Doctor;

namespace PasswordSync.SyncNode.Commands;

/// <summary><c>doctor</c>: what a node needs before it can start; one that runs is asked with <c>pbm doctor</c>.</summary>
internal static class DoctorCommand
{
    /// <summary>Something is bad.</summary>
    private const int Ill = 1;

    public static Command Create()
    {
        var command = new Command("doctor", "Checks what this node needs before it can start: configuration, files, passphrase, authority, database, addresses. Changes nothing. Answers 1 if something is bad. One that runs is asked with 'pbm doctor'.") { NodeCommand.Config };
        command.SetAction((parsed, cancellationToken) => NodeCommand.RunAsync(async () =>
        {
            var found = await new StartDoctor(parsed.GetRequiredValue(NodeCommand.Config).FullName, TimeProvider.System).ExamineAsync(cancellationToken).ConfigureAwait(false);
            Finding.Write(found, Console.Out);
            return found.Any(one => one.Result == FindingResult.Bad) ? Ill : ExitCodes.Success;
        }));
        return command;
    }
}
