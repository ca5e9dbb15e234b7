using System.Collections.Concurrent;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;

namespace PasswordSync.Demo;

/// <summary>Follows each change on its way and writes a line when it has arrived everywhere: the time of every stage after its capture.</summary>
internal sealed class DemoDisplay(TextWriter output, IReadOnlyCollection<string> points)
{
    private readonly ConcurrentDictionary<CaptureId, Course> courses = new();

    /// <summary>Ends when the capture is delivered to every target; with false when it is told not to be sent, or a target does not take it or does not have the account.</summary>
    public Task<bool> EndOf(CaptureId captureId) => courses.GetOrAdd(captureId, _ => new Course()).End.Task;

    /// <summary>Takes an event of the sync server.</summary>
    public void Observe(IdentityId identity, IdentityEvent happened)
    {
        switch (happened)
        {
            case IdentityEvent.CaptureAccepted e:
                var course = courses.GetOrAdd(e.Change.CaptureId, _ => new Course());
                course.Change = e.Change;
                course.DecidedAt = e.At;
                break;
            case IdentityEvent.AttemptFinished { Outcome.IsSuccess: true } e:
                Arrive(e);
                break;
            case IdentityEvent.AttemptFinished e:
                Fail(e.CaptureId, e.Point, e.Outcome, isLast: e.Sequel is AttemptSequel.Park);
                break;
            case IdentityEvent.ObstacleMet e:
                // What comes right by itself is tried again soon.
                Fail(e.CaptureId, e.Point, e.Outcome, isLast: e.Outcome is not DeliveryOutcome.Transient);
                break;
            case IdentityEvent.CaptureReported e:
                output.WriteLine($"  not sent: {e.Verdict}");
                courses.GetOrAdd(e.CaptureId, _ => new Course()).End.TrySetResult(false);
                break;
        }
    }

    private void Fail(CaptureId captureId, SyncPointId point, DeliveryOutcome outcome, bool isLast)
    {
        output.WriteLine($"  {point}: {outcome.GetType().Name}: {outcome.Explain()}");
        if (isLast) courses.GetOrAdd(captureId, _ => new Course()).End.TrySetResult(false);
    }

    private void Arrive(IdentityEvent.AttemptFinished e)
    {
        if (!courses.TryGetValue(e.CaptureId, out var course) || course.Change is not { } change) return;
        course.Delivered[e.Point.Value] = e.At;
        if (course.Delivered.Count < points.Count) return;
        var captured = change.Stages.CapturedAt;
        var stages = new[] { ("captured", captured), ("spooled", change.Stages.SpooledAt), ("confirmed", change.Stages.ConfirmedAt), ("accepted", change.Stages.AcceptedAt), ("decided", course.DecidedAt) }
            .Concat(course.Delivered.OrderBy(entry => entry.Value).Select(entry => ($"in {entry.Key}", entry.Value)));
        output.WriteLine($"  {change.Names.SamAccountName,-5} " + string.Join("  ", stages.Select(stage => $"{stage.Item1} +{(stage.Item2 - captured).TotalMilliseconds:F0} ms")));
        course.End.TrySetResult(true);
    }

    private sealed class Course
    {
        public TaskCompletionSource<bool> End { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ConcurrentDictionary<string, DateTimeOffset> Delivered { get; } = new();

        public Change? Change { get; set; }

        public DateTimeOffset DecidedAt { get; set; }
    }
}
