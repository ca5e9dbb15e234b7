using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;

namespace PasswordSync.Journal.Formats;

/// <summary>Outcomes and what followed from them, to and from their stored shapes.</summary>
internal static class Sequels
{
    public static OutcomeBody ToBody(this DeliveryOutcome outcome) => WordOf(outcome) with { Server = outcome.Server };

    public static DeliveryOutcome ToOutcome(this OutcomeBody body) => Read(body) with { Server = body.Server };

    public static SequelBody ToBody(this AttemptSequel sequel) => sequel switch
    {
        AttemptSequel.Settled s => new("settled", Vocabulary.DeliveryEnds.Of(s.End)),
        AttemptSequel.RetryAt s => new("retry-at", At: s.At, Counts: s.Counts),
        AttemptSequel.Park s => new("park", Reason: Vocabulary.ParkReasons.Of(s.Reason)),
        AttemptSequel.RecheckAt s => new("recheck-at", At: s.At),
        AttemptSequel.NextDue s => new("next-due", Vocabulary.DeliveryEnds.Of(s.End)),
        AttemptSequel.Withdrawn s => new("withdrawn", Vocabulary.DeliveryEnds.Of(s.End)),
        _ => throw new InvalidOperationException($"Internal error: the sequel {sequel.GetType().Name} has no stored shape."),
    };

    public static AttemptSequel ToSequel(this SequelBody body) => body.Sequel switch
    {
        "settled" => new AttemptSequel.Settled(End(body)),
        "retry-at" => new AttemptSequel.RetryAt(body.At.Needed("at"), body.Counts.Needed("counts")),
        "park" => new AttemptSequel.Park(Vocabulary.ParkReasons.Read(body.Reason.Needed("reason"))),
        "recheck-at" => new AttemptSequel.RecheckAt(body.At.Needed("at")),
        "next-due" => new AttemptSequel.NextDue(End(body)),
        "withdrawn" => new AttemptSequel.Withdrawn(End(body)),
        var word => throw new UnreadableRecordException($"The stored sequel '{word}' is not one that this version knows."),
    };

    private static OutcomeBody WordOf(DeliveryOutcome outcome) => outcome switch
    {
        DeliveryOutcome.Delivered o => new("delivered", Mark: o.Mark?.Value, WrittenStamp: o.WrittenStamp?.ToBody()),
        DeliveryOutcome.AlreadyThere o => new("already-there", Mark: o.Mark?.Value, WrittenStamp: o.WrittenStamp?.ToBody()),
        DeliveryOutcome.Transient o => new("transient", o.Reason),
        DeliveryOutcome.Throttled o => new("throttled", o.Reason, Until: o.Until),
        DeliveryOutcome.RefusedByPolicy o => new("refused-by-policy", o.Reason),
        DeliveryOutcome.TargetMisconfigured o => new("target-misconfigured", o.Reason),
        DeliveryOutcome.AccountNotFound o => new("account-not-found", o.Reason),
        DeliveryOutcome.Overtaken o => new("overtaken", o.Reason),
        DeliveryOutcome.Unknown o => new("unknown", o.Reason),
        _ => throw new InvalidOperationException($"Internal error: the outcome {outcome.GetType().Name} has no stored shape."),
    };

    private static DeliveryOutcome Read(OutcomeBody body) => body.Outcome switch
    {
        "delivered" => new DeliveryOutcome.Delivered(body.Mark.ToMark(), body.WrittenStamp?.ToStamp()),
        "already-there" => new DeliveryOutcome.AlreadyThere(body.Mark.ToMark(), body.WrittenStamp?.ToStamp()),
        "transient" => new DeliveryOutcome.Transient(body.Reason.Needed("reason")),
        "throttled" => new DeliveryOutcome.Throttled(body.Until.Needed("until"), body.Reason.Needed("reason")),
        "refused-by-policy" => new DeliveryOutcome.RefusedByPolicy(body.Reason.Needed("reason")),
        "target-misconfigured" => new DeliveryOutcome.TargetMisconfigured(body.Reason.Needed("reason")),
        "account-not-found" => new DeliveryOutcome.AccountNotFound(body.Reason.Needed("reason")),
        "overtaken" => new DeliveryOutcome.Overtaken(body.Reason.Needed("reason")),
        "unknown" => new DeliveryOutcome.Unknown(body.Reason.Needed("reason")),
        var word => throw new UnreadableRecordException($"The stored outcome '{word}' is not one that this version knows."),
    };

    private static DeliveryEnd End(SequelBody body) => Vocabulary.DeliveryEnds.Read(body.End.Needed("end"));
}
