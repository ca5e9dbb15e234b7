using System.Collections.Immutable;
using PasswordSync.Core.Identities;

namespace PasswordSync.Core.Tests.Simulation.Mutual;

/// <summary>Two domains that are each other's target, and one person with an account in both.</summary>
internal sealed class MutualDomains(ImmutableArray<WriteFate> fates)
{
    private readonly SimulatedSide[] sides = [new(new SourceId("alpha"), 1), new(new SourceId("beta"), 2)];
    private int passwords;
    private DateTimeOffset now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public int Writes => sides.Sum(side => side.Writes);

    /// <summary>How many passwords the person set.</summary>
    public int Changes => passwords;

    public IEnumerable<int> Passwords => sides.Select(side => side.Account.Password);

    /// <summary>Whether nodes may die.</summary>
    public bool MayCrash { get; init; } = true;

    /// <summary>Whether operators give deliveries up, also those of which an attempt died half-way.</summary>
    public bool MayDiscard { get; init; }

    /// <summary>The person sets a password, a new one each time.</summary>
    public void Change(int side) => sides[side].Account.Write(++passwords, now);

    /// <summary>One step of a random history.</summary>
    /// <param name="step">Which step, and how it goes.</param>
    /// <param name="changingSide">Where the person changes the password, 0 or 1; null for either.</param>
    public void Play(int step, int? changingSide)
    {
        var (kind, side, choice) = (step % 12, step / 12 % 2, step / 24);
        switch (kind)
        {
            case 0 or 1:
                Change(changingSide ?? side);
                break;
            case 2 or 3:
                ArriveOne(side, choice);
                break;
            case 4:
                ArriveAll(side);
                break;
            case 5:
                Advance(TimeSpan.FromSeconds(1 << (choice % 6)));
                break;
            case 6:
                Advance(Next());
                break;
            case 7:
                if (MayCrash) sides[side].Crash();
                if (MayDiscard) sides[side].Discard(now);
                break;
            default:
                Deliver(side, fates[choice % fates.Length], CrashPointOf(choice / fates.Length), TimeSpan.FromSeconds(choice % 10));
                break;
        }
    }

    /// <summary>Everything that was captured on a side comes to its inbox.</summary>
    public void ArriveAll(int side)
    {
        foreach (var change in sides[side].Account.Captures.ToList()) sides[side].Arrive(change, now);
    }

    /// <summary>What is due on a side is delivered to the other one.</summary>
    public void DeliverOnce(int side) => Deliver(side, WriteFate.Succeeds, CrashPoint.None, TimeSpan.Zero);

    /// <summary>A node dies while it writes, and what it sent lands after that.</summary>
    public void DieWhileWriting(int side, TimeSpan landsAfter) => Deliver(side, WriteFate.LandsAfterDeath, CrashPoint.None, landsAfter);

    /// <summary>An operator gives up what waits on a side.</summary>
    public void Discard(int side) => sides[side].Discard(now);

    /// <summary>How many captures wait in the inbox of a side.</summary>
    public int Undecided(int side) => sides[side].Undecided;

    /// <summary>Time goes by.</summary>
    public void Advance(TimeSpan by)
    {
        now += by;
        foreach (var side in sides) side.Account.Advance(now);
        foreach (var side in sides) side.WakeUp(now);
    }

    /// <summary>All captures arrive, everything works, and time goes by until nothing is left to do.</summary>
    public void Quiesce()
    {
        const int roundsMax = 400;
        for (var round = 0; round < roundsMax; round++)
        {
            foreach (var side in (int[])[0, 1]) ArriveAll(side);

            if (sides.All(side => side.IsAtRest)) return;
            foreach (var side in (int[])[0, 1]) Deliver(side, WriteFate.Succeeds, CrashPoint.None, TimeSpan.Zero);
            Advance(Next());
        }

        throw new InvalidOperationException($"It did not come to rest:\n{sides[0]}\n{sides[1]}");
    }

    private CrashPoint CrashPointOf(int choice) => MayCrash && choice % 3 == 0 ? (CrashPoint)(choice / 3 % Enum.GetValues<CrashPoint>().Length) : CrashPoint.None;

    private void ArriveOne(int side, int choice)
    {
        var captures = sides[side].Account.Captures;
        if (captures.Count > 0) sides[side].Arrive(captures[choice % captures.Count], now);
    }

    private void Deliver(int side, WriteFate fate, CrashPoint crash, TimeSpan lateness) => sides[side].Deliver(sides[1 - side].Account, fate, crash, lateness, now);

    private TimeSpan Next()
    {
        var due = sides.Select(side => side.NextWakeUp).Where(at => at > now).Min();
        return due is { } at && at - now < TimeSpan.FromSeconds(20) ? at - now : TimeSpan.FromSeconds(5);
    }
}
