using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Actors.Identities;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using Shouldly;
using Xunit;

namespace PasswordSync.Actors.Tests.Sharding;

/// <summary>Rows reach their identities, come again when they must, and none stays in hand for ever.</summary>
public sealed class InboxPumpTests : IAsyncDisposable, IScopeMap, ICandidateSettler
{
    private static readonly InboxPumpOptions Options = new() { BatchMax = 4, InHandMax = 8, PutOffMax = 50 };

    private readonly ManualClock clock = new();
    private readonly ScriptedInbox inbox;
    private readonly InboxPump pump;
    private readonly CancellationTokenSource ending = new();
    private readonly ShardOwnership ownership;
    private readonly ConcurrentQueue<long> handed = new();
    private readonly ConcurrentQueue<long> epochs = new();
    private readonly Task running;
    private readonly ConcurrentQueue<OwnWrites> ownWrites = new();
    private ImmutableHashSet<AccountId> unrecorded = [];
    private Func<IdentityId, bool> hasRoom = _ => true;
    private Func<Change, Task<CandidateVerdict>> confirm = change => Task.FromResult<CandidateVerdict>(new CandidateVerdict.Caused(change));
    private Func<Arrival.Ambiguous, Task<CandidateVerdict>> settle = ambiguous => Task.FromResult<CandidateVerdict>(new CandidateVerdict.Caused(ambiguous.Candidates[0].Change));

