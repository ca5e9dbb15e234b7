using System.Collections.Immutable;
using PasswordSync.Actors;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;

namespace PasswordSync.SyncNode.Operations;

/// <summary>Carries out on this node what operators switched at any: pauses sync points, and lets changes for disabled ones end.</summary>
internal sealed partial class PointSwitchboard(IPointSwitches store, IScopeMap scopes, TimeProvider clock, ILogger<PointSwitchboard> logger) : IScopeMap
{
    /// <summary>How soon a switch at another node is heard of.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(5);

    private readonly Lock applying = new();
    private long begun;
    private long applied;
    private ImmutableDictionary<SyncPointId, PointSwitch> current = ImmutableDictionary<SyncPointId, PointSwitch>.Empty;

    /// <summary>All that is not as configured, as last read.</summary>
    public ImmutableDictionary<SyncPointId, PointSwitch> Current => Volatile.Read(ref current);

    public ImmutableSortedSet<SyncPointId> Disabled => [.. from known in Current.Values where known.IsDisabled select known.Point];

    public ImmutableSortedSet<SyncPointId> PointsOf(SourceId source, ImmutableArray<string> scopeNames) => scopes.PointsOf(source, scopeNames);

    /// <summary>Reads the switches and applies them to the engine; also those that were applied already, since an actor that was begun anew knows of none.</summary>
    public async Task ApplyAsync(SyncEngine? engine, CancellationToken cancellationToken)
    {
        // What was read before an operator's switch was written must not be applied after it: of two at once, the one that began later counts.
        var turn = Interlocked.Increment(ref begun);
        var read = (await store.ListAsync(cancellationToken).ConfigureAwait(false)).ToImmutableDictionary(value => value.Point);
        lock (applying)
        {
            if (turn < applied) return;
            applied = turn;
            var before = Current;
            Volatile.Write(ref current, read);
            if (engine is null) return;
            foreach (var point in before.Keys.Except(read.Keys)) engine.Pause(point, isPaused: false);
            foreach (var point in read.Keys) engine.Pause(point, isPaused: true);
        }
    }

    /// <summary>Runs until cancelled.</summary>
    public Task RunAsync(SyncEngine engine, CancellationToken cancellationToken) => Repeating.RunAsync(
        async token =>
        {
            try
            {
                await ApplyAsync(engine, token).ConfigureAwait(false);
            }
            catch (StorageUnavailableException failure)
            {
                LogNotRead(failure.Message);
            }

            await Task.Delay(LookInterval, clock, token).ConfigureAwait(false);
        },
        failure => LogNotRead(failure.GetType().Name),
        LookInterval,
        clock,
        cancellationToken);

    [LoggerMessage(4821, LogLevel.Warning, "The switches of sync points cannot be read now, and stay as they are: {Reason}")]
    private partial void LogNotRead(string reason);
}
