using PasswordSync.Actors.Runtime;
using PasswordSync.Actors.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Actors.Tests.Runtime;

public sealed class TimerTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private const int TimersOfTheSystem = 1;

    /// <summary>Schedules "tick" when it starts; fails on "bad".</summary>
    private static Script<string> Scheduling(List<IDisposable>? timers = null) => new()
    {
        OnStart = (context, _) =>
        {
            var timer = context.Schedule(Second, "tick");
            timers?.Add(timer);
            return default;
        },
        OnMessage = (_, message, _) => message == "bad" ? throw new InvalidOperationException() : default,
    };

    [Fact]
    public async Task A_scheduled_message_comes_when_it_is_due_once()
    {
        await using var system = new TestSystem();
        var script = Scheduling();
        system.Spawn(script.Props, "actor");

        Pass(system, Second - TimeSpan.FromTicks(1));
        script.Journal.ShouldBe(["start"]);
        Pass(system, Second);
        Pass(system, Second);

        script.Journal.ShouldBe(["start", "tick"]);
        system.Clock.ArmedTimers.ShouldBe(TimersOfTheSystem);
    }

    [Fact]
    public async Task A_scheduled_message_passes_the_bound_of_the_mailbox()
    {
        await using var system = new TestSystem();
        var script = Scheduling();
        var actor = system.Spawn(script.Props with { MailboxCapacity = 1 }, "actor");

        actor.TryTell("fills the mailbox");
        Pass(system, Second);

        script.Journal.ShouldBe(["start", "fills the mailbox", "tick"]);
    }

    [Fact]
    public async Task A_disposed_timer_does_not_fire()
    {
        await using var system = new TestSystem();
        var timers = new List<IDisposable>();
        var script = Scheduling(timers);
        system.Spawn(script.Props, "actor");

        timers.ShouldHaveSingleItem().Dispose();
        Pass(system, Second * 2);

        script.Journal.ShouldBe(["start"]);
        system.Clock.ArmedTimers.ShouldBe(TimersOfTheSystem);
    }

    [Fact]
    public async Task Timers_end_with_the_actor()
    {
        await using var system = new TestSystem();
        var script = Scheduling();
        var actor = system.Spawn(script.Props, "actor");

        await system.Turns.RunUntilAsync(system.Actors.StopAsync(actor, CancellationToken.None));

        system.Clock.ArmedTimers.ShouldBe(TimersOfTheSystem);
    }

    [Fact]
    public async Task Timers_end_with_the_incarnation_that_failed()
    {
        var backoff = new Backoff(Second / 2, Second / 2, 0, Second, static () => 0);
        var strategy = new SupervisorStrategy { Backoff = backoff, PoisonThreshold = 1 };
        await using var system = new TestSystem(configure: options => options with { Supervision = strategy });
        var script = Scheduling();
        var actor = system.Spawn(script.Props, "actor");

        actor.TryTell("bad");
        system.Turns.RunAll();
        Pass(system, Second / 2);
        Pass(system, Second / 2);
        script.Journal.ShouldBe(["start", "bad", "stop", "start"], "the first incarnation's timer was due just now");

        Pass(system, Second / 2);
        script.Journal.ShouldBe(["start", "bad", "stop", "start", "tick"]);
    }

    [Fact]
    public async Task A_timer_that_fires_while_it_is_cancelled_tells_nothing()
    {
        var late = new LateClock();
        await using var system = new TestSystem(configure: options => options with { Clock = late });
        var timers = new List<IDisposable>();
        var script = Scheduling(timers);
        system.Spawn(script.Props, "actor");

        timers.ShouldHaveSingleItem().Dispose();
        late.FireAll();
        system.Turns.RunAll();

        script.Journal.ShouldBe(["start"]);
    }

    [Fact]
    public async Task An_actor_that_is_ending_schedules_nothing()
    {
        await using var system = new TestSystem();
        Exception? refusal = null;
        var script = new Script<string>
        {
            OnStop = (context, _) =>
            {
                refusal = Record.Exception(() => context.Schedule(Second, "tick"));
                return default;
            },
        };
        var actor = system.Spawn(script.Props, "actor");

        await system.Turns.RunUntilAsync(system.Actors.StopAsync(actor, CancellationToken.None));

        refusal.ShouldBeOfType<InvalidOperationException>().Message.ShouldBe("The actor /actor is ending.");
    }

    private static void Pass(TestSystem system, TimeSpan time)
    {
        system.Clock.Advance(time);
        system.Turns.RunAll();
    }

    /// <summary>Timers that fire when told to, disposed or not: a callback may be on its way on another thread already.</summary>
    private sealed class LateClock : TimeProvider
    {
        private readonly List<Action> callbacks = [];

        public void FireAll() => callbacks.ForEach(static fire => fire());

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            callbacks.Add(() => callback(state));
            return new LateTimer();
        }

        private sealed class LateTimer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
