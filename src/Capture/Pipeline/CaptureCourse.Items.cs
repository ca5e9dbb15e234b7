using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using PasswordSync.Capture.Listener;
using PasswordSync.Capture.Resolution;
using PasswordSync.Capture.StampProof;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Intake;

namespace PasswordSync.Capture.Pipeline;

internal sealed partial class CaptureCourse
{
    /// <returns>Null if no envelope can be read any more: the spool has raised the alarm, and there is nothing to send.</returns>
    private IntakeItem? ItemOf(DecidedCaptures.Proven decided, ImmutableArray<string> matched)
    {
        switch (decided.Verdict)
        {
            case StampVerdict.Confirmed confirmed:
                var capture = decided.Captures[0];
                return spool.Read(capture.CaptureId) is { } envelope
                    ? new ConfirmedCapture(
                        capture.CaptureId, decided.Account.ObjectGuid, ProvenStamp.Of(confirmed.Stamp), decided.Account.Names, matched, capture.CapturedAt, capture.SpooledAt, decided.DecidedAt, envelope)
                    {
                        MustChangeAtNextLogon = decided.Account.MustChangeAtNextLogon,
                    }
                    : null;
            case StampVerdict.Ambiguous ambiguous:
                var candidates = decided.Captures
                    .Select(candidate => (Capture: candidate, Envelope: spool.Read(candidate.CaptureId)))
                    .Where(candidate => candidate.Envelope is not null)
                    .Select(candidate => new CandidateCapture(candidate.Capture.CaptureId, candidate.Capture.CapturedAt, candidate.Capture.SpooledAt, candidate.Envelope))
                    .ToImmutableArray();
                return candidates.IsEmpty
                    ? null
                    : new AmbiguousCaptures(decided.Account.ObjectGuid, ProvenStamp.Of(ambiguous.Stamp), decided.Account.Names, matched, decided.DecidedAt, candidates)
                    {
                        MustChangeAtNextLogon = decided.Account.MustChangeAtNextLogon,
                    };
            default:
                throw new InvalidOperationException($"Internal error: {decided.Verdict.GetType()} is not sent.");
        }
    }

    private static CaptureReport ReportOf(ObservedCapture capture, DecidedCaptures.Proven decided)
    {
        var (verdict, stamp) = decided.Verdict switch
        {
            StampVerdict.Superseded superseded => (CaptureVerdict.SupersededAtEdge, ProvenStamp.Of(superseded.Stamp)),
            StampVerdict.Overtaken overtaken => (CaptureVerdict.Overtaken, ProvenStamp.Of(overtaken.Stamp)),
            StampVerdict.RefusedBySource => (CaptureVerdict.RefusedBySource, (ProvenStamp?)null),
            StampVerdict.Unconfirmed => (CaptureVerdict.Unconfirmed, null),
            _ => throw new InvalidOperationException($"Internal error: {decided.Verdict.GetType()} is no report."),
        };
        return new CaptureReport(capture.CaptureId, decided.Account.ObjectGuid, capture.AccountName, verdict, capture.CapturedAt, decided.DecidedAt, stamp);
    }

    /// <summary>
    /// The account was never made, or it was renamed or deleted since: that cannot be told, nor whether a scope would have taken it. So its name stays on this DC, where the alarm says it.
    /// </summary>
    private static CaptureReport WithoutAccount(ObservedCapture capture, DateTimeOffset decidedAt) =>
        new(capture.CaptureId, ObjectGuid: null, AccountName: "", CaptureVerdict.Unconfirmed, capture.CapturedAt, decidedAt, Stamp: null);

    [LoggerMessage(EventId = 5041, Level = LogLevel.Debug, Message = "{Count} captures of an account that is never captured: {Reason}")]
    private static partial void LogExcluded(ILogger logger, int count, AccountExclusion reason);

    [LoggerMessage(EventId = 5042, Level = LogLevel.Information, Message = "Capture {CaptureId} is not to be sent: {Verdict}")]
    private static partial void LogNotSent(ILogger logger, CaptureId captureId, CaptureVerdict verdict);

    [LoggerMessage(EventId = 5043, Level = LogLevel.Error, Message = "A node refused capture {CaptureId} for good: {Reason}. {Detail}")]
    private static partial void LogRefused(ILogger logger, CaptureId captureId, RefusalReason reason, string? detail);

    [LoggerMessage(EventId = 5044, Level = LogLevel.Warning, Message = "The spool is full: capture {CaptureId} gives way to a newer confirmed one of its account")]
    private static partial void LogGaveWay(ILogger logger, CaptureId captureId);

    [LoggerMessage(EventId = 5045, Level = LogLevel.Error, Message = "Capture {CaptureId} cannot go on until the edge is started again")]
    private static partial void LogBroken(ILogger logger, Exception exception, CaptureId captureId);

    [LoggerMessage(EventId = 5046, Level = LogLevel.Warning, Message = "Scopes cannot be evaluated: {Reason}")]
    private static partial void LogCannotMatch(ILogger logger, string reason);
}
