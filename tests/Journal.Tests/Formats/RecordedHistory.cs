using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using Known = PasswordSync.Journal.Tests.Formats.KnownEvents;

namespace PasswordSync.Journal.Tests.Formats;

/// <summary>
/// The commands of the history in tests/vectors/journal/history.json: changes are queued at sync points that are idle, wait, are in flight, are disabled and come back, and
/// points join by a change and without one.
/// </summary>
internal static class RecordedHistory
{
    private static readonly SyncPointId Crm = new("crm");
    private static readonly SyncPointId Files = new("files");
    private static readonly SyncPointId Mail = new("mail");

    /// <summary>The events that the commands lead to.</summary>
    public static ImmutableArray<IdentityEvent> Play()
    {
        var state = IdentityState.Initial;
        var events = ImmutableArray.CreateBuilder<IdentityEvent>();
        foreach (var command in Commands)
        {
            var decision = state.Decide(command, DecisionRules.Default);
            if (decision.Events.IsEmpty) throw new InvalidOperationException($"{command.GetType().Name} led to nothing.");
            events.AddRange(decision.Events);
            state = decision.Events.Aggregate(state, (folded, happened) => folded.Apply(happened));
        }

        return events.ToImmutable();
    }

    private static IdentityCommand[] Commands =>
    [
        Decide(1, Files, Mail),
        Begin(1, Mail, attempt: 1),
        Finish(2, Mail, attempt: 1, new DeliveryOutcome.Delivered(new TargetMark("12"), null)),
        new IdentityCommand.ReportObstacle(Second(2), Files, Capture(1), new DeliveryOutcome.Transient("Busy."), Jitter: 0),
        Decide(2, Files, Mail),
        Begin(2, Mail, attempt: 2),
        Decide(3, Files, Mail),
        Decide(4, Crm, Files) with { Disabled = [Crm] },
        Decide(5, Crm, Files, Mail),
        Finish(6, Mail, attempt: 2, new DeliveryOutcome.Unknown("No answer.")),
        Begin(5, Files, attempt: 3),
        Finish(7, Files, attempt: 3, new DeliveryOutcome.RefusedByPolicy("Too short.")),
        new IdentityCommand.AssignPoints(Second(8), Known.Account, [Files, Mail]),
        new IdentityCommand.AssignPoints(Second(9), Known.Account, [Crm, Files, Mail]),
        new IdentityCommand.RetryDelivery(Second(10), Files),
    ];

    private static IdentityCommand.DecideCapture Decide(int number, params SyncPointId[] points) =>
        new(Second(number), ChangeOf(number), [.. points], OwnWrites.None) { Scopes = ["people"] };

    private static IdentityCommand.BeginAttempt Begin(int number, SyncPointId point, int attempt) =>
        new(Second(number), point, Capture(number), AttemptId(attempt), Second(number + 20), new TargetAccount("42", "ada", null), new TargetMark("11")) { Node = "node-2.berlin" };

    private static IdentityCommand.FinishAttempt Finish(int second, SyncPointId point, int attempt, DeliveryOutcome outcome) => new(Second(second), point, AttemptId(attempt), outcome, Jitter: 0);

    private static Change ChangeOf(int number) => Known.Nameless with { CaptureId = Capture(number), Stamp = Known.Stamp with { Version = (uint)number } };

    private static CaptureId Capture(int number) => new(new Guid($"11111111-2222-4333-8444-{number:D12}"));

    private static Guid AttemptId(int number) => new($"aaaaaaaa-bbbb-4ccc-8ddd-{number:D12}");

    private static DateTimeOffset Second(int number) => Known.At.AddSeconds(number);
}
