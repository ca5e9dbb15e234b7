using PasswordSync.Actors.Runtime;
using PasswordSync.Actors.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Actors.Tests.Runtime;

/// <summary>The promise of the mailbox, under everything at once: what was accepted ends once, as handled or as a dead letter, and every ask ends.</summary>
public sealed class AccountingTests
{
    private const int Seeds = 400;
    private const int Steps = 250;

    [Fact]
    public async Task Every_accepted_message_ends_once_in_seeded_interleavings_of_failures_stops_passivation_and_time()
    {
        var reasons = new HashSet<DeadLetterReason>();
        var ends = new HashSet<Type?>();

        for (var seed = 0; seed < Seeds; seed++) await RunAsync(seed, reasons, ends);

        reasons.Count.ShouldBe(Enum.GetValues<DeadLetterReason>().Length, "every kind of dead letter occurred");
        ends.ShouldBe([null, typeof(AskTimeoutException), typeof(AskTargetStoppedException)], ignoreOrder: true, "every end of an ask occurred, and no other");
    }

    private static async Task RunAsync(int seed, HashSet<DeadLetterReason> reasons, HashSet<Type?> ends)
    {
        var random = new Random(seed);
        var top = RandomStrategy(random, mayEscalate: false);
        await using var system = new TestSystem(random, options => options with { Supervision = top, DeadLetterCapacity = 10 * Steps });
        var pauses = new Pauses();
        var handled = new List<int>();
        var failedOnce = new HashSet<Job>();
        var accepted = new List<int>();
        var asks = new List<Task>();
        var child = new Props<Job>("child", context => new Worker(context, pauses, handled, failedOnce))
        {
            MailboxCapacity = 1 + random.Next(4),
            Throughput = 1 + random.Next(3),
            IdleTimeout = TimeSpan.FromMinutes(1),
        };
        var parent = new Props<Job>("parent", context => new Worker(context, pauses, handled, failedOnce)) { Supervision = RandomStrategy(random, mayEscalate: true) };
        var parentAddress = system.Actors.Spawn(parent, "parent");
        var children = system.Actors.OnDemand(parentAddress, child);

        for (var step = 0; step < Steps; step++)
        {
            var target = random.Next(8) == 0 ? parentAddress : children.Named($"child-{random.Next(3)}");
            var job = new Job(step, (Deed)random.Next((int)Deed.Count), random.Next(3) == 0 ? null : random.Next(3), Reply: null);
            switch (random.Next(9))
            {
                case < 3:
                    if (target.TryTell(job) == TellResult.Accepted) accepted.Add(step);
                    break;
                case 3:
                    asks.Add(target.AskAsync<int>(reply => job with { Reply = reply, Number = -1 }, TimeSpan.FromMinutes(2), CancellationToken.None));
                    break;
                case < 7:
                    system.Turns.RunOne();
                    break;
                case 7:
                    pauses.ReleaseOne(random);
                    break;
                default:
                    system.Clock.Advance(TimeSpan.FromSeconds(random.Next(70)));
                    break;
            }
        }

        pauses.End();
        (await system.Turns.RunUntilAsync(system.Actors.ShutdownAsync(CancellationToken.None))).ShouldBeEmpty($"seed {seed}");
        system.Clock.Advance(TimeSpan.FromMinutes(5));

        var dead = new List<int>();
        while (system.Actors.DeadLetters.TryRead(out var letter))
        {
            reasons.Add(letter.Reason);
            if (letter.Message is Job { Number: >= 0 } job) dead.Add(job.Number);
        }

        handled.Where(number => number >= 0).Concat(dead).Order().ToList().ShouldBe(accepted, $"seed {seed}");
        system.Actors.Hierarchy().ShouldBeEmpty($"seed {seed}");
        foreach (var ask in asks) ends.Add((await Record.ExceptionAsync(() => ask.WaitAsync(Patience.Limit)))?.GetType());
    }

    // Escalating past the root would end the system before its time.
    private static SupervisorStrategy RandomStrategy(Random random, bool mayEscalate) => new()
    {
        Decide = failure => failure is IOException ? Directive.Restart : (Directive)(failure.Message.Length % (mayEscalate ? 3 : 2)),
        Backoff = new Backoff(TimeSpan.FromSeconds(random.Next(3)), TimeSpan.FromSeconds(10), 0.5, TimeSpan.FromMinutes(1), static () => 0.5),
        RestartLimit = random.Next(6),
        PoisonThreshold = 1 + random.Next(3),
    };

    private enum Deed
    {
        Answer,
        AnswerLater,
        Fail,
        FailTransiently,
        Passivate,
        StopSelf,
        Schedule,
        Pipe,
        Count,
    }

    /// <param name="Number">Which message it is; -1 for those that are not accounted for one by one.</param>
    /// <param name="Deed">What to do about it.</param>
    /// <param name="Weight">Null: without a pause. Else chooses the directive of a failure.</param>
    /// <param name="Reply">Answered by some deeds, and left open by others.</param>
    private sealed record Job(int Number, Deed Deed, int? Weight, IReply<int>? Reply);

    private sealed class Worker(IActorContext<Job> context, Pauses pauses, List<int> handled, HashSet<Job> failedOnce) : Actor<Job>(context)
    {
        protected internal override async ValueTask OnStartAsync(CancellationToken cancellationToken) => await pauses.PauseAsync();

        protected internal override async ValueTask ReceiveAsync(Job message, CancellationToken cancellationToken)
        {
            if (message.Weight is not null) await pauses.PauseAsync();
            switch (message.Deed)
            {
                case Deed.Answer:
                    message.Reply?.TryAnswer(message.Number);
                    break;
                case Deed.Fail:
                    throw new InvalidOperationException(new string('.', message.Weight ?? 0));
                case Deed.FailTransiently when failedOnce.Add(message):
                    throw new IOException();
                case Deed.Passivate:
                    Context.Passivate();
                    break;
                case Deed.StopSelf:
                    Context.Stop(Context.Self);
                    break;
                case Deed.Schedule:
                    Context.Schedule(TimeSpan.FromSeconds(20), new Job(-1, Deed.Answer, null, Reply: null));
                    break;
                case Deed.Pipe:
                    Context.PipeToSelf(async _ =>
                    {
                        await pauses.PauseAsync();
                        return new Job(-1, Deed.Answer, null, message.Reply);
                    });
                    break;
            }

            handled.Add(message.Number);
        }

        protected internal override async ValueTask OnStopAsync(CancellationToken cancellationToken) => await pauses.PauseAsync();
    }
}
