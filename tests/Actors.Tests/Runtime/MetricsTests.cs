using System.Diagnostics.Metrics;
using PasswordSync.Actors.Runtime;
using PasswordSync.Actors.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Actors.Tests.Runtime;

public sealed class MetricsTests
{
    [Fact]
    public async Task Live_actors_restarts_and_dead_letters_are_counted_by_kind()
    {
        // Other tests run beside this one; the kind tells the measurements apart.
        const string Kind = "measured";
        var sums = new Dictionary<string, long>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == "PasswordSync.Actors") self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Note(instrument, value, tags));
        listener.Start();

        var atOnce = Backoff.Default with { Minimum = TimeSpan.Zero };
        await using var system = new TestSystem(configure: options => options with { Supervision = new SupervisorStrategy { Backoff = atOnce, PoisonThreshold = 2 } });
        var script = new Script<string> { OnMessage = (_, message, _) => message == "bad" ? throw new IOException() : default };
        var actor = system.Spawn(script.Props with { Kind = Kind }, "actor");
        actor.TryTell("bad");
        system.Turns.RunAll();
        var sumsWhileAlive = new Dictionary<string, long>(sums);
        actor.TryTell("left");
        await system.Turns.RunUntilAsync(system.Actors.StopAsync(actor, CancellationToken.None));

        sumsWhileAlive.ShouldBe(new Dictionary<string, long>
        {
            ["passwordsync.actors.live"] = 1,
            ["passwordsync.actors.dead_letters Poisoned"] = 1,
            ["passwordsync.actors.restarts"] = 2,
        }, ignoreOrder: true);
        sums["passwordsync.actors.live"].ShouldBe(0);
        sums["passwordsync.actors.dead_letters Stopped"].ShouldBe(1);

        void Note(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (tags[0].Value as string != Kind) return;
            var name = $"{instrument.Name} {(tags.Length > 1 ? tags[1].Value : null)}".TrimEnd();
            sums[name] = sums.GetValueOrDefault(name) + value;
        }
    }
}
