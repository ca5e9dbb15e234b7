using System.Collections.Immutable;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Stamps;
using PasswordSync.Journal;
using PasswordSync.Journal.Sqlite;
using Shouldly;

namespace PasswordSync.Operations.Tests.Support;

/// <summary>A store with the journal of many people, decided by Core and appended as a node does it, but without a node: for questions about more than a test node carries out in a moment.</summary>
internal sealed class FilledStore : IAsyncDisposable
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UtcNow;
    private static readonly Guid Controller = new("aaaaaaaa-0000-0000-0000-000000000001");
    private readonly string folder;
    private readonly LeaseView lease;
    private uint people;

    private FilledStore(string folder, SqliteStore store, LeaseView lease)
    {
        this.folder = folder;
        this.lease = lease;
        Store = store;
    }

    public IStore Store { get; }

    public static async Task<FilledStore> OpenAsync(CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("passwordsync-filled-").FullName;
        var store = await SqliteStore.OpenAsync(new SqliteStoreOptions { Path = Path.Combine(folder, "store.db"), NodeName = "node1" }, TimeProvider.System, NullLoggerFactory.Instance, cancellationToken);
        return new FilledStore(folder, store, await store.Leases.KeepAsync(new NodeId("node1", Guid.NewGuid()), isLeaving: false, cancellationToken));
    }

    /// <summary>People each of whom has a change that is to go to the point at once.</summary>
    public Task<Change[]> AddAsync(int count, SyncPointId point, CancellationToken cancellationToken) => AddAsync(count, point, obstacle: null, cancellationToken);

    /// <summary>As above, and the delivery has met an obstacle.</summary>
    public Task<Change[]> AddAsync(int count, SyncPointId point, DeliveryOutcome? obstacle, CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(_ => AddOneAsync(++people, point, obstacle, cancellationToken)));

    /// <summary>Appends to the journal of a person; how the person stands then.</summary>
    public async Task<IdentityState> AppendAsync(IdentityId identity, IdentityState before, ImmutableArray<IdentityEvent> events, CancellationToken cancellationToken)
    {
        var (shard, after) = (identity.Shard(Store.Leases.ShardCount), Fold(before, events));
        var append = new JournalAppend(identity, shard, lease.Shards[shard], before, events, after, [], after.NextWakeUp(DecisionRules.Default), []);
        (await Store.Journal.AppendAsync(append, cancellationToken)).ShouldBe(AppendResult.Appended);
        return after;
    }

    /// <summary>Changes what is stored behind the store's back, as another version of the product may have left it.</summary>
    public async Task RunSqlAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "store.db")};Pooling=False");
        await connection.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        (await command.ExecuteNonQueryAsync(cancellationToken)).ShouldBeGreaterThan(0);
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private async Task<Change> AddOneAsync(uint number, SyncPointId point, DeliveryOutcome? obstacle, CancellationToken cancellationToken)
    {
        var change = new Change(
            new CaptureId(Guid.NewGuid()), new AccountId(new SourceId("alpha"), Guid.NewGuid()), new Stamp(0, 7, Stamp.ToOriginatingSecond(Start), Controller),
            new AccountNames($"CN=user{number},DC=alpha,DC=test", $"user{number}", null, null), new StageTimes(Start, Start, Start, Start), Start.AddDays(7));
        var events = IdentityState.Initial.Decide(new IdentityCommand.DecideCapture(Start, change, [point], OwnWrites.None), DecisionRules.Default).Events;
        if (obstacle is not null) events = events.AddRange(Fold(events).Decide(new IdentityCommand.ReportObstacle(Start, point, change.CaptureId, obstacle, Jitter: 0.5), DecisionRules.Default).Events);
        await AppendAsync(new IdentityId(Guid.NewGuid()), IdentityState.Initial, events, cancellationToken);
        return change;
    }

    private static IdentityState Fold(ImmutableArray<IdentityEvent> events) => Fold(IdentityState.Initial, events);

    private static IdentityState Fold(IdentityState before, ImmutableArray<IdentityEvent> events) => events.Aggregate(before, (state, happened) => state.Apply(happened));
}
