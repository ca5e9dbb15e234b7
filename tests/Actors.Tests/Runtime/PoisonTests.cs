using PasswordSync.Actors.Runtime;
using PasswordSync.Actors.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Actors.Tests.Runtime;

public sealed class PoisonTests
{
    private static readonly SupervisorStrategy RedeliverAtOnce =
        new() { Backoff = new Backoff(TimeSpan.Zero, TimeSpan.Zero, 0, TimeSpan.FromMinutes(1), static () => 0) };

    private static Script<string> AllergicToPoison() => new()
    {
        OnMessage = (_, message, _) => message.StartsWith("poison", StringComparison.Ordinal) ? throw new InvalidOperationException() : default,
    };

    [Fact]
    public async Task A_message_that_fails_its_actor_three_times_is_parked_and_the_actor_goes_on()
    {
        var sink = new Sink();
        await using var system = new TestSystem(configure: options => options with { Supervision = RedeliverAtOnce, PoisonedMessages = sink });
        var script = AllergicToPoison();
        var actor = system.Spawn(script.Props, "actor");

        actor.TryTell("poison");
        actor.TryTell("good");
        system.Turns.RunAll();

        script.Journal.Where(line => line is not ("start" or "stop")).ShouldBe(["poison", "poison", "poison", "good"]);
        var parked = sink.Parked.ShouldHaveSingleItem();
        (parked.Path, parked.Kind, parked.Message, parked.Failures).ShouldBe(("/actor", "script", "poison", 3));
        parked.LastFailure.ShouldBeOfType<InvalidOperationException>();
        parked.ToString().ShouldBe("String poisoned /actor, 3 times: InvalidOperationException");
        system.TakeDeadLetters().ShouldBe(["/actor poison Poisoned"]);
    }

    [Fact]
    public async Task Failures_are_counted_for_each_message_alone()
    {
        await using var system = new TestSystem(configure: options => options with { Supervision = RedeliverAtOnce with { PoisonThreshold = 2 } });
        var script = AllergicToPoison();
        var actor = system.Spawn(script.Props, "actor");

        actor.TryTell("poison 1");
        actor.TryTell("poison 2");
        system.Turns.RunAll();

        script.Journal.Where(line => line is not ("start" or "stop")).ShouldBe(["poison 1", "poison 1", "poison 2", "poison 2"]);
        system.TakeDeadLetters().ShouldBe(["/actor poison 1 Poisoned", "/actor poison 2 Poisoned"]);
    }

    [Fact]
    public async Task A_sink_that_fails_is_logged_and_holds_nobody_up()
    {
        var sink = new Sink { Failure = new IOException() };
        await using var system = new TestSystem(configure: options => options with { Supervision = RedeliverAtOnce, PoisonedMessages = sink });
        var script = AllergicToPoison();
        var actor = system.Spawn(script.Props, "actor");

        actor.TryTell("poison");
        actor.TryTell("good");
        system.Turns.RunAll();

        script.Journal[^1].ShouldBe("good");
        system.Log.Lines.ShouldContain(line => line.Contains("sink for poisoned messages failed with System.IO.IOException"));
    }

    [Fact]
    public async Task A_message_that_waits_for_its_redelivery_becomes_a_dead_letter_when_the_actor_stops()
    {
        var backoff = RedeliverAtOnce.Backoff with { Minimum = TimeSpan.FromSeconds(1), Maximum = TimeSpan.FromSeconds(1) };
        await using var system = new TestSystem(configure: options => options with { Supervision = RedeliverAtOnce with { Backoff = backoff } });
        var actor = system.Spawn(AllergicToPoison().Props, "actor");
        actor.TryTell("poison");
        actor.TryTell("next");
        system.Turns.RunAll();

        await system.Turns.RunUntilAsync(system.Actors.StopAsync(actor, CancellationToken.None));

        system.TakeDeadLetters().ShouldBe(["/actor poison Stopped", "/actor next Stopped"]);
    }

    [Fact]
    public async Task Dead_letters_are_kept_up_to_a_bound_the_newest_last()
    {
        await using var system = new TestSystem(configure: options => options with { DeadLetterCapacity = 2 });
        var actor = system.Spawn(new Script<int>().Props, "actor");
        for (var i = 1; i <= 5; i++) actor.TryTell(i);

        // The stop signal passes the messages.
        var stopped = system.Actors.StopAsync(actor, CancellationToken.None);
        await system.Turns.RunUntilAsync(stopped);

        system.TakeDeadLetters().ShouldBe(["/actor 4 Stopped", "/actor 5 Stopped"]);
    }

    private sealed class Sink : IPoisonedMessageSink
    {
        public List<PoisonedMessage> Parked { get; } = [];

        public Exception? Failure { get; init; }

        public ValueTask ParkAsync(PoisonedMessage message, CancellationToken cancellationToken)
        {
            if (Failure is not null) throw Failure;
            Parked.Add(message);
            return default;
        }
    }
}
