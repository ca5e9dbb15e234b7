using System.CommandLine;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Commands;
using PasswordSync.Hosting.Enrolment;
using PasswordSync.SyncNode.Audit;
using PasswordSync.SyncNode.Enrolment;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Commands;

/// <summary><c>registration-key</c>: makes a file with which edges of a source get their first certificate by themselves.</summary>
internal static class RegistrationKeyCommand
{
    private static readonly Option<string> Source = new("--source") { Description = "The source whose edges it enrols.", Required = true };
    private static readonly Option<int> Uses = new("--uses") { Description = $"How many edges it enrols, 1 to {RegistrationKeys.UsesMax}.", DefaultValueFactory = _ => 1 };
    private static readonly Option<int> Hours = new("--hours") { Description = $"How many hours it is valid, 1 to {RegistrationKeys.HoursMax}.", DefaultValueFactory = _ => 24 };
    private static readonly Option<FileInfo> Output = new("--out") { Description = "Where the file goes. It is secret.", Required = true };

    public static Command Create()
    {
        var command = new Command("registration-key", "Makes a registration key: a file with which edges of a source get their first certificate by themselves.") { NodeCommand.Config, Source, Uses, Hours, Output };
        command.SetAction((parsed, cancellationToken) => NodeCommand.RunAsync(() => RunAsync(parsed, cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var configuration = NodeConfiguration.Read(parsed.GetRequiredValue(NodeCommand.Config).FullName);
        if (FileOwner.IsAnother(configuration.DataFolder))
        {
            throw Signing.Fault(configuration, "data", configuration.DataFolder, $"the folder is not {Environment.UserName}'s, so the node could not read the key's record: run this as the node's account (runuser -u passwordsync -- …).");
        }

        var (source, uses, hours) = (Signing.SourceOf(configuration, parsed.GetRequiredValue(Source)), parsed.GetValue(Uses), parsed.GetValue(Hours));
        if (uses is < 1 or > RegistrationKeys.UsesMax) throw Signing.Fault(configuration, "--uses", $"{uses}", $"use 1 to {RegistrationKeys.UsesMax}.");
        if (hours is < 1 or > RegistrationKeys.HoursMax) throw Signing.Fault(configuration, "--hours", $"{hours}", $"use 1 to {RegistrationKeys.HoursMax}.");
        var clock = await NodeStore.WaitForClockAsync(configuration, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        using var authority = await Signing.OpenAuthorityAsync(configuration, clock.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        using var keys = new RegistrationKeys(configuration.DataFolder, clock);
        var file = await keys.MakeAsync(authority, configuration.Node.Cluster, source, uses, TimeSpan.FromHours(hours), AddressesOf(configuration), cancellationToken).ConfigureAwait(false);
        await new CommandRecords(configuration.DataFolder).WriteAsync(
            configuration.Node.Name, parsed.CommandResult.Command.Name, $"source={source} uses={uses} hours={hours}", $"registration key={file.Id}", clock.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        var output = parsed.GetRequiredValue(Output).FullName;
        await file.WriteAsync(output, cancellationToken).ConfigureAwait(false);
        Console.WriteLine($"Registration key {file.Id}: {uses} edge{(uses == 1 ? "" : "s")} of {source}, for {hours} hours; authority {RegistrationFile.FingerprintOf(authority.Certificate)}.");
        Console.WriteLine($"{output} is secret: bring it to the domain controller so that nobody else can read or change it, and name it there as registrationKey in edge.json.");
        Console.WriteLine($"To withdraw it, delete {keys.RecordOf(file.Id)}.");
        return ExitCodes.Success;
    }

    // What is listened on at one port of one address is where edges find this node; else they have the addresses of their own configuration.
    internal static IEnumerable<string> AddressesOf(NodeConfiguration configuration) => configuration.Node.Advertise.IsEmpty
        ? configuration.Node.Listen.Where(text => ListenAddress.TryParse(text, out var address) && address is { Port: > 0 }).Select(address => $"https://{address}")
        : configuration.Node.Advertise;
}
