using PasswordSync.Actors.Runtime;
using PasswordSync.Actors.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Actors.Tests.Runtime;

public sealed class SupervisionTests
{
    private static readonly Backoff AtOnce = new(TimeSpan.Zero, TimeSpan.Zero, 0, TimeSpan.FromMinutes(1), static () => 0);

    /// <summary>Fails on "bad" with an <see cref="InvalidOperationException"/>, on "worse" with an <see cref="IOException"/>.</summary>
    private static Script<string> Fragile() => new()
    {
        OnMessage = (_, message, _) => message switch
        {
            "bad" => throw new InvalidOperationException("canary"),
            "worse" => throw new IOException("canary"),
            _ => default,
        },
    };

    private static SupervisorStrategy Always(Directive directive) => new()
    {
        Decide = _ => directive,
        Backoff = AtOnce,
        PoisonThreshold = 1,
    };

    private static Func<ActorSystemOptions, ActorSystemOptions> AtTheTop(SupervisorStrategy strategy) => options => options with { Supervision = strategy };

    [Fact]
    public async Task Restart_makes_a_new_incarnation_and_keeps_the_mailbox()
    {
        await using var system = new TestSystem(configure: AtTheTop(Always(Directive.Restart)));
        var script = Fragile();
        var actor = system.Spawn(script.Props, "actor");

        actor.TryTell("bad");
        actor.TryTell("good");
        system.Turns.RunAll();

        script.Journal.ShouldBe(["start", "bad", "stop", "start", "good"]);
        system.TakeDeadLetters().ShouldBe(["/actor bad Poisoned"]);
        system.Actors.Hierarchy().ShouldHaveSingleItem().Restarts.ShouldBe(1);
    }

    [Fact]
    public async Task Restart_redelivers_the_failing_message_before_any_other()
    {
        await using var system = new TestSystem(configure: AtTheTop(new SupervisorStrategy { Backoff = AtOnce }));
        var failures = 0;
        var script = new Script<string> { OnMessage = (_, message, _) => message == "flaky" && failures++ < 2 ? throw new IOException() : default };
        var actor = system.Spawn(script.Props, "actor");

        actor.TryTell("flaky");
        actor.TryTell("good");
        system.Turns.RunAll();

        script.Journal.ShouldBe(["start", "flaky", "stop", "start", "flaky", "stop", "start", "flaky", "good"]);
        system.TakeDeadLetters().ShouldBeEmpty();
    }

    [Fact]
    public async Task Stop_ends_the_actor_and_tells_its_parent()
    {
        await using var system = new TestSystem();
        var child = Fragile();
        var parent = new Script<string> { OnStart = (context, _) => Spawned(context, child.Props) };
        system.Spawn(parent.Props with { Supervision = Always(Directive.Stop) }, "parent");

        child.Context.Self.TryTell("bad");
        child.Context.Self.TryTell("left");
        system.Turns.RunAll();

        child.Journal.ShouldBe(["start", "bad", "stop"]);
        parent.Journal.ShouldBe(["start", "/parent/child Failed"]);
        child.Context.Self.TryTell("late").ShouldBe(TellResult.Stopped);
        system.TakeDeadLetters().ShouldBe(["/parent/child bad Failed", "/parent/child left Stopped"]);
        system.Actors.Hierarchy().Select(line => line.Path).ShouldBe(["/parent"]);
    }

    [Fact]
    public async Task The_class_of_the_exception_chooses_the_directive()
    {
        await using var system = new TestSystem(configure: AtTheTop(Always(Directive.Restart) with
        {
            Decide = failure => failure is IOException ? Directive.Stop : Directive.Restart,
        }));
        var script = Fragile();
        var actor = system.Spawn(script.Props, "actor");

        actor.TryTell("bad");
        actor.TryTell("worse");
        system.Turns.RunAll();

        script.Journal.ShouldBe(["start", "bad", "stop", "start", "worse", "stop"]);
    }

    [Fact]
    public async Task Escalate_restarts_the_parent_and_stops_its_children_first()
    {
        await using var system = new TestSystem(configure: AtTheTop(Always(Directive.Restart)));
        var child = Fragile();
        var sibling = new Script<string>();
        var parent = new Script<string>
        {
            OnStart = (context, _) =>
            {
                context.Spawn(child.Props, "child");
                context.Spawn(sibling.Props, "sibling");
                return default;
            },
            OnStop = (_, _) =>
            {
                child.Journal[^1].ShouldBe("stop");
                sibling.Journal[^1].ShouldBe("stop");
                return default;
            },
        };
        var actor = system.Spawn(parent.Props with { Supervision = Always(Directive.Escalate) }, "parent");

        child.Context.Self.TryTell("bad");
        actor.TryTell("kept");
        system.Turns.RunAll();

        parent.Journal.ShouldBe(["start", "kept", "stop", "start"], ignoreOrder: true);
        child.Journal.ShouldBe(["start", "bad", "stop", "start"]);
        sibling.Journal.ShouldBe(["start", "stop", "start"]);
        system.Log.Lines.ShouldNotContain(line => line.Contains("while it stopped"));
    }

