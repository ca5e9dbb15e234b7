using Microsoft.Extensions.Logging;
using PasswordSync.Capture.Health;
using PasswordSync.Capture.Spool;
using PasswordSync.Core.Captures;
using PasswordSync.Sealing.Envelopes;

namespace PasswordSync.Capture.Listener;

/// <summary>How an envelope was taken.</summary>
public enum TakeResult
{
    /// <summary>It is flushed in the spool: acknowledge it.</summary>
    Taken,

    /// <summary>It is no envelope for this edge, and never will be.</summary>
    Malformed,

    /// <summary>The spool cannot take it now.</summary>
    NotNow,
}

/// <summary>Whose captures the edge takes.</summary>
/// <param name="Cluster">The cluster's name; null while it is not known.</param>
/// <param name="Source">The source's name.</param>
/// <param name="DomainController">The DC's DNS host name, in lower case.</param>
public sealed record EdgeBinding(string? Cluster, string Source, string DomainController);

/// <summary>The edge's first half: checks an envelope, spools it, and only then lets it be acknowledged. Nothing slow happens here.</summary>
public sealed partial class CaptureIntake(CaptureSpool spool, EdgeBinding binding, IAlarmSink alarms, TimeProvider time, ILogger<CaptureIntake> logger)
{
    /// <summary>
    /// Called for each new capture after it is flushed and before it is acknowledged: whoever looks at the directory later than the hook went on
    /// has then seen the capture (docs/spec/stamp-proof.md). Must be quick. Set before the first capture comes.
    /// </summary>
    public Action<ObservedCapture> Observed { get; set; } = _ => { };

    /// <summary>Takes one envelope.</summary>
    /// <param name="envelope">Not changed by the caller until the task ends.</param>
    /// <param name="origin">Where it came from, for the operator.</param>
    public async Task<TakeResult> TakeAsync(ReadOnlyMemory<byte> envelope, string origin, CancellationToken cancellationToken)
    {
        if (!Envelope.TryReadDescription(envelope.Span, out var description, out _, out var refusal)) return Refuse(origin, refusal.ToString());
        if (Mismatch(description) is { } mismatch) return Refuse(origin, mismatch);

        var captureId = new CaptureId(description.CaptureId);
        var answer = await spool.AppendAsync(captureId, envelope, cancellationToken);
        switch (answer)
        {
            case SpoolAppend.Flushed:
                LogTaken(logger, captureId, origin);
                Observed(new ObservedCapture(captureId, description.CaptureTime, time.GetUtcNow(), description.AccountName, description.RelativeId));
                return TakeResult.Taken;
            case SpoolAppend.AlreadyKnown:
                LogRepeated(logger, captureId, origin);
                return TakeResult.Taken;
            default:
                LogNotNow(logger, captureId, origin, answer);
                return TakeResult.NotNow;
        }
    }

    private TakeResult Refuse(string origin, string reason)
    {
        LogMalformed(logger, origin, reason);
        alarms.Raise(new EdgeAlarm.CaptureMalformed(origin, reason));
        return TakeResult.Malformed;
    }

    private string? Mismatch(EnvelopeDescription description)
    {
        if (description.Source != binding.Source) return $"it is of source '{description.Source}', this edge serves '{binding.Source}'.";
        if (description.DomainController != binding.DomainController) return $"it is of DC '{description.DomainController}', this edge serves '{binding.DomainController}'.";
        if (binding.Cluster is { } cluster && description.Cluster != cluster) return $"it is for cluster '{description.Cluster}', this edge serves '{cluster}'.";
        return null;
    }

    [LoggerMessage(EventId = 5011, Level = LogLevel.Information, Message = "Capture {CaptureId} taken through {Origin}")]
    private static partial void LogTaken(ILogger logger, CaptureId captureId, string origin);

    [LoggerMessage(EventId = 5012, Level = LogLevel.Debug, Message = "Capture {CaptureId} came again through {Origin}")]
    private static partial void LogRepeated(ILogger logger, CaptureId captureId, string origin);

    [LoggerMessage(EventId = 5013, Level = LogLevel.Warning, Message = "Capture {CaptureId} through {Origin} was not taken: {Answer}")]
    private static partial void LogNotNow(ILogger logger, CaptureId captureId, string origin, SpoolAppend answer);

    [LoggerMessage(EventId = 5014, Level = LogLevel.Warning, Message = "What came through {Origin} is no capture for this edge: {Reason}")]
    private static partial void LogMalformed(ILogger logger, string origin, string reason);
}
