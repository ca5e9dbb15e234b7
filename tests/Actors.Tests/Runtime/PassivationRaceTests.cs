using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Actors.Runtime;
using PasswordSync.Actors.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Actors.Tests.Runtime;

/// <summary>
/// Whatever the moment at which a message comes while its actor passivates: it is handled once, in its sender's order, by an incarnation that
/// does not overlap with another.
/// </summary>
public sealed class PassivationRaceTests
{
    [Fact]
    public async Task No_message_is_lost_or_reordered_in_seeded_interleavings_of_telling_passivating_and_time()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            await using var system = new TestSystem(random);
            var pauses = new Pauses();
            var record = new Record { Pauses = pauses };
            var names = Enumerable.Range(0, 3).Select(i => $"child-{i}").ToArray();
            var children = SpawnParent(system.Actors, record, capacity: 1 + random.Next(4));
            system.Turns.RunAll();
            var told = names.ToDictionary(name => name, _ => 0);

            for (var step = 0; step < 300; step++)
            {
                var name = names[random.Next(names.Length)];
                switch (random.Next(8))
                {
                    case < 3:
                        if (children.Named(name).TryTell(new Numbered(told[name], random.Next(4) == 0)) == TellResult.Accepted) told[name]++;
                        break;
                    case < 6:
                        system.Turns.RunOne();
                        break;
                    case 6:
                        pauses.ReleaseOne(random);
                        break;
                    default:
                        system.Clock.Advance(TimeSpan.FromSeconds(random.Next(90)));
                        break;
                }
            }

            pauses.End();
            system.Turns.RunAll();

            foreach (var name in names) record.HandledBy(name).ShouldBe(Enumerable.Range(0, told[name]), $"seed {seed}, {name}");
            record.Overlaps.ShouldBe(0, $"seed {seed}");
            system.TakeDeadLetters().ShouldBeEmpty($"seed {seed}");
            record.Passivations.ShouldBeGreaterThan(0, $"seed {seed}");
        }
    }

    [Fact]
    public async Task No_message_is_lost_or_reordered_by_senders_on_many_threads()
    {
        const int Names = 4;
        const int MessagesEach = 5_000;
        await using var actors = new ActorSystem(new ActorSystemOptions(), NullLogger<ActorSystem>.Instance);
        var record = new Record();
        var children = SpawnParent(actors, record, capacity: 8);

        await Task.WhenAll(Enumerable.Range(0, Names).Select(sender => Task.Run(async () =>
        {
            var random = new Random(sender);
            for (var number = 0; number < MessagesEach; number++)
            {
                var message = new Numbered(number, PassivateAfter: random.Next(3) == 0);
                (await children.Named($"child-{sender}").TellAsync(message, CancellationToken.None)).ShouldBe(TellResult.Accepted);
            }
        }))).WaitAsync(Patience.Limit);
        await record.WhenHandled(Names * MessagesEach).WaitAsync(Patience.Limit);

        for (var sender = 0; sender < Names; sender++) record.HandledBy($"child-{sender}").ShouldBe(Enumerable.Range(0, MessagesEach));
        record.Overlaps.ShouldBe(0);
        record.Passivations.ShouldBeGreaterThan(100);
        actors.DeadLetters.TryRead(out _).ShouldBeFalse();
    }

    private static OnDemandChildren<Numbered> SpawnParent(ActorSystem actors, Record record, int capacity)
    {
        var child = new Props<Numbered>("child", context => new Passivating(record, context)) { MailboxCapacity = capacity, IdleTimeout = TimeSpan.FromMinutes(1) };
        return actors.OnDemand(actors.Spawn(new Script<string>().Props, "parent"), child);
    }

    private sealed record Numbered(int Number, bool PassivateAfter);

    /// <summary>Handles, starts and stops with a pause in the middle of each, as an actor does that reads and writes its journal.</summary>
    private sealed class Passivating(Record record, IActorContext<Numbered> context) : Actor<Numbered>(context)
    {
        protected internal override async ValueTask OnStartAsync(CancellationToken cancellationToken)
        {
            record.Enter(Context.Name);
            await record.PauseAsync();
        }

        protected internal override async ValueTask ReceiveAsync(Numbered message, CancellationToken cancellationToken)
        {
            await record.PauseAsync();
            record.Handled(Context.Name, message.Number);
            if (message.PassivateAfter) Context.Passivate();
        }

        protected internal override async ValueTask OnStopAsync(CancellationToken cancellationToken)
        {
            await record.PauseAsync();
            record.Leave(Context.Name);
        }
    }

    private sealed class Record
    {
        private readonly ConcurrentDictionary<string, ConcurrentQueue<int>> handled = new();
        private readonly ConcurrentDictionary<string, int> alive = new();
        private readonly TaskCompletionSource enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int count;
        private int expected = int.MaxValue;
        private int overlaps;
        private int passivations;

        /// <summary>Where handlers wait; null: they only change the thread.</summary>
        public Pauses? Pauses { get; init; }

        public int Overlaps => overlaps;

        public int Passivations => passivations;

        public int[] HandledBy(string name) => handled.TryGetValue(name, out var numbers) ? [.. numbers] : [];

        public void Enter(string name)
        {
            if (!alive.TryAdd(name, 1)) Interlocked.Increment(ref overlaps);
        }

        public void Leave(string name)
        {
            alive.TryRemove(name, out _);
            Interlocked.Increment(ref passivations);
        }

        public void Handled(string name, int number)
        {
            handled.GetOrAdd(name, _ => new()).Enqueue(number);
            if (Interlocked.Increment(ref count) == Volatile.Read(ref expected)) enough.TrySetResult();
        }

        public Task WhenHandled(int total)
        {
            Volatile.Write(ref expected, total);
            if (Volatile.Read(ref count) == total) enough.TrySetResult();
            return enough.Task;
        }

        public async ValueTask PauseAsync()
        {
            if (Pauses is null) await Task.Yield();
            else await Pauses.PauseAsync();
        }
    }
}