    public InboxPumpTests()
    {
        inbox = new ScriptedInbox(clock);
        ownership = new ShardOwnership(shardCount: 1, clock);
        Own(epoch: 1);
        pump = new InboxPump(inbox, ownership, this, this, Options, clock, NullLogger<InboxPump>.Instance) { Unrecorded = () => unrecorded };
        running = pump.RunAsync(Hand, ending.Token);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task An_identity_without_room_holds_up_no_other()
    {
        hasRoom = identity => ScriptedInbox.NumberOf(identity) > 2;
        inbox.Add(ScriptedInbox.Row(1), ScriptedInbox.Row(2), ScriptedInbox.Row(3));
        await LookAsync();

        handed.ShouldBe([3]);
        pump.RowsPutOff.ShouldBe(2);

        hasRoom = _ => true;
        await LookAsync();
        await LookAsync();
        handed.Order().ShouldBe([1, 2, 3]);
    }

    [Fact(Timeout = 600_000)]
    public async Task Rows_of_a_shard_that_was_gained_are_handed_out_before_any_time_has_passed()
    {
        await LookAsync();
        inbox.Add(ScriptedInbox.Row(1));

        Own(epoch: 2);

        await SettledAsync(() => handed.Contains(1));
        epochs.ShouldBe([2]);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_row_that_was_decided_without_anybody_noticing_is_forgotten_when_its_time_comes()
    {
        inbox.Add(ScriptedInbox.Row(1));
        await LookAsync();
        inbox.Remove(1);
        pump.ComeBack(1, TimeSpan.FromSeconds(1));

        for (var looks = 0; looks < 6; looks++) await LookAsync();

        (pump.RowsHandedOut + pump.RowsPutOff).ShouldBe(0);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_row_that_nobody_gives_back_is_handed_out_again()
    {
        inbox.Add(ScriptedInbox.Row(1));
        await LookAsync();
        handed.ShouldBe([1]);

        clock.Advance(Options.HandedOutMax);
        await LookAsync();
        await LookAsync();

        handed.ShouldBe([1, 1]);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_row_is_handed_out_as_read_under_the_epoch_that_the_shard_had_before_the_reading()
    {
        inbox.Trouble = () =>
        {
            Own(epoch: 2);
            return null;
        };
        inbox.Add(ScriptedInbox.Row(1));
        await LookAsync();

        epochs.ShouldBe([1]);
    }

    [Fact(Timeout = 600_000)]
    public async Task I2_a_capture_of_an_account_that_was_written_to_before_the_database_went_away_waits_when_it_is_back()
    {
        clock.Advance(TimeSpan.FromDays(1) + TimeSpan.FromHours(1));
        Own(epoch: 1);
        var row = ScriptedInbox.Row(1);
        inbox.Add(row with { OwnWrites = new OwnWrites(clock.GetUtcNow().AddMinutes(-1), null) });
        await LookAsync();

        ownWrites.ShouldHaveSingleItem().IntentOpenUntil.ShouldBe(ownership.Gap.Ended + OwnWrites.IntentHold);
    }

    [Fact(Timeout = 600_000)]
    public async Task I2_a_capture_of_an_account_that_was_written_to_waits_also_when_the_lease_outlasted_the_outage_and_is_not_renewed_yet()
    {
        clock.Advance(TimeSpan.FromMinutes(20));
        Own(epoch: 1);
        var ranOut = clock.GetUtcNow().AddSeconds(20);
        clock.Advance(TimeSpan.FromSeconds(50));
        inbox.Add(ScriptedInbox.Row(1) with { OwnWrites = new OwnWrites(ranOut, null) });
        await LookAsync();

        ownership.Gains.ShouldBe(1);
        ownWrites.ShouldHaveSingleItem().IntentOpenUntil.ShouldNotBeNull().ShouldBeGreaterThan(clock.GetUtcNow());
    }

    [Fact(Timeout = 600_000)]
    public async Task I2_a_capture_of_an_account_whose_stamp_this_node_could_not_record_waits()
    {
        var row = ScriptedInbox.Row(1);
        unrecorded = [row.Arrival.Account];
        inbox.Add(row, ScriptedInbox.Row(2));
        await LookAsync();

        ownWrites.Count(writes => writes.IntentOpenUntil > clock.GetUtcNow()).ShouldBe(1);
        ownWrites.ShouldContain(OwnWrites.None);
    }

    [Fact(Timeout = 600_000)]
    public async Task I2_what_is_unrecorded_is_asked_before_the_rows_are_read()
    {
        var row = ScriptedInbox.Row(1);
        unrecorded = [row.Arrival.Account];
        var isIn = false;
        inbox.Trouble = () =>
        {
            if (isIn) unrecorded = [];
            return null;
        };
        inbox.Add(row);
        isIn = true;
        await LookAsync();

        ownWrites.First().IntentOpenUntil.ShouldNotBeNull("the stamp may have been recorded after the row was read");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_row_that_is_to_be_confirmed_goes_to_the_source_once_and_back_to_its_identity()
    {
        var asked = new List<Change>();
        confirm = change =>
        {
            asked.Add(change);
            return Task.FromResult<CandidateVerdict>(new CandidateVerdict.Caused(change));
        };
        inbox.Add(ScriptedInbox.Row(1));
        await LookAsync();
        handed.ShouldBe([1]);

        pump.ConfirmFirst(1);
        await LookAsync();
        await SettledAsync(() => handed.Count == 2);

        asked.Count.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_row_that_the_source_cannot_confirm_now_comes_again_and_its_source_does_not_rest_for_it()
    {
        confirm = _ => Task.FromResult<CandidateVerdict>(new CandidateVerdict.TryAgain(TimeSpan.FromSeconds(1), "Not replicated yet.") { IsOfSource = false });
        inbox.Add(ScriptedInbox.Row(1));
        await LookAsync();
        pump.ConfirmFirst(1);
        inbox.Add(ScriptedInbox.Ambiguous(2, "alpha"));
        await LookAsync();
        await SettledAsync(() => handed.Contains(2) && pump.RowsPutOff == 1);

        clock.Advance(TimeSpan.FromSeconds(1));
        await LookAsync();
        handed.Count(row => row == 1).ShouldBe(2);
    }

    [Fact(Timeout = 600_000)]
    public async Task Rows_that_wait_for_their_time_take_no_place_of_those_that_do_not()
    {
        inbox.Add(Enumerable.Range(1, 40).Select(sequence => ScriptedInbox.Row(sequence)));
        while (handed.Count < 40)
        {
            foreach (var sequence in handed.ToArray()) pump.ComeBack(sequence, TimeSpan.FromHours(1));
            if (clock.ArmedTimers > 0) clock.Advance(Options.SurveyInterval);
            await Task.Yield();
            Token.ThrowIfCancellationRequested();
        }

        foreach (var sequence in handed.ToArray()) pump.ComeBack(sequence, TimeSpan.FromHours(1));
        inbox.Add(ScriptedInbox.Row(41));
        await AdvanceUntilAsync(() => handed.Contains(41));
    }

    [Fact(Timeout = 600_000)]
    public async Task Nothing_is_read_while_too_many_rows_wait_for_their_time_and_all_is_when_it_has_come()
    {
        inbox.Add(Enumerable.Range(1, Options.PutOffMax + 1).Select(sequence => ScriptedInbox.Row(sequence)));
        hasRoom = _ => false;
        for (var sequence = 1; sequence <= Options.PutOffMax; sequence++) pump.ComeBack(sequence, TimeSpan.FromMinutes(1));
        hasRoom = _ => true;
        handed.Clear();
        for (var i = 0; i < 3; i++) await AdvanceAsync();
        handed.ShouldBeEmpty();

        clock.Advance(TimeSpan.FromMinutes(1));
        await AdvanceUntilAsync(() =>
        {
            foreach (var sequence in handed) Decide(sequence);
            return handed.Distinct().Count() == Options.PutOffMax + 1;
        });
    }

    [Fact(Timeout = 600_000)]
    public async Task No_failure_of_the_inbox_ends_the_pump()
    {
        await LookAsync();
        var troubles = new Queue<Exception>([new StorageUnavailableException("away", null), new InvalidOperationException("a bug"), new ObjectDisposedException("closed")]);
        inbox.Trouble = () => troubles.TryDequeue(out var next) ? next : null;
        inbox.Add(ScriptedInbox.Row(1));

        await AdvanceUntilAsync(() => handed.Contains(1));
        troubles.ShouldBeEmpty();
    }

    [Fact(Timeout = 600_000)]
    public async Task A_source_that_cannot_be_asked_does_not_keep_candidates_of_others_waiting()
    {
        var asked = 0;
        settle = ambiguous =>
        {
            if (ambiguous.Account.Source.Value == "beta") return Task.FromResult<CandidateVerdict>(new CandidateVerdict.Caused(ambiguous.Candidates[0].Change));
            Interlocked.Increment(ref asked);
            return Task.FromResult<CandidateVerdict>(new CandidateVerdict.TryAgain(TimeSpan.FromHours(1), "silent"));
        };
        inbox.Add(ScriptedInbox.Ambiguous(1, "alpha"));
        await LookAsync();
        await SettledAsync(() => pump.RowsPutOff == 1);
        inbox.Add(ScriptedInbox.Ambiguous(2, "alpha"), ScriptedInbox.Ambiguous(3, "alpha"), ScriptedInbox.Ambiguous(4, "beta"));

        await LookAsync();
        await SettledAsync(() => handed.Contains(4) && pump.RowsPutOff == 3);

        asked.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_settler_that_breaks_while_the_node_ends_does_not_make_the_end_a_failure()
    {
        var asked = new TaskCompletionSource();
        var answer = new TaskCompletionSource<CandidateVerdict>();
        settle = _ =>
        {
            asked.TrySetResult();
            return answer.Task;
        };
        inbox.Add(ScriptedInbox.Ambiguous(1, "alpha"));
        await LookAsync();
        await asked.Task.WaitAsync(Token);

        await ending.CancelAsync();
        answer.SetException(new IOException("The connection was cut."));

        await running.WaitAsync(Token);
        handed.ShouldBeEmpty("the row stays in the inbox");
    }

    public ImmutableSortedSet<SyncPointId> PointsOf(SourceId source, ImmutableArray<string> scopes) => [];

    public Task<CandidateVerdict> SettleAsync(Arrival.Ambiguous ambiguous, CancellationToken cancellationToken) => settle(ambiguous);

    public Task<CandidateVerdict> ConfirmAsync(Change change, CancellationToken cancellationToken) => confirm(change);

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await running;
        ending.Dispose();
    }

    private void Own(long epoch) => ownership.Renew(new LeaseView(ImmutableSortedDictionary<int, long>.Empty.Add(0, epoch), TimeSpan.FromDays(1)), clock.GetTimestamp());

    private bool Hand(IdentityId identity, IdentityMessage message)
    {
        if (!hasRoom(identity)) return false;
        handed.Enqueue(ScriptedInbox.NumberOf(identity));
        var arrived = message.ShouldBeOfType<IdentityMessage.Arrived>();
        epochs.Enqueue(arrived.Epoch);
        if (arrived.Command(clock.GetUtcNow()) is IdentityCommand.DecideCapture { OwnWrites: var writes }) ownWrites.Enqueue(writes);
        return true;
    }

    // A look that began after this was called, to its end; when this ends, the pump waits for the clock.
    private async Task LookAsync()
    {
        var before = inbox.Looks;
        await AdvanceUntilAsync(() => inbox.Looks >= before + 2);
        await clock.WhenArmedAsync(1).WaitAsync(Token);
    }

    // What is settled at the source is settled on other threads, which the clock must not run away from.
    private static async Task SettledAsync(Func<bool> condition)
    {
        while (!condition())
        {
            Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private void Decide(long sequence)
    {
        inbox.Remove(sequence);
        pump.Decided(sequence);
    }

    private async Task AdvanceAsync()
    {
        await clock.WhenArmedAsync(1).WaitAsync(Token);
        clock.Advance(Options.SurveyInterval);
        await Task.Yield();
    }

    private async Task AdvanceUntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            Token.ThrowIfCancellationRequested();
            if (clock.ArmedTimers > 0) clock.Advance(Options.SurveyInterval);
            await Task.Yield();
        }
    }
}
