using System.Collections.Immutable;
using PasswordSync.Actors.Sharding;
using PasswordSync.Actors.Tests.Support;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using Shouldly;
using Xunit;

namespace PasswordSync.Actors.Tests.Sharding;

/// <summary>The lease of a node: renewed, lost, run out by the node's own clock, given back.</summary>
public sealed class LeaseKeeperTests : IShardLeases, IAsyncDisposable
{
    private static readonly TimeSpan Validity = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan SlowMax = TimeSpan.FromSeconds(30);
    private static readonly LeaseKeeperOptions Options = new();
    private static readonly NodeId Node = new("node1", Guid.NewGuid());
    private readonly ManualClock clock = new();
    private readonly RecordingLogger<LeaseKeeper> log = new();
    private readonly ShardOwnership ownership;
    private readonly LeaseKeeper keeper;
    private readonly CancellationTokenSource ending = new();
    private Task running = Task.CompletedTask;
    private Func<CancellationToken, Task<ImmutableSortedDictionary<int, long>>> keep = _ => Task.FromResult(Shards((0, 1), (1, 1)));
    private Func<CancellationToken, Task> release = _ => Task.CompletedTask;
    private int keeps;
    private int releases;
    private int ownedAtRelease = -1;
    private ImmutableArray<int> surplus = [];
    private readonly List<int> givenBack = [];
    private TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource gaveBack = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LeaseKeeperTests()
    {
        ownership = new ShardOwnership(ShardCount, clock);
        keeper = new LeaseKeeper(this, Node, ownership, Options, clock, log);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public int ShardCount => 2;

    [Fact(Timeout = 600_000)]
    public async Task A_lease_is_renewed_with_every_heartbeat_and_does_not_run_out()
    {
        Begin();
        for (var beats = 0; beats < 10; beats++)
        {
            await BeatAsync();
            ownership.Shards.Count.ShouldBe(2);
        }

        keeps.ShouldBeInRange(10, 11);
        ownership.Gains.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task What_follows_a_gain_holds_up_no_renewal_however_slow_it_is_and_whatever_it_breaks_with()
    {
        using var renewed = new ManualResetEventSlim();
        var slow = FollowAsync(() => renewed.Wait(SlowMax, Token));
        var broken = FollowAsync(() => throw new InvalidOperationException("a bug"));

        await keeper.KeepOnceAsync(Token);
        await keeper.KeepOnceAsync(Token);
        renewed.Set();

        (await slow).ShouldBeTrue("the lease was renewed while it was still busy");
        await Should.ThrowAsync<InvalidOperationException>(() => broken);
        keeps.ShouldBe(2);
        log.Lines.ShouldNotContain(line => line.Contains("broke"));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_shard_that_another_node_took_is_lost_with_the_next_answer()
    {
        Begin();
        await BeatAsync();
        keep = _ => Task.FromResult(Shards((1, 1)));

        await BeatAsync();
        await BeatAsync();

        ownership.EpochOf(0).ShouldBeNull();
        ownership.EpochOf(1).ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task Shards_beyond_the_nodes_share_are_given_back_after_it_stopped_acting_on_them()
    {
        Begin();
        await BeatAsync();
        surplus = [0];

        await BeatAsync();
        await BeatAsync();

        givenBack.ShouldBe([0]);
        ownership.Shards.ShouldBe([1]);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_shard_that_is_handed_over_begins_nothing_new_and_is_given_back_when_what_is_in_flight_has_ended()
    {
        Begin();
        await BeatAsync();
        var flight = ownership.TryBegin(InShard(0)).ShouldNotBeNull();
        surplus = [0];

        await BeatAsync();
        await BeatAsync();
        givenBack.ShouldBeEmpty();
        ownership.Shards.ShouldBe([1], "nothing is begun for the other one");
        ownership.TryBegin(InShard(0)).ShouldBeNull();
        ownership.EpochOf(0).ShouldBe(1, "the outcome of what is in flight can be told");

        flight.Dispose();
        await BeatAsync();
        await BeatAsync();
        givenBack.ShouldBe([0]);
        ownership.EpochOf(0).ShouldBeNull();
    }

    [Fact(Timeout = 600_000)]
    public async Task What_never_ends_holds_a_hand_over_up_only_for_its_bound()
    {
        Begin();
        await BeatAsync();
        using var flight = ownership.TryBegin(InShard(0)).ShouldNotBeNull();
        surplus = [0];

        for (var beats = 0; beats < Options.HandOverTimeout / Options.SurveyInterval; beats++) await BeatAsync();
        givenBack.ShouldBeEmpty();
        await BeatAsync();
        await BeatAsync();
        givenBack.ShouldBe([0]);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_shard_that_turns_out_to_be_needed_after_all_counts_as_gained_so_that_what_was_put_off_is_woken()
    {
        Begin();
        await BeatAsync();
        using var flight = ownership.TryBegin(InShard(0)).ShouldNotBeNull();
        surplus = [0];
        await BeatAsync();
        await BeatAsync();

        surplus = [];
        await BeatAsync();
        await BeatAsync();

        givenBack.ShouldBeEmpty();
        ownership.Shards.ShouldBe([0, 1]);
        ownership.Gains.ShouldBe(2);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_that_leaves_gives_idle_shards_back_at_once_and_the_others_when_they_are_done()
    {
        Begin();
        await BeatAsync();
        var flight = ownership.TryBegin(InShard(1)).ShouldNotBeNull();

        var left = keeper.LeaveAsync();
        await WhenGivenBackAsync(0);
        left.IsCompleted.ShouldBeFalse();
        ownership.Shards.ShouldBeEmpty("it begins nothing new");
        ownership.EpochOf(1).ShouldBe(1);

        flight.Dispose();
        await BeatUntilAsync(left);
        givenBack.ShouldBe([0, 1]);
    }

    [Fact(Timeout = 600_000)]
    public async Task What_another_node_gives_back_is_looked_for_at_once()
    {
        Begin();
        await BeatAsync();
        var looked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        keep = _ =>
        {
            looked.TrySetResult();
            return Task.FromResult(Shards((0, 1), (1, 1)));
        };

        released.SetResult();

        await looked.Task.WaitAsync(Token);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_that_wants_to_leave_while_the_database_is_away_is_not_held_up()
    {
        Begin();
        await BeatAsync();
        keep = _ => throw new StorageUnavailableException("away", null);

        await BeatUntilAsync(keeper.LeaveAsync());

        givenBack.ShouldBeEmpty();
    }

    [Theory(Timeout = 600_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task I4_while_the_database_is_away_the_lease_runs_out_by_the_nodes_own_clock_and_is_gained_anew_after(bool isStorage)
    {
        Begin();
        await BeatAsync();
        keep = _ => throw (isStorage ? new StorageUnavailableException("away", null) : new InvalidOperationException("a bug"));
        for (var beats = 0; beats < Validity / Options.SurveyInterval; beats++) await BeatAsync();

        ownership.Shards.ShouldBeEmpty();
        ownership.EpochOf(0).ShouldBeNull();

        keep = _ => Task.FromResult(Shards((0, 3), (1, 3)));
        await BeatAsync();
        await BeatAsync();
        ownership.EpochOf(0).ShouldBe(3);
        ownership.Gains.ShouldBe(2);
        if (isStorage) log.Lines.Count(line => line.Contains("could not be renewed")).ShouldBe(1, "told at the edge, not with every try");
    }

    [Fact(Timeout = 600_000)]
    public async Task I4_a_question_that_hangs_lets_the_lease_run_out_and_an_answer_that_comes_too_late_counts_for_nothing()
    {
        Begin();
        await BeatAsync();
        var late = new TaskCompletionSource<ImmutableSortedDictionary<int, long>>();
        var asked = new TaskCompletionSource();
        keep = _ =>
        {
            asked.TrySetResult();
            return late.Task;
        };
        clock.Advance(Options.SurveyInterval);
        await asked.Task.WaitAsync(Token);

        clock.Advance(Validity);
        ownership.Shards.ShouldBeEmpty();
        late.SetResult(Shards((0, 1), (1, 1)));
        await clock.WhenArmedAsync(1).WaitAsync(Token);

        ownership.Shards.ShouldBeEmpty("the answer is as old as its question");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_that_leaves_stops_acting_before_it_gives_its_shards_back()
    {
        Begin();
        await BeatAsync();

        await ending.CancelAsync();
        await running.WaitAsync(Token);

        releases.ShouldBe(1);
        ownedAtRelease.ShouldBe(0);
        log.Lines.ShouldContain(line => line.Contains("Released all shards"));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_release_that_hangs_does_not_hold_up_the_end()
    {
        Begin();
        await BeatAsync();
        var asked = new TaskCompletionSource();
        release = _ =>
        {
            asked.SetResult();
            return new TaskCompletionSource().Task;
        };

        await ending.CancelAsync();
        await asked.Task.WaitAsync(Token);
        running.IsCompleted.ShouldBeFalse();
        clock.Advance(Options.ReleaseTimeout);
        await running.WaitAsync(Token);

        log.Lines.ShouldContain(line => line.Contains("could not be released"));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_that_leaves_while_the_database_is_away_says_so_and_ends()
    {
        Begin();
        await BeatAsync();
        release = _ => throw new StorageUnavailableException("no route to the database", null);

        await ending.CancelAsync();
        await running.WaitAsync(Token);

        log.Lines.ShouldContain(line => line.Contains("no route to the database"));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_renewal_that_breaks_while_the_node_ends_is_the_end_that_was_asked_for()
    {
        keep = async _ =>
        {
            await ending.CancelAsync();
            throw new InvalidOperationException("a connection that is closed already");
        };

        await Should.ThrowAsync<OperationCanceledException>(() => keeper.KeepOnceAsync(ending.Token));

        log.Lines.ShouldBeEmpty();
    }

    public async ValueTask<LeaseView> KeepAsync(NodeId node, bool isLeaving, CancellationToken cancellationToken)
    {
        node.ShouldBe(Node);
        Interlocked.Increment(ref keeps);
        var owned = (await keep(cancellationToken)).RemoveRange(givenBack);
        return new LeaseView(owned, Validity) { Surplus = isLeaving ? [.. owned.Keys] : [.. surplus.Where(owned.ContainsKey)] };
    }

    public ValueTask ReleaseAsync(NodeId node, IReadOnlyCollection<int> shards, CancellationToken cancellationToken)
    {
        shards.ShouldAllBe(shard => ownership.EpochOf(shard) == null, "it acts on them no more");
        givenBack.AddRange(shards);
        gaveBack.TrySetResult();
        return ValueTask.CompletedTask;
    }

    public ValueTask ReleaseAsync(NodeId node, CancellationToken cancellationToken)
    {
        releases++;
        ownedAtRelease = ownership.Shards.Count;
        return new ValueTask(release(cancellationToken));
    }

    async Task IShardLeases.WaitForReleasesAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        await Task.WhenAny(released.Task, Task.Delay(atMost, clock, cancellationToken));
        if (released.Task.IsCompleted) released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public async ValueTask DisposeAsync()
    {
        release = _ => Task.CompletedTask;
        await ending.CancelAsync();
        await running;
        ending.Dispose();
    }

    private static ImmutableSortedDictionary<int, long> Shards(params (int Shard, long Epoch)[] owned) => owned.ToImmutableSortedDictionary(entry => entry.Shard, entry => entry.Epoch);

    private static IdentityId InShard(int shard) => Enumerable.Range(1, 64).Select(number => new IdentityId(new Guid(number, 0, 0, new byte[8]))).First(identity => identity.Shard(2) == shard);

    private async Task WhenGivenBackAsync(int shard)
    {
        await gaveBack.Task.WaitAsync(Token);
        givenBack.ShouldBe([shard]);
    }

    private async Task<bool> FollowAsync(Func<bool> next)
    {
        await ownership.NextGain.ConfigureAwait(false);
        return next();
    }

    private void Begin() => running = keeper.RunAsync(ending.Token);

    // Each round ends with one timer: the pause until the next heartbeat. When this ends, the round is over.
    private async Task BeatAsync()
    {
        await clock.WhenArmedAsync(1).WaitAsync(Token);
        clock.Advance(Options.SurveyInterval);
        await clock.WhenArmedAsync(1).WaitAsync(Token);
    }

    // For rounds that something else than the clock begins: the timer of the pause that it cut short may be armed beside that of the next one.
    private async Task BeatUntilAsync(Task end)
    {
        while (!end.IsCompleted)
        {
            Token.ThrowIfCancellationRequested();
            if (clock.ArmedTimers > 0) clock.Advance(Options.LeaveInterval);
            await Task.Yield();
        }

        await end;
    }
}
