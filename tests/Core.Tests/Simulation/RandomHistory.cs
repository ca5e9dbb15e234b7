using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;

namespace PasswordSync.Core.Tests.Simulation;

/// <summary>What may go wrong in a history besides late, lost, repeated and reordered things, which always may.</summary>
[Flags]
internal enum Adversity
{
    None = 0,
    PolicyRefusals = 1,
    ScopeChanges = 2,
    Operators = 4,
    EmptyPasswords = 8,
    ShortMaximumAge = 16,
    FewAttempts = 32,
    Restores = 64,
}

/// <summary>Plays a random history on one domain of several DCs and one cluster: each number is one step.</summary>
internal sealed class RandomHistory
{
    private const int StepMax = 1 << 20;

    // What goes wrong in interesting ways comes more often than what a decider hardly notices.
    private static readonly ImmutableArray<AttemptFate> Fates =
    [
        AttemptFate.Succeeds, AttemptFate.Succeeds, AttemptFate.Succeeds, AttemptFate.LandsLate, AttemptFate.LandsLate, AttemptFate.LandsLate,
        AttemptFate.RequestLost, AttemptFate.RequestLost, AttemptFate.AnswerLost, AttemptFate.AnswerLost, AttemptFate.NeverAnswers, AttemptFate.StaysInFlight,
        AttemptFate.StaysInFlight, AttemptFate.Unreachable, AttemptFate.Throttled, AttemptFate.AccountMissing, AttemptFate.Misconfigured,
    ];

    private readonly Adversity adversity;
    private readonly TimeSpan maximumAge;

    public RandomHistory(Adversity adversity)
    {
        this.adversity = adversity;
        maximumAge = adversity.HasFlag(Adversity.ShortMaximumAge) ? TimeSpan.FromMinutes(1) : TimeSpan.FromDays(3);
        Cluster = new SimulatedCluster(adversity.HasFlag(Adversity.FewAttempts) ? 2 : 1_000, "beta", "gamma");
    }

    public SimulatedCluster Cluster { get; }

    public SimulatedDomain Domain { get; } = new(new SourceId("alpha"));

    /// <summary>Histories of up to the given number of steps; a failing one is made shorter step by step.</summary>
    public static Arbitrary<int[]> Any(int stepsMax) => Arb.From(Gen.Choose(0, stepsMax).SelectMany(steps => Gen.Choose(0, StepMax).ArrayOf(steps)), Shorten);

    public void Play(IEnumerable<int> steps)
    {
        foreach (var step in steps) Play(step % 20, step / 20);
    }

    /// <summary>Whatever has not arrived yet arrives, everything works again, and time goes by until all is quiet.</summary>
    public void ComeToRest()
    {
        foreach (var change in Domain.Changes) Cluster.Arrive(change);
        Cluster.Quiesce();
    }

    private void Play(int kind, int argument)
    {
        var point = Cluster.AllPoints[argument % Cluster.AllPoints.Length];
        var choice = argument / Cluster.AllPoints.Length;
        switch (kind)
        {
            case 0 or 1:
                Cluster.Arrive(Change(choice, point));
                break;
            case 2:
                Change(choice, point);
                break;
            case 3:
                Domain.Replicate(choice % 3, choice / 3 % 3);
                break;
            case 4 when Domain.Changes.Count > 0:
                Cluster.Arrive(Domain.Changes[choice % Domain.Changes.Count]);
                break;
            case 5:
                Cluster.Advance(TimeSpan.FromSeconds(1 << (choice % 6)));
                break;
            case 6 or 7:
                Cluster.AdvanceToWakeUp();
                break;
            case 8:
                Cluster.Crash();
                break;
            case 9:
                Cluster.Land(point);
                break;
            case 10 when adversity.HasFlag(Adversity.ScopeChanges):
                Cluster.Rescope([.. Cluster.AllPoints.Where((_, index) => (choice >> index & 1) == 1)], tellAtOnce: choice / 4 % 4 > 0);
                break;
            case 11 when adversity.HasFlag(Adversity.Operators):
                Operate(point, choice);
                break;
            case 12 when adversity.HasFlag(Adversity.Restores):
                Domain.Restore((uint)(choice % 4), Cluster.HasTaken);
                break;
            default:
                Cluster.Deliver(point, Fates[choice % Fates.Length], TimeSpan.FromSeconds(choice / Fates.Length % 16));
                break;
        }
    }

    private Change Change(int choice, SyncPointId point)
    {
        var change = Domain.ChangeAt(choice % 3, Cluster.Now, maximumAge);
        var misfortune = choice / 3 % 6;
        if (misfortune == 0 && adversity.HasFlag(Adversity.PolicyRefusals)) Cluster.Refused.Add((point, change.CaptureId));
        if (misfortune == 1 && adversity.HasFlag(Adversity.EmptyPasswords)) Cluster.Empty.Add(change.CaptureId);
        return change;
    }

    private void Operate(SyncPointId point, int choice)
    {
        switch (choice % 3)
        {
            case 0:
                Cluster.Retry(point);
                break;
            case 1:
                Cluster.Discard(point);
                break;
            default:
                Cluster.Resend(point);
                break;
        }
    }

    private static IEnumerable<int[]> Shorten(int[] steps)
    {
        for (var length = steps.Length / 2; length > 0; length /= 2)
        {
            for (var start = 0; start + length <= steps.Length; start += length) yield return [.. steps[..start], .. steps[(start + length)..]];
        }
    }
}
