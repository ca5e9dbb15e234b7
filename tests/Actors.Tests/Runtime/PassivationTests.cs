using PasswordSync.Actors.Runtime;
using PasswordSync.Actors.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Actors.Tests.Runtime;

public sealed class PassivationTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    /// <summary>A parent with on-demand children made from <paramref name="child"/>.</summary>
    private static OnDemandChildren<TMessage> Parent<TMessage>(TestSystem system, Props<TMessage> child) =>
        system.Actors.OnDemand(system.Spawn(new Script<string>().Props, "parent"), child);

    [Fact]
    public async Task An_idle_actor_passivates_after_its_time_out_and_not_before()
    {
        await using var system = new TestSystem();
        var script = new Script<int>();
        var actor = system.Spawn(script.Props with { IdleTimeout = Minute }, "actor");

        Pass(system, TimeSpan.FromSeconds(30));
        actor.TryTell(1);
        system.Turns.RunAll();
        Pass(system, TimeSpan.FromSeconds(59));
        script.Journal.ShouldBe(["start", "1"]);

        Pass(system, TimeSpan.FromSeconds(2));
        script.Journal.ShouldBe(["start", "1", "idle", "stop"]);
        system.Actors.Hierarchy().ShouldBeEmpty();
        actor.TryTell(2).ShouldBe(TellResult.Stopped);
    }

    [Fact]
    public async Task A_handler_that_awaits_longer_than_the_idle_time_out_is_not_idle()
    {
        await using var system = new TestSystem();
        var append = new TaskCompletionSource();
        var script = new Script<int> { OnMessage = async (_, _, _) => await append.Task };
        var actor = system.Spawn(script.Props with { IdleTimeout = Minute }, "actor");

        actor.TryTell(1);
        system.Turns.RunAll();
        Pass(system, Minute * 3);
        script.Journal.ShouldBe(["start", "1"]);

        append.SetResult();
        system.Turns.RunAll();
        Pass(system, Minute * 2);
        script.Journal.ShouldBe(["start", "1", "idle", "stop"]);
    }

    [Fact]
    public async Task An_on_demand_child_lives_when_it_is_told_something_and_again_after_it_passivated()
    {
        await using var system = new TestSystem();
        var script = new Script<int>();
        var address = Parent(system, script.Props with { IdleTimeout = Minute }).Named("child");
        address.Path.ShouldBe("/parent/child");
        system.Actors.Hierarchy().Count.ShouldBe(1);

        (await address.TellAsync(1, None)).ShouldBe(TellResult.Accepted);
        system.Turns.RunAll();
        Pass(system, Minute * 2);
        address.TryTell(2).ShouldBe(TellResult.Accepted);
        system.Turns.RunAll();

        script.Journal.ShouldBe(["start", "1", "idle", "stop", "start", "2"]);
    }

    [Fact]
    public async Task Messages_told_while_an_actor_passivates_go_to_a_new_incarnation_those_waiting_for_room_too()
    {
        await using var system = new TestSystem();
        var stop = new TaskCompletionSource();
        var script = new Script<int>
        {
            OnMessage = (context, message, _) =>
            {
                if (message == 1) context.Passivate();
                return default;
            },
            OnStop = async (_, _) => await stop.Task,
        };
        var actor = system.Spawn(script.Props with { MailboxCapacity = 1 }, "actor");

        actor.TryTell(1);
        system.Turns.RunAll();
        system.Actors.Hierarchy()[0].State.ShouldBe(ActorState.Passivating);
        actor.TryTell(2).ShouldBe(TellResult.Accepted);
        var waiting = actor.TellAsync(3, None).AsTask();
        system.Turns.RunAll();
        script.Journal.ShouldBe(["start", "1", "stop"]);

        stop.SetResult();
        system.Turns.RunAll();
        (await waiting.WaitAsync(Patience.Limit)).ShouldBe(TellResult.Accepted);
        script.Journal.ShouldBe(["start", "1", "stop", "start", "2", "3"]);
    }

    [Fact]
    public async Task A_message_that_comes_just_before_the_idle_step_keeps_the_actor_alive()
    {
        await using var system = new TestSystem();
        var script = new Script<int>();
        var actor = system.Spawn(script.Props with { IdleTimeout = Minute }, "actor");

        system.Clock.Advance(Minute * 2);
        actor.TryTell(1);
        system.Turns.RunAll();

        script.Journal.ShouldBe(["start", "1"]);
    }

    [Fact]
    public async Task An_explicit_stop_overrides_a_passivation()
    {
        await using var system = new TestSystem();
        var child = new Script<int>();
        var stopChild = new TaskCompletionSource();
        var slowChild = new Script<int> { OnStop = async (_, _) => await stopChild.Task };
        var script = new Script<int>
        {
            OnStart = (context, _) =>
            {
                context.Spawn(slowChild.Props, "slow");
                return default;
            },
            OnMessage = (context, _, _) =>
            {
                context.Passivate();
                return default;
            },
        };
        var actor = system.Spawn(script.Props, "actor");
        actor.TryTell(1);
        system.Turns.RunAll();
        actor.TryTell(2).ShouldBe(TellResult.Accepted);

        var stopped = system.Actors.StopAsync(actor, None);
        system.Turns.RunAll();
        actor.TryTell(3).ShouldBe(TellResult.Stopped);
        stopChild.SetResult();
        await system.Turns.RunUntilAsync(stopped);

        script.Journal.ShouldBe(["start", "1", "stop"]);
        system.TakeDeadLetters().ShouldBe(["/actor 2 Stopped"]);
    }

    [Fact]
    public async Task An_ask_of_an_on_demand_child_survives_its_passivation()
    {
        await using var system = new TestSystem();
        var script = new Script<IReply<string>>
        {
            OnMessage = (context, reply, _) =>
            {
                reply.TryAnswer("here");
                context.Passivate();
                return default;
            },
        };
        var address = Parent(system, script.Props).Named("child");

        for (var i = 0; i < 3; i++)
            (await system.Turns.RunUntilAsync(address.AskAsync<string>(reply => reply, Minute, None))).ShouldBe("here");
    }

    [Fact]
    public async Task Telling_an_on_demand_child_answers_stopped_once_its_parent_ends()
    {
        await using var system = new TestSystem();
        var address = Parent(system, new Script<IReply<string>>().Props).Named("child");
        await system.Turns.RunUntilAsync(system.Actors.ShutdownAsync(None));

        address.TryTell(null!).ShouldBe(TellResult.Stopped);
        (await address.TellAsync(null!, None)).ShouldBe(TellResult.Stopped);
        (await Should.ThrowAsync<AskTargetStoppedException>(() => address.AskAsync<string>(reply => reply, Minute, None))).Taken.ShouldBeFalse();
    }

    private static void Pass(TestSystem system, TimeSpan time)
    {
        system.Clock.Advance(time);
        system.Turns.RunAll();
    }
}
