using PasswordSync.Actors.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Actors.Tests.Runtime;

public sealed class ShutdownTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Shutdown_stops_children_before_their_parents_and_then_completes()
    {
        await using var system = new TestSystem();
        var order = new List<string>();
        var grandchild = Ordered(order, child: null);
        var child = Ordered(order, grandchild);
        var parent = Ordered(order, child);
        system.Spawn(parent.Props, "parent");

        (await system.Turns.RunUntilAsync(system.Actors.ShutdownAsync(None))).ShouldBeEmpty();

        order.ShouldBe(["/parent/child/child", "/parent/child", "/parent"]);
        system.Actors.Completion.IsCompletedSuccessfully.ShouldBeTrue();
        Should.Throw<InvalidOperationException>(() => system.Actors.Spawn(parent.Props, "late"));
    }

    [Fact]
    public async Task Shutdown_waits_for_the_handler_in_hand()
    {
        await using var system = new TestSystem();
        var append = new TaskCompletionSource();
        var script = new Script<string> { OnMessage = async (_, _, _) => await append.Task };
        system.Spawn(script.Props, "actor").TryTell("append");
        system.Turns.RunAll();

        var shutdown = system.Actors.ShutdownAsync(None);
        system.Turns.RunAll();
        script.Journal.ShouldBe(["start", "append"]);
        append.SetResult();

        (await system.Turns.RunUntilAsync(shutdown)).ShouldBeEmpty();
        script.Journal.ShouldBe(["start", "append", "stop"]);
    }

    [Fact]
    public async Task Shutdown_cancels_handlers_that_take_too_long()
    {
        await using var system = new TestSystem();
        var script = new Script<string> { OnMessage = async (_, _, cancellationToken) => await Task.Delay(Timeout.Infinite, cancellationToken) };
        system.Spawn(script.Props, "slow").TryTell("for ever");
        system.Turns.RunAll();

        var shutdown = system.Actors.ShutdownAsync(None);
        await AdvanceOnceArmed(system, TimeSpan.FromSeconds(15));

        (await system.Turns.RunUntilAsync(shutdown)).ShouldBeEmpty();
        script.Journal.ShouldBe(["start", "for ever", "stop"]);
        system.TakeDeadLetters().ShouldBe(["/slow for ever Stopped"]);
        system.Log.Lines.ShouldContain(line => line.Contains("1 actors have not stopped within 00:00:15"));
        system.Log.Lines.ShouldNotContain(line => line.Contains("failed with"));
    }

    [Fact]
    public async Task Shutdown_gives_up_on_an_actor_that_ignores_its_cancellation_and_names_it()
    {
        var system = new TestSystem();
        var never = new TaskCompletionSource();
        var script = new Script<string> { OnMessage = async (_, _, _) => await never.Task };
        system.Spawn(script.Props, "deaf").TryTell("for ever");
        system.Turns.RunAll();

        var shutdown = system.Actors.ShutdownAsync(None);
        await AdvanceOnceArmed(system, TimeSpan.FromSeconds(15));
        await AdvanceOnceArmed(system, TimeSpan.FromSeconds(5));

        (await system.Turns.RunUntilAsync(shutdown)).ShouldHaveSingleItem().Path.ShouldBe("/deaf");
        await system.Actors.Completion;
        system.Log.Lines.ShouldContain(line => line.Contains("/deaf did not stop"));
    }

    [Fact]
    public async Task An_exception_while_stopping_is_logged_and_stops_nothing_from_stopping()
    {
        await using var system = new TestSystem();
        system.Spawn(new Script<string> { OnStop = (_, _) => throw new IOException("canary") }.Props, "actor");

        (await system.Turns.RunUntilAsync(system.Actors.ShutdownAsync(None))).ShouldBeEmpty();

        system.Log.Lines.ShouldContain(line => line.Contains("/actor failed with System.IO.IOException while it stopped"));
        system.Log.Lines.ShouldNotContain(line => line.Contains("canary"));
    }

    [Fact]
    public async Task Who_gives_up_waiting_for_the_shutdown_does_not_end_it()
    {
        await using var system = new TestSystem();
        system.Spawn(new Script<string>().Props, "actor");
        using var impatient = new CancellationTokenSource();
        await impatient.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => system.Actors.ShutdownAsync(impatient.Token));

        (await system.Turns.RunUntilAsync(system.Actors.ShutdownAsync(None))).ShouldBeEmpty();
    }

    private static Script<string> Ordered(List<string> order, Script<string>? child) => new()
    {
        OnStart = (context, _) =>
        {
            if (child is not null) context.Spawn(child.Props, "child");
            return default;
        },
        OnStop = (context, _) =>
        {
            order.Add(context.Self.Path);
            return default;
        },
    };

    /// <summary>Waits for the shutdown, which runs on its own thread, to arm its timer beside the idle sweep's; then lets it fire.</summary>
    private static async Task AdvanceOnceArmed(TestSystem system, TimeSpan time)
    {
        await system.Clock.WhenArmedAsync(timers: 2).WaitAsync(Patience.Limit);
        system.Turns.RunAll();
        system.Clock.Advance(time);
    }
}
