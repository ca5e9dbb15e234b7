using PasswordSync.Actors.Runtime;
using PasswordSync.Actors.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Actors.Tests.Runtime;

public sealed class AskTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly CancellationToken None = CancellationToken.None;

    private sealed record Question(string Text, IReply<string> Reply);

    private static Script<Question> Answering() => new()
    {
        OnMessage = (_, question, _) =>
        {
            if (question.Text == "fail") question.Reply.TryFail(new InvalidDataException());
            if (question.Text == "echo") question.Reply.TryAnswer("echo").ShouldBeTrue();
            return default;
        },
    };

    private static Task<string> Ask(IActorRef<Question> actor, string text, CancellationToken cancellationToken = default) =>
        actor.AskAsync<string>(reply => new Question(text, reply), Second, cancellationToken);

    [Fact]
    public async Task An_ask_gets_the_answer()
    {
        await using var system = new TestSystem();
        var actor = system.Spawn(Answering().Props, "actor");

        (await system.Turns.RunUntilAsync(Ask(actor, "echo"))).ShouldBe("echo");
        system.Clock.ArmedTimers.ShouldBe(1, "only the idle sweep's timer is left");
    }

    [Fact]
    public async Task An_ask_throws_the_failure_that_the_actor_gave()
    {
        await using var system = new TestSystem();
        var actor = system.Spawn(Answering().Props, "actor");

        await Should.ThrowAsync<InvalidDataException>(() => system.Turns.RunUntilAsync(Ask(actor, "fail")));
    }

    [Fact]
    public async Task An_ask_without_an_answer_times_out_and_a_late_answer_is_ignored()
    {
        await using var system = new TestSystem();
        Question? kept = null;
        var script = new Script<Question>
        {
            OnMessage = (_, question, _) =>
            {
                kept = question;
                return default;
            },
        };
        var actor = system.Spawn(script.Props, "actor");

        var ask = Ask(actor, "silence");
        system.Turns.RunAll();
        system.Clock.Advance(Second - TimeSpan.FromMilliseconds(1));
        ask.IsCompleted.ShouldBeFalse();
        system.Clock.Advance(TimeSpan.FromMilliseconds(1));

        var timeout = await Should.ThrowAsync<AskTimeoutException>(() => ask.WaitAsync(Patience.Limit));
        timeout.Message.ShouldBe("The actor /actor did not answer within 1000 ms.");
        kept!.Reply.TryAnswer("late").ShouldBeFalse();
    }

    [Fact]
    public async Task The_time_out_covers_the_wait_for_room()
    {
        await using var system = new TestSystem();
        var script = new Script<Question>();
        var actor = system.Spawn(script.Props with { MailboxCapacity = 1 }, "actor");
        var first = Ask(actor, "in the mailbox");
        var second = Ask(actor, "in front of it");

        system.Clock.Advance(Second);

        await Should.ThrowAsync<AskTimeoutException>(() => first.WaitAsync(Patience.Limit));
        await Should.ThrowAsync<AskTimeoutException>(() => second.WaitAsync(Patience.Limit));
        system.Turns.RunAll();
        script.Journal.Count.ShouldBe(2, "the second question was never told");
    }

    [Fact]
    public async Task A_caller_that_gives_up_gets_its_own_cancellation()
    {
        await using var system = new TestSystem();
        using var giveUp = new CancellationTokenSource();
        var actor = system.Spawn(Answering().Props, "actor");

        var ask = Ask(actor, "silence", giveUp.Token);
        system.Turns.RunAll();
        await giveUp.CancelAsync();

        var cancelled = await Should.ThrowAsync<OperationCanceledException>(() => ask.WaitAsync(Patience.Limit));
        cancelled.CancellationToken.ShouldBe(giveUp.Token);
    }

    [Fact]
    public async Task An_ask_fails_at_once_when_the_target_stops_before_it_answers()
    {
        await using var system = new TestSystem();
        var actor = system.Spawn(Answering().Props, "actor");

        var ask = Ask(actor, "silence");
        system.Turns.RunAll();
        await system.Turns.RunUntilAsync(system.Actors.StopAsync(actor, None));

        var stopped = await Should.ThrowAsync<AskTargetStoppedException>(() => ask.WaitAsync(Patience.Limit));
        stopped.Taken.ShouldBeTrue();
        stopped.Path.ShouldBe("/actor");
    }

    [Fact]
    public async Task An_ask_fails_at_once_when_the_target_stops_with_the_question_in_its_mailbox()
    {
        await using var system = new TestSystem();
        var actor = system.Spawn(Answering().Props, "actor");

        var ask = Ask(actor, "echo");
        var stop = system.Actors.StopAsync(actor, None);
        await system.Turns.RunUntilAsync(stop);

        (await Should.ThrowAsync<AskTargetStoppedException>(() => ask.WaitAsync(Patience.Limit))).Taken.ShouldBeTrue();
    }

    [Fact]
    public async Task An_ask_of_a_stopped_actor_fails_at_once_and_says_that_nothing_was_taken()
    {
        await using var system = new TestSystem();
        var actor = system.Spawn(Answering().Props, "actor");
        await system.Turns.RunUntilAsync(system.Actors.StopAsync(actor, None));

        (await Should.ThrowAsync<AskTargetStoppedException>(() => Ask(actor, "echo"))).Taken.ShouldBeFalse();
    }

    [Fact]
    public async Task Asks_that_are_over_leave_nothing_behind_in_a_live_actor()
    {
        await using var system = new TestSystem();
        var replies = new List<WeakReference>();
        var actor = system.Spawn(Answering().Props with { MailboxCapacity = 2 }, "actor");

        await AskManyTimesAsync(system, actor, replies);

        // What is still on the stack of this thread may keep the last one, and threads that have not quite come back from another one keep that for a moment.
        using var patience = new CancellationTokenSource(Patience.Limit);
        do
        {
            patience.IsCancellationRequested.ShouldBeFalse("something keeps replies");
            await Task.Yield();
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
        }
        while (replies.Count(reply => reply.IsAlive) > 1);

        system.Clock.ArmedTimers.ShouldBe(1);
    }

    private static async Task AskManyTimesAsync(TestSystem system, IActorRef<Question> actor, List<WeakReference> replies)
    {
        var asks = Enumerable.Range(0, 50).Select(_ => actor.AskAsync<string>(
            reply =>
            {
                replies.Add(new WeakReference(reply));
                return new Question("echo", reply);
            },
            Second,
            None)).ToArray();
        var answers = await system.Turns.RunUntilAsync(Task.WhenAll(asks));
        answers.ShouldAllBe(answer => answer == "echo");
    }
}
