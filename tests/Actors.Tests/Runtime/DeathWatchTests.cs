using PasswordSync.Actors.Runtime;
using PasswordSync.Actors.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Actors.Tests.Runtime;

public sealed class DeathWatchTests
{
    /// <summary>Does with its context what it is told.</summary>
    private static Script<object> Obedient() => new()
    {
        OnMessage = (context, message, _) =>
        {
            if (message is Action<IActorContext<object>> act) act(context);
            return default;
        },
    };

    [Fact]
    public async Task A_watcher_is_told_once_when_the_watched_actor_stops()
    {
        await using var system = new TestSystem();
        var (watcher, script) = SpawnWatcher(system);
        var target = system.Spawn(Obedient().Props, "target");

        Do(system, watcher, context => context.Watch(target));
        Do(system, watcher, context => context.Watch(target));
        await system.Turns.RunUntilAsync(system.Actors.StopAsync(target, CancellationToken.None));

        Notices(script).ShouldBe(["/target Stopped"]);
    }

    [Fact]
    public async Task Watching_an_actor_that_has_stopped_already_tells_at_once()
    {
        await using var system = new TestSystem();
        var (watcher, script) = SpawnWatcher(system);
        var target = system.Spawn(Obedient().Props, "target");
        await system.Turns.RunUntilAsync(system.Actors.StopAsync(target, CancellationToken.None));

        Do(system, watcher, context => context.Watch(target));

        Notices(script).ShouldBe(["/target Stopped"]);
    }

    [Fact]
    public async Task A_parent_that_watches_its_child_is_told_once_however_it_ends()
    {
        await using var system = new TestSystem();
        var (parent, script) = SpawnWatcher(system);
        var child = Obedient();
        foreach (var (name, end) in new (string, Action<IActorContext<object>>)[]
        {
            ("stopped", context => context.Stop(context.Self)),
            ("passivated", context => context.Passivate()),
            ("failed", _ => throw new InvalidOperationException()),
        })
        {
            Do(system, parent, context => context.Watch(context.Spawn(child.Props, name)));
            child.Context.Self.TryTell(end);
            system.Turns.RunAll();
        }

        Notices(script).ShouldBe(["/watcher/stopped Stopped", "/watcher/passivated Passivated", "/watcher/failed Failed"]);
    }

    [Fact]
    public async Task A_parent_that_watches_a_dead_child_is_told_once()
    {
        await using var system = new TestSystem();
        var (parent, script) = SpawnWatcher(system);
        var child = Obedient();
        Do(system, parent, context => context.Spawn(child.Props, "child"));
        var dead = child.Context.Self;
        dead.TryTell(new Action<IActorContext<object>>(context => context.Stop(context.Self)));
        system.Turns.RunAll();

        Do(system, parent, context => context.Watch(dead));

        Notices(script).ShouldBe(["/watcher/child Stopped"]);
    }

    [Fact]
    public async Task Unwatch_takes_back_even_a_notice_that_is_on_its_way()
    {
        await using var system = new TestSystem();
        var release = new TaskCompletionSource();
        var target = system.Spawn(Obedient().Props, "target");
        var script = new Script<object>
        {
            OnStart = (context, _) =>
            {
                context.Watch(target);
                return default;
            },
            OnMessage = async (context, _, _) =>
            {
                await release.Task;
                context.Unwatch(target);
            },
        };
        system.Spawn(script.Props, "watcher").TryTell("unwatch");
        system.Turns.RunAll();

        await system.Turns.RunUntilAsync(system.Actors.StopAsync(target, CancellationToken.None));
        release.SetResult();
        system.Turns.RunAll();

        script.Journal.ShouldBe(["start", "unwatch"]);
    }

    [Fact]
    public async Task A_restart_ends_the_watches_of_the_incarnation_that_failed()
    {
        await using var system = new TestSystem(configure: options => options with
        {
            Supervision = new SupervisorStrategy { PoisonThreshold = 1, Backoff = Backoff.Default with { Minimum = TimeSpan.Zero } },
        });
        var (watcher, script) = SpawnWatcher(system);
        var target = system.Spawn(Obedient().Props, "target");
        Do(system, watcher, context => context.Watch(target));
        Do(system, watcher, _ => throw new InvalidOperationException());

        await system.Turns.RunUntilAsync(system.Actors.StopAsync(target, CancellationToken.None));

        Notices(script).ShouldBeEmpty();
    }

    private static (IActorRef<object> Actor, Script<object> Script) SpawnWatcher(TestSystem system)
    {
        var script = Obedient();
        var stopOnFailure = new SupervisorStrategy { Decide = _ => Directive.Stop };
        return (system.Spawn(script.Props with { Supervision = stopOnFailure }, "watcher"), script);
    }

    private static void Do(TestSystem system, IActorRef<object> actor, Action<IActorContext<object>> act)
    {
        actor.TryTell(act).ShouldBe(TellResult.Accepted);
        system.Turns.RunAll();
    }

    private static IEnumerable<string> Notices(Script<object> script) => script.Journal.Where(line => line.StartsWith('/'));
}
