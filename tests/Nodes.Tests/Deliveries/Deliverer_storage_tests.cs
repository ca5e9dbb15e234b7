using System.Collections.Immutable;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Providers.Memory;
using PasswordSync.SyncNode.Deliveries;
using Shouldly;
using Xunit;
using static PasswordSync.Nodes.Tests.Deliveries.DelivererFixture;

namespace PasswordSync.Nodes.Tests.Deliveries;

/// <summary>Deliveries while the node's own database fails, before and after the intent to write to an account of a source.</summary>
public sealed class Deliverer_storage_tests
{
    private static readonly SourceId Beta = new("beta");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory(Timeout = 600_000)]
    [InlineData(nameof(ISecretStore.ReadAsync))]
    [InlineData(nameof(ITargetClaims.ClaimAsync))]
    public async Task A_database_that_is_away_before_an_attempt_has_the_sync_point_rest_and_begins_nothing(string method)
    {
        await using var one = new DelivererFixture();
        await one.CaptureAsync();
        one.Stores.Trouble = called => called == method ? MemoryStores.Away : null;

        var rest = (await one.DeliverAsync(Token)).ShouldNotBeNull();

        rest.IsUntouched.ShouldBeTrue();
        (rest.Until - one.Clock.GetUtcNow()).ShouldBe(new DelivererOptions().StorageRest);
        one.Target.Writes.ShouldBeEmpty();
        one.State.ShouldBeOfType<PointState.Waiting>().Delivery.FailedAttempts.ShouldBe(0);
    }

    [Fact(Timeout = 600_000)]
    public async Task While_an_account_of_a_source_is_written_to_captures_of_it_wait()
    {
        await using var one = new DelivererFixture(Beta);
        await one.CaptureAsync();
        DateTimeOffset? openUntil = null;
        one.Script = (call, _) =>
        {
            if (call.Step == MemoryStep.Writing) openUntil = one.Stores.Intents[one.Account].Until;
            return Task.FromResult<DeliveryOutcome?>(null);
        };
        var began = one.Clock.GetUtcNow();

        await one.DeliverAsync(Token);

        (openUntil.ShouldNotBeNull() - began).ShouldBe(AttemptTimeout + new DelivererOptions().IntentHold);
        one.Stores.Intents.ShouldBeEmpty();
        one.Stores.Written[one.Account].Version.ShouldBe(1u);
    }

    [Fact(Timeout = 600_000)]
    public async Task Without_a_recorded_intent_an_account_of_a_source_is_not_written()
    {
        await using var one = new DelivererFixture(Beta);
        await one.CaptureAsync();
        one.Stores.Trouble = called => called == nameof(IAccountStore.OpenIntentAsync) ? MemoryStores.Away : null;

        await one.DeliverAsync(Token);

        one.Target.Writes.ShouldBeEmpty();
        one.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<DeliveryOutcome.Transient>();
        one.Stores.Intents.ShouldBeEmpty();
    }

    [Fact(Timeout = 600_000)]
    public async Task A_written_stamp_that_could_not_be_recorded_is_held_with_its_outcome_and_nothing_is_written_again()
    {
        await using var one = new DelivererFixture(Beta);
        await one.CaptureAsync();
        one.Stores.Trouble = called => called == nameof(IAccountStore.CloseIntentAsync) ? MemoryStores.Away : null;

        await one.DeliverAsync(Token);
        await one.TellHeldAsync(TimeSpan.FromMinutes(5), Token);
        one.Outcomes.ShouldBeEmpty("an outcome without its stamp would let the echo pass for a change");
        one.Stores.Intents.ShouldContainKey(one.Account, "captures of the account go on waiting");

        one.Stores.Trouble = _ => null;
        await one.TellHeldAsync(TimeSpan.FromSeconds(1), Token);

        one.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<DeliveryOutcome.Delivered>();
        one.Stores.Intents.ShouldBeEmpty();
        one.Stores.Written[one.Account].Version.ShouldBe(1u);
        one.Target.Writes.Length.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task I2_an_echo_waits_for_its_stamp_however_long_the_database_was_away()
    {
        await using var one = new DelivererFixture(Beta);
        await one.CaptureAsync();
        one.Own(TimeSpan.FromSeconds(30));
        one.Stores.Trouble = called => called == nameof(IAccountStore.CloseIntentAsync) ? MemoryStores.Away : null;
        await one.DeliverAsync(Token);

        // Nobody has a lease until then, and the intent has run out.
        await one.TellHeldAsync(TimeSpan.FromHours(5), Token);
        one.Own(TimeSpan.FromHours(1));
        one.Stores.Trouble = _ => null;
        var before = (await one.Stores.ReadOwnWritesAsync(one.Account, Token)).After(one.Ownership.Gap);
        before.IntentOpenUntil.ShouldBe(one.Clock.GetUtcNow() + OwnWrites.IntentHold);
        before.LastWrittenStamp.ShouldBeNull();
        await one.TellHeldAsync(TimeSpan.FromSeconds(1), Token);

        var after = (await one.Stores.ReadOwnWritesAsync(one.Account, Token)).After(one.Ownership.Gap);
        after.IntentOpenUntil.ShouldBeNull();
        after.LastWrittenStamp!.Value.Version.ShouldBe(1u, "so its echo is told");
        one.Target.Writes.Length.ShouldBe(1);
    }

    [Theory(Timeout = 600_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task I2_a_stamp_is_recorded_also_by_a_node_whose_shards_or_whose_name_another_one_has(bool isKnown)
    {
        await using var one = new DelivererFixture(Beta);
        await one.CaptureAsync();
        one.Stores.Trouble = called => called == nameof(IAccountStore.CloseIntentAsync) ? MemoryStores.Away : null;
        await one.DeliverAsync(Token);
        one.Stores.Trouble = _ => null;

        // A lease of no length is what nobody knows by.
        one.Ownership.Renew(new LeaseView(ImmutableSortedDictionary<int, long>.Empty, isKnown ? TimeSpan.FromSeconds(4) : TimeSpan.Zero), one.Clock.GetTimestamp());
        await one.TellHeldAsync(TimeSpan.FromSeconds(1), Token);

        one.Stores.Written.ContainsKey(one.Account).ShouldBe(isKnown);
        one.Outcomes.ShouldBeEmpty("the next owner has given the attempt up, or will");
        one.Held.Count.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_stamp_is_recorded_once_though_its_outcome_is_told_more_than_once()
    {
        await using var one = new DelivererFixture(Beta);
        await one.CaptureAsync();
        var closed = 0;
        one.Stores.Trouble = called =>
        {
            if (called == nameof(IAccountStore.CloseIntentAsync)) closed++;
            return null;
        };
        var lost = 2;
        one.Identities.LosesQuestion = question => question is IdentityCommand.FinishAttempt && lost-- > 0;

        await one.DeliverAsync(Token);
        await one.TellHeldAsync(TimeSpan.FromSeconds(1), Token);
        await one.TellHeldAsync(TimeSpan.FromSeconds(1), Token);

        one.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<DeliveryOutcome.Delivered>();
        closed.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task An_unknown_outcome_keeps_captures_of_the_account_waiting_for_as_long_as_it_may_land()
    {
        await using var one = new DelivererFixture(Beta);
        await one.CaptureAsync();
        one.Script = (call, _) => Task.FromResult<DeliveryOutcome?>(call.Step == MemoryStep.Writing ? new DeliveryOutcome.Unknown("no answer") : null);
        await one.DeliverAsync(Token);
        one.Stores.Intents.ShouldContainKey(one.Account);

        one.Script = (call, _) => Task.FromResult<DeliveryOutcome?>(call.Step == MemoryStep.BeforeWrite ? new DeliveryOutcome.Transient("busy") : null);
        await one.PassUntilDueAsync();
        await one.DeliverAsync(Token);
        one.Stores.Intents.ShouldContainKey(one.Account, "the first one may still land");

        one.Script = null;
        await one.PassUntilDueAsync();
        await one.DeliverAsync(Token);
        one.Outcomes.Last().ShouldBeOfType<DeliveryOutcome.Delivered>();
        one.Stores.Intents[one.Account].Until.ShouldBe(one.Clock.GetUtcNow() + new DelivererOptions().IntentHoldAfterWrite);
        one.State.ShouldBeOfType<PointState.Idle>("what lands late is the same password: only its echo must be told");
        one.Target.SignIn("ann", Canary).ShouldBeTrue();
    }
}
