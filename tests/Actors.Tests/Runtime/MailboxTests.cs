using PasswordSync.Actors.Runtime;
using PasswordSync.Actors.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Actors.Tests.Runtime;

public sealed class MailboxTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Messages_of_one_sender_are_handled_in_the_order_they_were_told()
    {
        await using var system = new TestSystem();
        var script = new Script<int>();
        var actor = system.Spawn(script.Props, "actor");

        for (var i = 1; i <= 100; i++) actor.TryTell(i).ShouldBe(TellResult.Accepted);
        system.Turns.RunAll();

        script.Journal.ShouldBe(["start", .. Enumerable.Range(1, 100).Select(i => $"{i}")]);
    }

    [Fact]
    public async Task A_handler_that_awaits_is_not_entered_again_before_it_ends()
    {
        await using var system = new TestSystem();
        var first = new TaskCompletionSource();
        Script<string> script = null!;
        script = new Script<string>
        {
            OnMessage = async (_, message, _) =>
            {
                if (message == "slow") await first.Task;
                script.Note($"end of {message}");
            },
        };
        var actor = system.Spawn(script.Props, "actor");

        actor.TryTell("slow");
        actor.TryTell("next");
        system.Turns.RunAll();
        script.Journal.ShouldBe(["start", "slow"]);

        first.SetResult();
        system.Turns.RunAll();
        script.Journal.ShouldBe(["start", "slow", "end of slow", "next", "end of next"]);
    }

    [Fact]
    public async Task A_full_mailbox_refuses_to_take_more_without_waiting()
    {
        await using var system = new TestSystem();
        var script = new Script<int>();
        var actor = system.Spawn(script.Props with { MailboxCapacity = 2 }, "actor");

        actor.TryTell(1).ShouldBe(TellResult.Accepted);
        actor.TryTell(2).ShouldBe(TellResult.Accepted);
        actor.TryTell(3).ShouldBe(TellResult.MailboxFull);
        system.Turns.RunAll();

        script.Journal.ShouldBe(["start", "1", "2"]);
        actor.TryTell(4).ShouldBe(TellResult.Accepted);
    }

    [Fact]
    public async Task A_sender_waits_for_room_and_nobody_overtakes_it()
    {
        await using var system = new TestSystem();
        var script = new Script<int>();
        var actor = system.Spawn(script.Props with { MailboxCapacity = 1, Throughput = 1 }, "actor");

        var first = actor.TellAsync(1, None);
        first.IsCompletedSuccessfully.ShouldBeTrue();
        var second = actor.TellAsync(2, None).AsTask();
        var third = actor.TellAsync(3, None).AsTask();
        second.IsCompleted.ShouldBeFalse();

        system.Turns.RunOne();
        (await second.WaitAsync(Patience.Limit)).ShouldBe(TellResult.Accepted);
        third.IsCompleted.ShouldBeFalse();
        actor.TryTell(4).ShouldBe(TellResult.MailboxFull);

        system.Turns.RunAll();
        (await third.WaitAsync(Patience.Limit)).ShouldBe(TellResult.Accepted);
        script.Journal.ShouldBe(["start", "1", "2", "3"]);
    }

    [Fact]
    public async Task A_sender_cancelled_while_it_waits_for_room_has_not_told()
    {
        await using var system = new TestSystem();
        var script = new Script<int>();
        var actor = system.Spawn(script.Props with { MailboxCapacity = 1 }, "actor");
        using var giveUp = new CancellationTokenSource();

        actor.TryTell(1);
        var cancelled = actor.TellAsync(2, giveUp.Token).AsTask();
        var patient = actor.TellAsync(3, None).AsTask();
        await giveUp.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => cancelled);
        system.Turns.RunAll();
        (await patient.WaitAsync(Patience.Limit)).ShouldBe(TellResult.Accepted);
        script.Journal.ShouldBe(["start", "1", "3"]);
    }

    [Fact]
    public async Task A_busy_actor_yields_to_others_after_its_throughput()
    {
        await using var system = new TestSystem();
        var script = new Script<string>();
        var busy = system.Spawn(script.Props with { Throughput = 3 }, "busy");
        var other = system.Spawn(script.Props, "other");

        for (var i = 1; i <= 7; i++) busy.TryTell($"busy {i}");
        other.TryTell("other");
        system.Turns.RunAll();

        script.Journal.Skip(2).ShouldBe(["busy 1", "busy 2", "busy 3", "other", "busy 4", "busy 5", "busy 6", "busy 7"]);
    }

    [Fact]
    public async Task A_turn_ends_when_a_handler_had_to_wait()
    {
        await using var system = new TestSystem();
        var reply = new TaskCompletionSource();
        var script = new Script<int> { OnMessage = async (_, message, _) => await (message == 1 ? reply.Task : Task.CompletedTask) };
        var actor = system.Spawn(script.Props, "actor");

        actor.TryTell(1);
        actor.TryTell(2);
        system.Turns.RunAll();
        reply.SetResult();

        script.Journal.ShouldBe(["start", "1"], "what completed the wait must not have to handle the next message");
        system.Turns.Count.ShouldBe(1);
        system.Turns.RunAll();
        script.Journal.ShouldBe(["start", "1", "2"]);
    }
}
