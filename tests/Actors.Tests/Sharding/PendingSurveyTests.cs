using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using Shouldly;
using Xunit;

namespace PasswordSync.Actors.Tests.Sharding;

public sealed class PendingSurveyTests : IAsyncDisposable, IPendingWork
{
    private static readonly PendingSurveyOptions Options = new() { PageMax = 10, BatchMax = 4 };
    private readonly ManualClock clock = new();
    private readonly ShardOwnership ownership;
    private readonly ConcurrentQueue<IdentityId> woken = new();
    private readonly CancellationTokenSource ending = new();
    private readonly Task running;
    private ImmutableArray<PendingIdentity> rows = [];
    private Exception? trouble;

    public PendingSurveyTests()
    {
        ownership = new ShardOwnership(shardCount: 1, clock);
        Own();
        running = new PendingSurvey(this, ownership, Options, clock, NullLogger<PendingSurvey>.Instance).RunAsync(woken.Enqueue, ending.Token);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task All_that_are_due_are_woken_once_however_many_there_are()
    {
        rows = [.. Enumerable.Range(1, 57).Select(Due)];
        await AdvanceUntilAsync(() => woken.Count == 57);

        for (var i = 0; i < 10; i++) await AdvanceAsync();

        woken.Count.ShouldBe(57);
        woken.Distinct().Count().ShouldBe(57);
    }

    [Fact(Timeout = 600_000)]
    public async Task Who_stays_due_for_the_same_is_woken_again_after_a_while()
    {
        rows = [Due(1)];
        await AdvanceUntilAsync(() => woken.Count == 1);
        var since = clock.GetUtcNow();

        await AdvanceUntilAsync(() => woken.Count == 2);

        (clock.GetUtcNow() - since).ShouldBeGreaterThanOrEqualTo(Options.WakeAgainInterval - Options.SurveyInterval);
    }

    [Fact(Timeout = 600_000)]
    public async Task Who_is_due_for_something_new_is_woken_at_once()
    {
        rows = [Due(1)];
        await AdvanceUntilAsync(() => woken.Count == 1);
        rows = [Due(1) with { DueAt = clock.GetUtcNow() }];

        for (var i = 0; i < 3; i++) await AdvanceAsync();

        woken.Count.ShouldBe(2);
    }

    [Fact(Timeout = 600_000)]
    public async Task After_shards_were_gained_everybody_due_is_woken_anew()
    {
        rows = [Due(1)];
        await AdvanceUntilAsync(() => woken.Count == 1);
        ownership.LoseAll();
        Own();

        for (var i = 0; i < 3; i++) await AdvanceAsync();

        woken.Count.ShouldBe(2);
    }

    [Fact(Timeout = 600_000)]
    public async Task Who_is_due_in_a_shard_that_was_gained_is_woken_before_any_time_has_passed()
    {
        await AdvanceAsync();
        await clock.WhenArmedAsync(1).WaitAsync(Token);
        rows = [Due(1)];
        ownership.LoseAll();

        Own();

        await WhenWokenAsync(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task No_failure_ends_the_survey()
    {
        trouble = new InvalidOperationException("a bug");
        for (var i = 0; i < 3; i++) await AdvanceAsync();
        rows = [Due(1)];
        trouble = null;

        await AdvanceUntilAsync(() => woken.Count == 1);
    }

    public ValueTask<ImmutableArray<PendingIdentity>> ReadDueAsync(IReadOnlyCollection<int> shards, DateTimeOffset dueBy, int limit, CancellationToken cancellationToken) =>
        trouble is { } failure ? throw failure : ValueTask.FromResult<ImmutableArray<PendingIdentity>>([.. rows.Where(row => row.DueAt <= dueBy).Take(limit)]);

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await running;
        ending.Dispose();
    }

    private static PendingIdentity Due(int number) => new(new IdentityId(new Guid(number, 0, 0, new byte[8])), 0, DateTimeOffset.UnixEpoch);

    private void Own() => ownership.Renew(new LeaseView(ImmutableSortedDictionary<int, long>.Empty.Add(0, 1), TimeSpan.FromDays(1)), clock.GetTimestamp());

    private async Task AdvanceAsync()
    {
        await clock.WhenArmedAsync(1).WaitAsync(Token);
        clock.Advance(Options.SurveyInterval);
    }

    private async Task WhenWokenAsync(int count)
    {
        while (woken.Count < count)
        {
            Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private async Task AdvanceUntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await AdvanceAsync();
            await Task.Yield();
        }
    }
}
