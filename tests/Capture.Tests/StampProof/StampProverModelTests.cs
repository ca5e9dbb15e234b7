using PasswordSync.Capture.StampProof;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Stamps;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.StampProof;

/// <summary>
/// The prover against the truth, over many seeds: never confirmed with a wrong stamp, nothing accepted is called refused or lost, and every capture
/// gets exactly one verdict.
/// </summary>
public sealed class StampProverModelTests
{
    private const int Runs = 10_000;

    [Theory]
    [InlineData(HookKind.BeforeCommit)]
    [InlineData(HookKind.AfterCommit)]
    public void Verdicts_are_true_whatever_happens(HookKind hook)
    {
        var counts = new Dictionary<string, int>();
        for (var seed = 1; seed <= Runs; seed++) new Run(seed, hook, counts).Go();

        // The model would prove nothing if it never came to the hard cases.
        string[] expected = hook == HookKind.BeforeCommit
            ? [nameof(StampVerdict.Confirmed), nameof(StampVerdict.Superseded), nameof(StampVerdict.RefusedBySource), nameof(StampVerdict.Overtaken), nameof(StampVerdict.Ambiguous)]
            : [nameof(StampVerdict.Confirmed), nameof(StampVerdict.Superseded), nameof(StampVerdict.Overtaken), nameof(StampVerdict.Ambiguous)];
        foreach (var verdict in expected) counts.GetValueOrDefault(verdict).ShouldBeGreaterThan(Runs / 100, verdict);
        counts.Keys.ShouldBeSubsetOf(expected);
        counts[nameof(StampVerdict.Confirmed)].ShouldBeGreaterThan(2 * counts[nameof(StampVerdict.Ambiguous)]);
    }

    private sealed class Run(int seed, HookKind hook, Dictionary<string, int> counts)
    {
        private readonly HashSet<StampVerdict> answered = [];
        private readonly Random random = new(seed);
        private readonly ProofRules rules = ProofRules.For(hook);
        private readonly Dictionary<CaptureId, StampVerdict> verdicts = [];
        private SimulatedDomain domain = null!;
        private AccountProof proof = AccountProof.Unknown;
        private AccountMemory? memory;

        public void Go()
        {
            domain = new SimulatedDomain(random, rules);
            var end = domain.End + rules.CommitWithin + rules.HookWithin + TimeSpan.FromMinutes(1);
            var now = SimulatedDomain.Start + Ms(random.Next(8_000));
            while (now < end) now = random.Next(40) == 0 ? Restart(now) : Look(now);

            // The last restart may have been just now: what was seen is then seen first again.
            Look(end);
            Look(end + rules.HookWithin + rules.PauseMax);
            CheckTheEnd();
        }

        private DateTimeOffset Look(DateTimeOffset startedAt)
        {
            var completedAt = startedAt + Ms(random.Next(4) == 0 ? random.Next(1, 900) : random.Next(1, 5));
            domain.RunUntil(startedAt + ((completedAt - startedAt) * random.NextDouble()));
            var (stamp, writtenAt) = (domain.Here, domain.WrittenAt);
            var observedThrough = completedAt + Ms(random.Next(0, 3));
            domain.RunUntil(observedThrough);
            foreach (var attempt in domain.All.Where(attempt => attempt.ObservableAt <= observedThrough && !verdicts.ContainsKey(attempt.Id)))
            {
                proof = proof.Observe(new OpenCapture(attempt.Id, attempt.CapturedAt));
            }

            var step = StampProver.Conclude(proof, new AccountLook(startedAt, completedAt, observedThrough, ProofScript.ThisDc, stamp, writtenAt, IsNameCertain: true), rules);
            proof = step.Proof;
            foreach (var verdict in step.Verdicts) Check(verdict);
            answered.UnionWith(verdicts.Values.Distinct().Where(_ => random.Next(4) > 0));
            if (step.Verdicts.Length > 0 || random.Next(3) == 0) memory = new AccountMemory(proof.Known!, proof.SettledThrough, "ann");
            step.LookAgainAt.HasValue.ShouldBe(!proof.Open.IsEmpty, Seed);
            var pause = random.Next(3) == 0 ? Ms(random.Next(1, 20_000)) : Ms(random.Next(1, 1_000));
            return step.LookAgainAt is { } again && random.Next(3) > 0 ? again : observedThrough + pause;
        }

        /// <summary>The edge ends and begins again; what it knew without having it flushed is gone, and what no node has is to be judged again.</summary>
        private DateTimeOffset Restart(DateTimeOffset now)
        {
            foreach (var (id, _) in verdicts.Where(entry => !answered.Contains(entry.Value)).ToList()) verdicts.Remove(id);
            proof = memory is not null && AccountMemory.TryRead(memory.Write(), out var remembered) ? remembered.ToProof() : AccountProof.Unknown;
            return now + Ms(random.Next(100, 60_000));
        }

        private void Check(StampVerdict verdict)
        {
            counts[verdict.GetType().Name] = counts.GetValueOrDefault(verdict.GetType().Name) + 1;
            foreach (var capture in verdict.Captures) verdicts.TryAdd(capture.CaptureId, verdict).ShouldBeTrue($"second verdict, {Seed}: {verdict}");
            switch (verdict)
            {
                case StampVerdict.Confirmed confirmed:
                    domain.CauseOf(confirmed.Stamp).ShouldBe(confirmed.Capture.CaptureId, $"wrong stamp, {Seed}");
                    break;
                case StampVerdict.RefusedBySource refused:
                    AttemptOf(refused.Capture).IsAccepted.ShouldBeFalse($"was accepted, {Seed}");
                    break;
                case StampVerdict.Superseded superseded:
                    IsLost(superseded.Capture).ShouldBeTrue($"is the password, {Seed}");
                    break;
                case StampVerdict.Overtaken overtaken:
                    IsLost(overtaken.Capture).ShouldBeTrue($"is the password, {Seed}");
                    break;
                case StampVerdict.Ambiguous ambiguous:
                    ambiguous.Candidates.Select(candidate => candidate.CaptureId).ShouldContain(domain.CauseOf(ambiguous.Stamp)!.Value, Seed);
                    break;
                default:
                    throw new InvalidOperationException($"{verdict} {Seed}");
            }
        }

        /// <summary>Everybody has a verdict; and the password that is here now, if it is of a capture, is or can be sent.</summary>
        private void CheckTheEnd()
        {
            verdicts.Count.ShouldBe(domain.All.Count, $"without a verdict, {Seed}");
            if (domain.Here is not { } stamp || domain.CauseOf(stamp) is not { } cause) return;
            var sent = verdicts[cause] switch
            {
                StampVerdict.Confirmed confirmed => confirmed.Stamp,
                StampVerdict.Ambiguous ambiguous => ambiguous.Stamp,
                _ => (Stamp?)null,
            };
            sent.ShouldBe(stamp, Seed);
        }

        private bool IsLost(OpenCapture capture) => AttemptOf(capture).Stamp is not { } stamp || domain.Here > stamp;

        private SimulatedDomain.Attempt AttemptOf(OpenCapture capture) => domain.All.Single(attempt => attempt.Id == capture.CaptureId);

        private string Seed => $"seed {seed} of {hook}";

        private static TimeSpan Ms(double ms) => TimeSpan.FromTicks((long)(ms * TimeSpan.TicksPerMillisecond) + 3);
    }
}
