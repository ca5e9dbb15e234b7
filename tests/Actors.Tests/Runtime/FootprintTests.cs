using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Actors.Runtime;
using PasswordSync.Actors.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Actors.Tests.Runtime;

/// <summary>Alone, since it reads what the whole process has allocated.</summary>
[CollectionDefinition(nameof(FootprintTests), DisableParallelization = true)]
[Collection(nameof(FootprintTests))]
public sealed class FootprintTests(ITestOutputHelper output)
{
    private const int Actors = 100_000;
    private const int BytesPerActorMax = 1_024;
    private const int BytesPerPassivatedActorMax = 32;

    [Fact]
    public async Task A_hundred_thousand_idle_actors_cost_well_below_two_kilobytes_each_and_nothing_once_passivated()
    {
        var clock = new ManualClock();
        await using var system = new ActorSystem(new ActorSystemOptions { Clock = clock }, NullLogger<ActorSystem>.Instance);
        using var handled = new CountdownEvent(Actors);
        var identity = new Props<string>("identity", context => new Identity(context, handled)) { MailboxCapacity = 64, IdleTimeout = TimeSpan.FromMinutes(1) };
        var children = system.OnDemand(system.Spawn(new Script<string>().Props, "region"), identity);

        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < Actors; i++) children.Named($"{Guid.NewGuid()}").TryTell("wake up").ShouldBe(TellResult.Accepted);
        handled.Wait(Patience.Limit).ShouldBeTrue();
        var perActor = (GC.GetTotalMemory(forceFullCollection: true) - before) / Actors;

        await OnlyTheRegionLivesAsync(system, clock).WaitAsync(Patience.Limit);
        clock.Advance(TimeSpan.FromMinutes(3));
        var perActorAfterwards = (double)(GC.GetTotalMemory(forceFullCollection: true) - before) / Actors;

        output.WriteLine($"{perActor} bytes for an idle actor that has handled one message, {perActorAfterwards:0.0} once passivated");
        perActor.ShouldBeInRange(1, BytesPerActorMax);
        perActorAfterwards.ShouldBeLessThan(BytesPerPassivatedActorMax);
    }

    // More than once, for an actor whose turn has not ended yet is not idle.
    private static async Task OnlyTheRegionLivesAsync(ActorSystem system, ManualClock clock)
    {
        do
        {
            clock.Advance(TimeSpan.FromMinutes(3));
            await Task.Yield();
        }
        while (system.Hierarchy().Count > 1);
    }

    private sealed class Identity(IActorContext<string> context, CountdownEvent handled) : Actor<string>(context)
    {
        protected internal override ValueTask ReceiveAsync(string message, CancellationToken cancellationToken)
        {
            handled.Signal();
            return ValueTask.CompletedTask;
        }
    }
}
