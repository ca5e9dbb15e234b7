using PasswordSync.Actors.Runtime;
using PasswordSync.Actors.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Actors.Tests.Runtime;

public sealed class HierarchyTests
{
    [Fact]
    public async Task The_hierarchy_lists_each_live_actor_before_its_children_with_its_state()
    {
        await using var system = new TestSystem();
        var wait = new TaskCompletionSource();
        var shard = new Script<string>
        {
            OnStart = (context, _) =>
            {
                context.Spawn(new Script<string>().Props with { Kind = "identity" }, "identity-a");
                context.Spawn(new Script<string>().Props with { Kind = "identity" }, "identity-b");
                return default;
            },
            OnMessage = async (_, _, _) => await wait.Task,
        };
        var first = system.Spawn(shard.Props with { Kind = "shard", MailboxCapacity = 2 }, "shard-1");
        system.Spawn(new Script<string>().Props with { Kind = "provider" }, "provider");

        first.TryTell("in hand");
        system.Turns.RunAll();
        first.TryTell("waits");
        first.TryTell("waits");
        var sender = first.TellAsync("waits for room", CancellationToken.None);

        system.Actors.Hierarchy().ShouldBe(
        [
            new ActorStatus("/shard-1", "shard", ActorState.Running, MailboxLength: 2, WaitingSenders: 1, Restarts: 0),
            new ActorStatus("/shard-1/identity-a", "identity", ActorState.Running, 0, 0, 0),
            new ActorStatus("/shard-1/identity-b", "identity", ActorState.Running, 0, 0, 0),
            new ActorStatus("/provider", "provider", ActorState.Running, 0, 0, 0),
        ]);
        wait.SetResult();
        system.Turns.RunAll();
        (await sender).ShouldBe(TellResult.Accepted);
    }

    [Fact]
    public async Task A_name_is_free_again_when_its_actor_has_stopped_and_not_before()
    {
        await using var system = new TestSystem();
        var script = new Script<string>();
        var actor = system.Spawn(script.Props, "actor");

        Should.Throw<InvalidOperationException>(() => system.Actors.Spawn(script.Props, "actor")).Message
            .ShouldBe("The actor / has a live child named 'actor' already.");
        await system.Turns.RunUntilAsync(system.Actors.StopAsync(actor, CancellationToken.None));
        system.Spawn(script.Props, "actor");

        script.Journal.ShouldBe(["start", "stop", "start"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("a\nb")]
    public async Task A_name_that_would_spoil_a_path_is_refused(string name)
    {
        await using var system = new TestSystem();

        Should.Throw<ArgumentException>(() => system.Actors.Spawn(new Script<string>().Props, name));
    }

    [Fact]
    public async Task An_actor_stops_itself_and_its_children_but_no_other()
    {
        await using var system = new TestSystem();
        var stranger = system.Spawn(new Script<string>().Props, "stranger");
        Exception? refusal = null;
        IActorRef? child = null;
        var script = new Script<string>
        {
            OnStart = (context, _) =>
            {
                child = context.Spawn(new Script<string>().Props, "child");
                return default;
            },
            OnMessage = (context, message, _) =>
            {
                if (message == "stranger") refusal = Record.Exception(() => context.Stop(stranger));
                else context.Stop(message == "self" ? context.Self : child!);
                return default;
            },
        };
        var actor = system.Spawn(script.Props, "actor");

        actor.TryTell("stranger");
        actor.TryTell("child");
        system.Turns.RunAll();
        refusal.ShouldBeOfType<ArgumentException>().Message.ShouldStartWith("/stranger is no child of /actor.");
        system.Actors.Hierarchy().Select(line => line.Path).ShouldBe(["/stranger", "/actor"]);

        actor.TryTell("self");
        system.Turns.RunAll();
        system.Actors.Hierarchy().Select(line => line.Path).ShouldBe(["/stranger"]);
    }
}
