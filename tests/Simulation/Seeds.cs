using System.Runtime.ExceptionServices;
using PasswordSync.Simulation.Checks;
using PasswordSync.Simulation.Store;

namespace PasswordSync.Simulation;

/// <summary>Plays histories, each on one thread that does nothing else meanwhile.</summary>
internal static class Seeds
{
    /// <summary>What one seed came to.</summary>
    public sealed record Result(int Seed, ViolationException? Violation, string Digest, IReadOnlyList<string> Lines, int Decisions, int Sendings, int Takeovers);

    /// <summary>The variable that names the one seed to be played.</summary>
    public const string Variable = "PASSWORDSYNC_SEED";

    /// <summary>The variable that says how many are played; they begin with 0.</summary>
    public const string CountVariable = "PASSWORDSYNC_SEEDS";

    /// <summary>How people play a seed again, with all that happens told.</summary>
    public static string HowToReplay(int seed) =>
        $"Once more, with all that happened: {Variable}={seed} tests/Simulation/bin/Debug/net10.0/PasswordSync.Simulation -method '*The_invariants_hold_whatever_a_seed_thinks_of'";

    public static Result Play(int seed, Bugs bugs, bool keepsLines = false) => OnOwnThread(() => PlayHere(seed, bugs, keepsLines));

    /// <summary>Plays the seeds from 0 on, on all processors, until one breaks an invariant: the smallest that did; null if none does.</summary>
    public static Result? FindViolation(Bugs bugs, int seedsMax)
    {
        var next = -1;
        var found = new Result?[Environment.ProcessorCount];
        var threads = Enumerable.Range(0, found.Length).Select(index => Begin(() =>
        {
            for (var seed = Interlocked.Increment(ref next); seed < seedsMax && found.All(result => result is null); seed = Interlocked.Increment(ref next))
            {
                var result = PlayHere(seed, bugs, keepsLines: false);
                if (result.Violation is not null) found[index] = result;
            }
        })).ToList();
        foreach (var thread in threads) thread();
        return found.Where(result => result is not null).MinBy(result => result!.Seed);
    }

    private static Result PlayHere(int seed, Bugs bugs, bool keepsLines)
    {
        using var history = new History(seed, bugs, keepsLines);
        ViolationException? violation = null;
        try
        {
            history.Play();
        }
        catch (ViolationException broken)
        {
            violation = broken;
            history.Trace.Note(broken.Message);
        }
        catch (Exception broken)
        {
            throw new InvalidOperationException($"The history of seed {seed} broke off. {HowToReplay(seed)}", broken);
        }

        return new Result(seed, violation, history.Trace.Digest(), history.Trace.Lines, history.Judge.Decisions, history.Judge.Sendings, history.Judge.Takeovers);
    }

    private static T OnOwnThread<T>(Func<T> play)
    {
        T result = default!;
        Begin(() => result = play())();
        return result;
    }

    // Not a test's own thread: its synchronization context would send what an await goes on with somewhere else.
    private static Action Begin(Action work)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                work();
            }
#pragma warning disable CA1031 // Thrown again where it is waited for.
            catch (Exception broken)
#pragma warning restore CA1031
            {
                failure = broken;
            }
        });
        thread.Start();
        return () =>
        {
            thread.Join();
            if (failure is not null) ExceptionDispatchInfo.Throw(failure);
        };
    }
}
