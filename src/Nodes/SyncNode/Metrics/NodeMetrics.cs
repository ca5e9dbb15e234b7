using System.Diagnostics.Metrics;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Intake;

namespace PasswordSync.SyncNode.Metrics;

/// <summary>
/// What a node counts and times, in the meter <c>PasswordSync.Node</c>; docs/operations/metrics.md explains each. Attributes have few values: never a person, a capture or an
/// identity.
/// </summary>
public sealed class NodeMetrics : IDisposable
{
    public const string MeterName = "PasswordSync.Node";

    private readonly Meter meter;
    private readonly Counter<long> captures;
    private readonly Histogram<double> batches;
    private readonly Counter<long> decisions;
    private readonly Counter<long> attempts;
    private readonly Counter<long> deliveries;
    private readonly Histogram<double> stages;
    private readonly Histogram<double> totals;

    public NodeMetrics()
    {
        meter = new Meter(new MeterOptions(MeterName) { Scope = this });
        captures = meter.CreateCounter<long>("passwordsync.intake.captures", "{capture}", "Captures that edges brought, by source and answer");
        batches = meter.CreateHistogram<double>("passwordsync.intake.duration", "s", "Time from a batch's arrival to its answer, by source");
        decisions = meter.CreateCounter<long>("passwordsync.decisions", "{decision}", "Decided captures, by decision and reason");
        attempts = meter.CreateCounter<long>("passwordsync.attempts", "{attempt}", "Tries of deliveries, by sync point and outcome");
        deliveries = meter.CreateCounter<long>("passwordsync.deliveries", "{delivery}", "Deliveries that ended or were parked, by sync point and end");
        stages = meter.CreateHistogram<double>("passwordsync.stage.duration", "s", "Time that changes spent before each stage, by stage");
        totals = meter.CreateHistogram<double>("passwordsync.delivery.duration", "s", "Time from the capture on the domain controller to the target, by sync point");
    }

    /// <summary>Where further instruments of the node are made.</summary>
    internal Meter Meter => meter;

    /// <summary>What tells this node's meters from those of other nodes of the process.</summary>
    public object Scope => this;

    public void Dispose() => meter.Dispose();

    /// <summary>Counts a batch that was answered.</summary>
    internal void Answered(string source, IEnumerable<CaptureAnswer> answers, TimeSpan took)
    {
        var from = new KeyValuePair<string, object?>("source", source);
        batches.Record(took.TotalSeconds, from);
        foreach (var kind in answers.CountBy(answer => answer.Kind)) captures.Add(kind.Value, from, new("answer", WordOf(kind.Key)));
    }

    /// <summary>Counts what was journalled.</summary>
    internal void Count(IdentityEvent happened)
    {
        switch (happened)
        {
            case IdentityEvent.CaptureAccepted e:
                decisions.Add(1, new("decision", "newest"), new("reason", ""));
                TimeUntilDecided(e);
                break;
            case IdentityEvent.CaptureIgnored e:
                decisions.Add(1, new("decision", "ignored"), new("reason", $"{e.Reason}"));
                break;
            case IdentityEvent.CaptureReported e:
                decisions.Add(1, new("decision", "reported"), new("reason", $"{e.Verdict}"));
                break;
            case IdentityEvent.DeliveryEnded e:
                CountEnd(e.Point, $"{e.End}");
                break;
            case IdentityEvent.AttemptFinished e:
                CountAttempt(e.Point, e.Outcome, e.Sequel);
                break;
            case IdentityEvent.ObstacleMet e:
                CountAttempt(e.Point, e.Outcome, e.Sequel);
                break;
        }
    }

    /// <summary>Times a delivery that the target took.</summary>
    /// <param name="point">Which target.</param>
    /// <param name="change">What was delivered.</param>
    /// <param name="startedAt">When the attempt began.</param>
    /// <param name="deliveredAt">When the target had it.</param>
    internal void Delivered(SyncPointId point, Change change, DateTimeOffset startedAt, DateTimeOffset deliveredAt)
    {
        Time("started", change.Stages.AcceptedAt, startedAt);
        Time("delivered", startedAt, deliveredAt);
        totals.Record(Seconds(change.Stages.CapturedAt, deliveredAt), new KeyValuePair<string, object?>("point", point.Value));
    }

    private void TimeUntilDecided(IdentityEvent.CaptureAccepted accepted)
    {
        var at = accepted.Change.Stages;
        Time("spooled", at.CapturedAt, at.SpooledAt);
        Time("confirmed", at.SpooledAt, at.ConfirmedAt);
        Time("accepted", at.ConfirmedAt, at.AcceptedAt);
        Time("decided", at.AcceptedAt, accepted.At);
    }

    private void Time(string stage, DateTimeOffset from, DateTimeOffset to) => stages.Record(Seconds(from, to), new KeyValuePair<string, object?>("stage", stage));

    private void CountAttempt(SyncPointId point, DeliveryOutcome outcome, AttemptSequel sequel)
    {
        attempts.Add(1, new("point", point.Value), new("outcome", outcome.GetType().Name));
        var end = sequel switch
        {
            AttemptSequel.Settled settled => $"{settled.End}",
            AttemptSequel.NextDue next => $"{next.End}",
            AttemptSequel.Withdrawn withdrawn => $"{withdrawn.End}",
            AttemptSequel.RecheckAt => $"{DeliveryEnd.Delivered}",
            AttemptSequel.Park => "Parked",
            _ => null,
        };
        if (end is not null) CountEnd(point, end);
    }

    private void CountEnd(SyncPointId point, string end) => deliveries.Add(1, new("point", point.Value), new("end", end));

    private static double Seconds(DateTimeOffset from, DateTimeOffset to) => Math.Max(0, (to - from).TotalSeconds);

    private static string WordOf(AnswerKind kind) => kind switch
    {
        AnswerKind.Accepted => "accepted",
        AnswerKind.AlreadyHave => "already_have",
        AnswerKind.TryAgain => "try_again",
        AnswerKind.Refused => "refused",
        _ => throw new InvalidOperationException($"Internal error: unknown answer {kind}."),
    };
}
