using System.Globalization;
using System.Text.Json;
using PasswordSync.Core.Ports;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Hosting.Settings;

namespace PasswordSync.SyncNode.Audit;

/// <summary>
/// What commands did beside the node, on its way into the audit: a file for each in a folder of the data folder, written before what the command makes leaves. The commands do not write
/// the audit themselves, for a file that is a database has one writer, the node.
/// </summary>
/// <param name="dataFolder">The node's data folder.</param>
public sealed class CommandRecords(string dataFolder)
{
    /// <summary>How many records may wait for the node; the next command is refused until it ran.</summary>
    public const int WaitingMax = 1_000;

    /// <summary>From where a command was given, in the audit.</summary>
    public const string Origin = "command line";

    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private readonly string folder = Path.Combine(dataFolder, "commands");

    /// <summary>Makes the folder, as the account that runs the node.</summary>
    public void EnsureFolder() => PrivateFile.EnsureFolder(folder);

    /// <summary>Writes down what a command is about to hand out, durably; by the machine's user.</summary>
    /// <param name="node">The node's name.</param>
    /// <param name="command">The command.</param>
    /// <param name="request">With which arguments; never a secret.</param>
    /// <param name="after">What was made.</param>
    /// <param name="at">When.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">It cannot be written, or too many wait: then nothing may be handed out.</exception>
    public async Task WriteAsync(string node, string command, string request, string after, DateTimeOffset at, CancellationToken cancellationToken)
    {
        EnsureFolder();
        if (List().Count >= WaitingMax) throw new IOException($"{WaitingMax} records of commands wait in {folder} to be taken into the audit: start the node.");
        var path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{at.UtcDateTime:yyyyMMdd'T'HHmmss.fffffff}-{Guid.NewGuid():N}.json"));
        var entry = new AuditEntry(at, Environment.UserName, Origin, node, command, "done", request, Before: null, after);
        var unseen = path + ".new";
        await PrivateFile.WriteAsync(unseen, JsonSerializer.Serialize(entry, Format) + "\n", cancellationToken).ConfigureAwait(false);

        // The folder is closed to others, and root may have given the command: the node must be able to read it, from the moment on in which it can see it.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(unseen, File.GetUnixFileMode(unseen) | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        File.Move(unseen, path);
    }

    /// <summary>The records that wait, oldest first.</summary>
    public IReadOnlyList<string> List() => [.. Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal)];

    /// <summary>Reads a record.</summary>
    /// <exception cref="SettingsException">It cannot be read.</exception>
    public static AuditEntry Read(string path) => SettingsFile.Read<AuditEntry>(path);
}
