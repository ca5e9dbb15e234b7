using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Actors.Delivering;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using Shouldly;
using Xunit;

namespace PasswordSync.Actors.Tests.Delivering;

/// <summary>Very many outcomes that are held at once: each is told by itself, within bounds.</summary>
public sealed class HeldOutcomesTests : IIdentities, IDisposable
{
    private static readonly HeldOutcomesOptions Options = new() { TellingMax = 20, RecordingMax = 2 };
    private static readonly SyncPointId Point = new("beta");
    private readonly ManualClock clock = new();
    private readonly ShardOwnership ownership;
    private readonly HeldOutcomes held;
    private readonly List<int> asked = [];
    private readonly Dictionary<int, TaskCompletionSource<Decision>> silent = [];
    private bool isAway;

    public HeldOutcomesTests()
    {
        ownership = new ShardOwnership(shardCount: 1, clock);
        ownership.Renew(new LeaseView(ImmutableSortedDictionary<int, long>.Empty.Add(0, 1), TimeSpan.FromDays(2)), clock.GetTimestamp());
        held = new HeldOutcomes(this, ownership, Options, () => 0, clock, NullLogger<HeldOutcomes>.Instance);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task I9_who_does_not_answer_holds_up_nobody_else()
    {
        for (var number = 1; number < Options.TellingMax; number++) BeSilent(number);
        await HoldAsync(Enumerable.Range(1, 100));
        asked.Clear();

        _ = RoundAsync();
        asked.Count.ShouldBe(Options.TellingMax);
        for (var round = 0; round < 100; round++) _ = RoundAsync();

        held.Count.ShouldBe(Options.TellingMax - 1);
        asked.Count(number => number < Options.TellingMax).ShouldBe(Options.TellingMax - 1, "who was asked is not asked again before the first question has ended");
    }

    [Fact]
    public async Task I9_who_did_not_answer_last_time_comes_after_those_who_were_not_asked_yet()
    {
        for (var number = 1; number <= Options.TellingMax; number++) BeSilent(number);
        await HoldAsync(Enumerable.Range(1, Options.TellingMax));
        _ = RoundAsync();
        foreach (var question in silent.Values.ToList()) question.SetException(new IdentityUnavailableException(IdentityOf(0), new TimeoutException()));
        for (var number = 1; number <= Options.TellingMax; number++) BeSilent(number);
        await HoldAsync([1_000]);
        clock.Advance(Options.RetryMax);
        asked.Clear();

        _ = RoundAsync();

        asked.First().ShouldBe(1_000);
    }

    [Fact]
    public async Task I7_no_more_are_told_at_once_than_may_be()
    {
        for (var number = 1; number <= 30; number++) BeSilent(number);
        await HoldAsync(Enumerable.Range(1, 30));
        asked.Clear();

        _ = RoundAsync();
        _ = RoundAsync();
        asked.Count.ShouldBe(Options.TellingMax);
        silent[asked[0]].SetResult(Decision.Nothing);
        asked.Count.ShouldBe(Options.TellingMax, "only a round begins");
        _ = RoundAsync();

        asked.Count.ShouldBe(Options.TellingMax + 1);
    }

    [Fact(Timeout = 600_000)]
    public async Task I7_no_more_is_recorded_at_once_than_may_be_and_who_has_nothing_to_record_does_not_wait_for_it()
    {
        TaskCompletionSource[] records = [.. Enumerable.Range(1, 5).Select(_ => new TaskCompletionSource())];
        var begun = 0;
        await HoldAsync(Enumerable.Range(1, 5), () => isAway ? throw new StorageUnavailableException("away", null) : records[Interlocked.Increment(ref begun) - 1].Task);
        await HoldAsync([9]);
        asked.Clear();

        _ = RoundAsync();
        Volatile.Read(ref begun).ShouldBe(Options.RecordingMax);
        asked.ShouldBe([9]);
        held.UnrecordedAccounts().Count.ShouldBe(5);

        for (var ended = 0; ended < 5; ended++)
        {
            await SettledAsync(() => Volatile.Read(ref begun) > ended);
            records[ended].SetResult();
            asked.Count.ShouldBe(ended + 2);
        }

        asked.Order().ShouldBe([1, 2, 3, 4, 5, 9]);
        held.UnrecordedAccounts().ShouldBeEmpty();
        held.Count.ShouldBe(0);
    }

    [Fact]
    public async Task I2_while_what_a_write_caused_is_held_unrecorded_its_account_is_named_however_often_the_record_fails()
    {
        await HoldAsync([1], () => isAway ? throw new StorageUnavailableException("away", null) : Task.CompletedTask);
        isAway = true;
        for (var minute = 0; minute < 60; minute++)
        {
            held.UnrecordedAccounts().ShouldBe([AccountOf(1)]);
            await RoundAsync(TimeSpan.FromMinutes(1));
        }

        isAway = false;
        await RoundAsync();

        held.UnrecordedAccounts().ShouldBeEmpty();
        asked.Last().ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task The_end_waits_for_what_is_being_told()
    {
        BeSilent(1);
        await HoldAsync([1]);
        using var stop = new CancellationTokenSource();
        var running = held.RunAsync(stop.Token);
        asked.Clear();
        while (asked.Count == 0)
        {
            if (clock.ArmedTimers > 0) clock.Advance(Options.RetryInterval);
            await Task.Yield();
            Token.ThrowIfCancellationRequested();
        }

        await stop.CancelAsync();
        running.IsCompleted.ShouldBeFalse();
        silent[1].SetResult(Decision.Nothing);

        await running.WaitAsync(Token);
        held.Count.ShouldBe(0);
    }

    public Task<Decision> DecideAsync(IdentityId identity, Func<DateTimeOffset, IdentityCommand> command, CancellationToken cancellationToken)
    {
        var number = NumberOf(identity);
        asked.Add(number);
        if (isAway) throw new IdentityUnavailableException(identity, new StorageUnavailableException("away", null));
        return silent.TryGetValue(number, out var question) ? question.Task : Task.FromResult(Decision.Nothing);
    }

    public Task<IdentityState> ShowAsync(IdentityId identity, CancellationToken cancellationToken) => throw new NotSupportedException("Outcomes are only told.");

    public void Dispose() => held.Dispose();

    // Their first try fails, since the database is away.
    private async Task HoldAsync(IEnumerable<int> numbers, Func<Task>? recordFirst = null)
    {
        isAway = true;
        foreach (var number in numbers)
        {
            var attempt = new Attempt(Guid.NewGuid(), AttemptKind.Write, clock.GetUtcNow(), clock.GetUtcNow().AddSeconds(10), new TargetAccount("key", "someone", AccountOf(number)), null, null, ProbeFirst: false);
            await held.TellAsync(new AttemptOutcome(IdentityOf(number), Point, new CaptureId(Guid.NewGuid()), attempt, new DeliveryOutcome.Delivered(null, null)) { RecordFirst = recordFirst });
        }

        isAway = false;
    }

    private Task RoundAsync(TimeSpan? after = null)
    {
        clock.Advance(after ?? Options.RetryInterval);
        return held.TellDueAsync(Token);
    }

    // What goes on when a place is free goes on on another thread.
    private static async Task SettledAsync(Func<bool> condition)
    {
        while (!condition())
        {
            Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private void BeSilent(int number) => silent[number] = new TaskCompletionSource<Decision>();

    private static AccountId AccountOf(int number) => new(new SourceId("beta"), IdentityOf(number).Value);

    private static IdentityId IdentityOf(int number) => new(new Guid(number, 0, 0, new byte[8]));

    private static int NumberOf(IdentityId identity) => BitConverter.ToInt32(identity.Value.ToByteArray());
}
