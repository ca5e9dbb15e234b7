using PasswordSync.Actors.Runtime;
using PasswordSync.Actors.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Actors.Tests.Runtime;

public sealed class PipeToSelfTests
{
    [Fact]
    public async Task Piped_work_runs_beside_the_actor_and_its_result_comes_as_a_message()
    {
        await using var system = new TestSystem();
        var result = new TaskCompletionSource<string>();
        var script = Piping(_ => result.Task);
        var actor = system.Spawn(script.Props with { MailboxCapacity = 1 }, "actor");

        actor.TryTell("pipe");
        system.Turns.RunAll();
        actor.TryTell("meanwhile");
        result.SetResult("result");
        system.Turns.RunAll();

        script.Journal.ShouldBe(["start", "pipe", "meanwhile", "result"]);
    }

    [Fact]
    public async Task Piped_work_that_throws_is_a_failure_of_the_actor()
    {
        await using var system = new TestSystem(configure: options => options with
        {
            Supervision = new SupervisorStrategy { Decide = failure => failure is IOException ? Directive.Stop : Directive.Escalate },
        });
        var script = Piping(_ => Task.FromException<string>(new IOException()));
        var actor = system.Spawn(script.Props, "actor");

        actor.TryTell("pipe");
        system.Turns.RunAll();

        script.Journal.ShouldBe(["start", "pipe", "stop"]);
        system.TakeDeadLetters().ShouldBeEmpty();
    }

    [Fact]
    public async Task Piped_work_is_cancelled_when_its_incarnation_ends()
    {
        await using var system = new TestSystem();
        var work = new TaskCompletionSource<string>();
        var script = Piping(cancelled => work.Task.WaitAsync(cancelled));
        var actor = system.Spawn(script.Props, "actor");
        actor.TryTell("pipe");
        system.Turns.RunAll();
        var token = script.Context.Ending;

        await system.Turns.RunUntilAsync(system.Actors.StopAsync(actor, CancellationToken.None));

        token.IsCancellationRequested.ShouldBeTrue();
        script.Context.Ending.IsCancellationRequested.ShouldBeTrue("after the end too");
        system.TakeDeadLetters().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_result_that_comes_after_its_incarnation_is_a_dead_letter()
    {
        await using var system = new TestSystem();
        var result = new TaskCompletionSource<string>();
        var script = Piping(_ => result.Task);
        var actor = system.Spawn(script.Props, "actor");
        actor.TryTell("pipe");
        system.Turns.RunAll();

        await system.Turns.RunUntilAsync(system.Actors.StopAsync(actor, CancellationToken.None));
        result.SetResult("late");

        system.TakeDeadLetters().ShouldBe(["/actor late Stopped"]);
    }

    private static Script<string> Piping(Func<CancellationToken, Task<string>> work) => new()
    {
        OnMessage = (context, message, _) =>
        {
            if (message == "pipe") context.PipeToSelf(work);
            return default;
        },
    };
}
