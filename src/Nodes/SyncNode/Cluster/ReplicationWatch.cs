using PasswordSync.Actors;
using PasswordSync.Core.Ports;

namespace PasswordSync.SyncNode.Cluster;

/// <summary>Looks from the start on whether the database is on two servers, as the configuration asks; tells when that changes.</summary>
/// <param name="replication">Whom to ask; null for a database that is a file of the node.</param>
/// <param name="isRequired">Whether a synchronous standby must be there. If not, only standbys that would lose commits are told of, once.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">For the alarm and its end.</param>
internal sealed partial class ReplicationWatch(IReplication? replication, bool isRequired, TimeProvider clock, ILogger<ReplicationWatch> logger)
{
    /// <summary>How often it is looked.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(5);

    private volatile string? alarm;
    private bool hasWarned;

    /// <summary>What is wrong, for people; null if nothing is, or nothing is asked for. While the database is away, what was seen last.</summary>
    public string? Alarm => alarm;

    /// <summary>Runs until cancelled. Never fails.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Repeating.RunAsync(
        async token =>
        {
            if (replication is not null) Heed(await replication.LookAsync(token).ConfigureAwait(false));
            await Task.Delay(LookInterval, clock, token).ConfigureAwait(false);
        },
        failure => LogNotSeen(failure is StorageUnavailableException ? failure.Message : failure.GetType().Name),
        LookInterval,
        clock,
        cancellationToken);

    private void Heed(ReplicationFinding finding)
    {
        if (!isRequired)
        {
            if (finding is ReplicationFinding.Alone { Standbys: > 0 } asynchronous && !hasWarned) LogAsynchronous(asynchronous.Standbys, asynchronous.Reason);
            hasWarned = finding is ReplicationFinding.Alone { Standbys: > 0 };
            return;
        }

        var now = finding switch
        {
            ReplicationFinding.Synchronous => null,
            ReplicationFinding.Waiting waiting => $"The database has no synchronous standby: {waiting.Reason}",
            ReplicationFinding.Alone alone => $"The database commits on one server alone, and a fail-over would lose what was acknowledged: {alone.Reason}",
            _ => throw new InvalidOperationException($"Internal error: unknown finding {finding.GetType().Name}."),
        };
        if (now == alarm) return;
        if (now is not null) LogAlarm(now);
        else if (finding is ReplicationFinding.Synchronous good) LogRecovered(good.Standbys);
        alarm = now;
    }

    [LoggerMessage(4042, LogLevel.Error, "{Alarm}")]
    private partial void LogAlarm(string alarm);

    [LoggerMessage(4043, LogLevel.Information, "The database commits synchronously to {Standbys} standbys again.")]
    private partial void LogRecovered(int standbys);

    [LoggerMessage(4044, LogLevel.Warning, "The database has {Standbys} standbys that follow it asynchronously: promoted, they lack the last captures that were acknowledged, and epochs go back. {Reason}")]
    private partial void LogAsynchronous(int standbys, string reason);

    [LoggerMessage(4045, LogLevel.Debug, "How the database replicates could not be seen: {Reason}")]
    private partial void LogNotSeen(string reason);
}