    [Fact]
    public async Task Escalate_past_the_root_shuts_the_system_down()
    {
        await using var system = new TestSystem(configure: AtTheTop(Always(Directive.Escalate)));
        var child = Fragile();
        var parent = new Script<string> { OnStart = (context, _) => Spawned(context, child.Props) };
        system.Spawn(parent.Props with { Supervision = Always(Directive.Escalate) }, "parent");
        var other = new Script<string>();
        system.Spawn(other.Props, "other");

        child.Context.Self.TryTell("worse");

        await Should.ThrowAsync<IOException>(() => system.Turns.RunUntilAsync(system.Actors.Completion));
        other.Journal.ShouldBe(["start", "stop"]);
        parent.Journal.ShouldBe(["start", "stop"]);
        system.Actors.Hierarchy().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_strategy_that_throws_escalates()
    {
        await using var system = new TestSystem(configure: AtTheTop(Always(Directive.Stop)));
        var child = Fragile();
        var parent = new Script<string> { OnStart = (context, _) => Spawned(context, child.Props) };
        system.Spawn(parent.Props with { Supervision = Always(Directive.Restart) with { Decide = _ => throw new NotSupportedException() } }, "parent");

        child.Context.Self.TryTell("bad");
        system.Turns.RunAll();

        parent.Journal.ShouldBe(["start", "stop"]);
    }

    [Fact]
    public async Task A_failed_actor_waits_out_its_backoff_which_doubles_and_starts_over_after_quiet()
    {
        var backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3), 0.5, TimeSpan.FromMinutes(5), static () => 0.5);
        await using var system = new TestSystem(configure: AtTheTop(Always(Directive.Restart) with { Backoff = backoff }));
        var script = Fragile();
        var actor = system.Spawn(script.Props, "actor");

        foreach (var wait in (double[])[0.75, 1.5, 2.25, 2.25])
        {
            actor.TryTell("bad");
            system.Turns.RunAll();
            await StaysDownFor(TimeSpan.FromSeconds(wait));
        }

        system.Clock.Advance(TimeSpan.FromMinutes(5));
        actor.TryTell("bad");
        system.Turns.RunAll();
        await StaysDownFor(TimeSpan.FromSeconds(0.75));

        async Task StaysDownFor(TimeSpan wait)
        {
            system.Clock.Advance(wait - TimeSpan.FromMilliseconds(1));
            system.Turns.RunAll();
            system.Actors.Hierarchy()[0].State.ShouldBe(ActorState.Restarting);
            (await actor.TellAsync("waits", CancellationToken.None)).ShouldBe(TellResult.Accepted);
            script.Journal[^1].ShouldBe("stop");

            system.Clock.Advance(TimeSpan.FromMilliseconds(1));
            system.Turns.RunAll();
            script.Journal[^1].ShouldBe("waits");
        }
    }

    [Fact]
    public async Task Restarts_beyond_the_limit_within_the_window_stop_the_actor()
    {
        await using var system = new TestSystem();
        var child = Fragile();
        var parent = new Script<string> { OnStart = (context, _) => Spawned(context, child.Props) };
        var strategy = Always(Directive.Restart) with { RestartLimit = 2, Window = TimeSpan.FromMinutes(1) };
        system.Spawn(parent.Props with { Supervision = strategy }, "parent");

        Fail();
        system.Clock.Advance(TimeSpan.FromSeconds(59));
        Fail();
        system.Clock.Advance(TimeSpan.FromSeconds(1));
        Fail();
        parent.Journal.ShouldBe(["start"], "the first restart has left the window");

        Fail();
        parent.Journal.ShouldBe(["start", "/parent/child Failed"]);
        child.Journal.Count(line => line == "start").ShouldBe(4);
        system.Log.Lines.ShouldContain(line => line.Contains("more than 2 restarts within 00:01:00"));

        void Fail()
        {
            child.Context.Self.TryTell("bad");
            system.Turns.RunAll();
        }
    }

    [Fact]
    public async Task A_failed_start_is_a_failure_like_any_other()
    {
        await using var system = new TestSystem(configure: AtTheTop(Always(Directive.Restart)));
        var starts = 0;
        var script = new Script<string> { OnStart = (_, _) => starts++ < 2 ? throw new IOException() : default };

        system.Spawn(script.Props, "actor").TryTell("good");
        system.Turns.RunAll();

        script.Journal.ShouldBe(["start", "stop", "start", "stop", "start", "good"]);
    }

    [Fact]
    public async Task An_actor_that_is_stopped_during_its_backoff_stops_at_once()
    {
        var backoff = AtOnce with { Minimum = TimeSpan.FromHours(1), Maximum = TimeSpan.FromHours(1) };
        await using var system = new TestSystem(configure: AtTheTop(Always(Directive.Restart) with { Backoff = backoff }));
        var script = Fragile();
        var actor = system.Spawn(script.Props, "actor");
        actor.TryTell("bad");
        system.Turns.RunAll();

        await system.Turns.RunUntilAsync(system.Actors.StopAsync(actor, CancellationToken.None));

        script.Journal.ShouldBe(["start", "bad", "stop"]);
        system.Actors.Hierarchy().ShouldBeEmpty();
        system.Clock.ArmedTimers.ShouldBe(1, "only the idle sweep's timer is left");
    }

    [Fact]
    public async Task A_failure_is_logged_by_path_and_type_without_any_text_of_the_message_or_the_exception()
    {
        await using var system = new TestSystem(configure: AtTheTop(Always(Directive.Restart)));
        var actor = system.Spawn(new Script<string> { OnMessage = (_, message, _) => throw new InvalidOperationException(message) }.Props, "actor");

        actor.TryTell("canary");
        system.Turns.RunAll();

        system.Log.Lines.ShouldContain(line => line.Contains("/actor failed with System.InvalidOperationException: Restart"));
        system.Log.Lines.ShouldNotContain(line => line.Contains("canary"));
    }

    private static ValueTask Spawned(IActorContext<string> context, Props<string> props)
    {
        context.Spawn(props, "child");
        return default;
    }
}
