using PasswordSync.Actors;
using PasswordSync.Core.Ports;
using PasswordSync.Hosting.Settings;

namespace PasswordSync.SyncNode.Audit;

/// <summary>
/// Takes what commands did beside the node into the audit. A record's file is deleted after it is in the audit: a crash between the two leaves it there twice, told apart by nothing
/// but its number, and never loses it.
/// </summary>
/// <param name="records">The records that wait.</param>
/// <param name="audit">The audit.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">Hears of every record, so that a log kept elsewhere proves it.</param>
internal sealed partial class CommandAudit(CommandRecords records, IAuditLog audit, TimeProvider clock, ILogger<CommandAudit> logger)
{
    /// <summary>How often is looked for new records.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(2);

    /// <summary>How long to wait after a failure.</summary>
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMinutes(1);

    /// <summary>Files that cannot be read, or not deleted: told once and left alone, or the audit would be filled with one of them.</summary>
    private readonly HashSet<string> passedOver = new(StringComparer.Ordinal);

    /// <summary>Runs until cancelled; never fails.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Repeating.RunAsync(
        async token =>
        {
            records.EnsureFolder();
            await TakeAsync(token).ConfigureAwait(false);
            await Task.Delay(LookInterval, clock, token).ConfigureAwait(false);
        },
        failure => LogNotNow(PauseAfterFailure, failure.Message),
        PauseAfterFailure,
        clock,
        cancellationToken);

    /// <summary>Takes all that waits.</summary>
    internal async Task TakeAsync(CancellationToken cancellationToken)
    {
        foreach (var file in records.List().Where(file => !passedOver.Contains(file)))
        {
            try
            {
                var record = await audit.AppendAsync(CommandRecords.Read(file), cancellationToken).ConfigureAwait(false);
                LogTaken(record.Number, record.Entry.Operator, record.Entry.Origin, record.Entry.Operation, record.Hash);
                File.Delete(file);
            }
            catch (Exception failure) when (failure is SettingsException or IOException or UnauthorizedAccessException)
            {
                passedOver.Add(file);
                LogPassedOver(file, failure.Message);
            }
        }
    }

    [LoggerMessage(4803, LogLevel.Information, "Audit {Number}: {Operator} at the {Origin}: {Operation}. {Hash}")]
    private partial void LogTaken(long number, string @operator, string origin, string operation, string hash);

    [LoggerMessage(4804, LogLevel.Error, "What a command did is not, or not only once, in the audit. The file {File} cannot be read or deleted, and is left alone until the node is started again: {Reason}")]
    private partial void LogPassedOver(string file, string reason);

    [LoggerMessage(4805, LogLevel.Warning, "What commands did cannot be taken into the audit now, and is tried again after {Pause}: {Reason}")]
    private partial void LogNotNow(TimeSpan pause, string reason);
}
