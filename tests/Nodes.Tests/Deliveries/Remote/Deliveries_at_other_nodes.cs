using System.Collections.Concurrent;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Memory;
using PasswordSync.SyncNode.Deliveries.Remote;
using Shouldly;
using Xunit;
using static PasswordSync.Nodes.Tests.Deliveries.Remote.OwnerFixture;

namespace PasswordSync.Nodes.Tests.Deliveries.Remote;

/// <summary>A delivery that another node carries out, and that node or the way to it fails at each step: nothing is lost, nothing is sent twice without a probe, and the reason is told.</summary>
public sealed class Deliveries_at_other_nodes
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task A_node_that_reaches_the_target_sets_the_password_and_its_owner_records_it()
    {
        await using var owner = await OwnerFixture.StartAsync(Token);
        var south = await owner.StartNodeAsync("south");
        await owner.CaptureAsync();

        (await owner.DeliverAsync(Token)).ShouldBeNull();

        owner.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<DeliveryOutcome.Delivered>();
        owner.Target.SignIn("ann", Canary).ShouldBeTrue();
        south.Steps.Count.ShouldBe(2);
    }

    [Theory(Timeout = 600_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task I3_a_node_that_dies_during_the_write_leaves_an_unknown_outcome_and_another_one_probes_before_it_writes(bool hadWritten)
    {
        await using var owner = await OwnerFixture.StartAsync(Token);
        var south = await owner.StartNodeAsync("south");
        south.Between = async (step, context, answerAsync) =>
        {
            if (step.Write is not null)
            {
                if (hadWritten) await answerAsync();
                context.Abort();
            }
            else await answerAsync();
        };
        await owner.CaptureAsync();

        await owner.DeliverAsync(Token);
        owner.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<DeliveryOutcome.Unknown>().Reason.ShouldContain("Node south may have written and did not answer");
        south.Steps.Count(step => step.Write is not null).ShouldBe(1, "a write whose connection breaks is not sent again by itself");

        await owner.BuryAsync(south);
        var west = await owner.StartNodeAsync("west");
        owner.PassUntilDue();
        await owner.DeliverAsync(Token);

        west.Steps.Count(step => step.Probe is not null).ShouldBe(1);
        owner.Outcomes.Last().ShouldBeOfType(hadWritten ? typeof(DeliveryOutcome.AlreadyThere) : typeof(DeliveryOutcome.Delivered));
        owner.Target.Writes.Length.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task I3_an_answer_after_the_deadline_comes_too_late_and_the_target_is_probed()
    {
        await using var owner = await OwnerFixture.StartAsync(Token);
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var south = await owner.StartNodeAsync("south", async (call, _) =>
        {
            if (call.Step != MemoryStep.AfterWrite) return null;
            written.TrySetResult();
            await goOn.Task;
            return null;
        });
        south.Between = async (step, _, answerAsync) =>
        {
            try
            {
                await answerAsync();
            }
            finally
            {
                if (step.Write is not null) answered.TrySetResult();
            }
        };
        await owner.CaptureAsync();

        var delivery = owner.DeliverAsync(Token);
        await written.Task.WaitAsync(Token);
        owner.Clock.Advance(DelivererFixture.AttemptTimeout);
        await delivery.WaitAsync(Token);
        owner.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<DeliveryOutcome.Unknown>();
        goOn.SetResult();
        await answered.Task.WaitAsync(Token);
        owner.PassUntilDue();
        await owner.DeliverAsync(Token);

        owner.Outcomes.Select(outcome => outcome.GetType()).ShouldBe([typeof(DeliveryOutcome.Unknown), typeof(DeliveryOutcome.AlreadyThere)]);
        owner.Target.Writes.Length.ShouldBe(1);
    }

    [Theory(Timeout = 600_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_answer_that_is_cut_off_in_the_middle_is_none(bool atWrite)
    {
        await using var owner = await OwnerFixture.StartAsync(Token);
        var south = await owner.StartNodeAsync("south");
        south.Between = async (step, context, answerAsync) =>
        {
            if (step.Write is not null != atWrite)
            {
                await answerAsync();
                return;
            }

            context.Response.ContentLength = 1_000;
            await context.Response.Body.WriteAsync("{\"outcome\":"u8.ToArray(), Token);
            await context.Response.Body.FlushAsync(Token);
            context.Abort();
        };
        await owner.CaptureAsync();

        await owner.DeliverAsync(Token);

        if (atWrite) owner.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<DeliveryOutcome.Unknown>();
        else owner.State.ShouldBeOfType<PointState.Waiting>().LastFailure!.ShouldContain("No node with the labels");
        owner.Target.Writes.ShouldBeEmpty();
    }

    [Fact(Timeout = 600_000)]
    public async Task Of_two_nodes_that_reach_the_target_a_silent_one_costs_its_time_once_and_then_comes_last()
    {
        await using var owner = await OwnerFixture.StartAsync(Token);
        AbleNode[] both = [await owner.StartNodeAsync("south"), await owner.StartNodeAsync("west")];
        AbleNode? silent = null;
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (var node in both)
        {
            // Whichever is asked first.
            node.Between = async (_, context, answerAsync) =>
            {
                if (Interlocked.CompareExchange(ref silent, node, null) is null || silent == node)
                {
                    asked.TrySetResult();
                    await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
                else await answerAsync();
            };
        }

        await owner.CaptureAsync(1);
        var delivery = owner.DeliverAsync(Token);
        await asked.Task.WaitAsync(Token);
        owner.Clock.Advance(TimeSpan.FromSeconds(10));
        await delivery.WaitAsync(Token);
        owner.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<DeliveryOutcome.Delivered>();

        // Whomever each of these would have gone to, none waits.
        for (var number = 2; number <= 9; number++)
        {
            await owner.CaptureAsync(number);
            await owner.DeliverAsync(Token).WaitAsync(Token);
        }

        owner.Target.Writes.Length.ShouldBe(9);
        silent!.Steps.Count.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task Of_two_addresses_of_a_node_a_silent_one_costs_its_time_once_and_then_comes_last_for_a_while()
    {
        await using var owner = await OwnerFixture.StartAsync(Token);
        var south = await owner.StartNodeAsync("south", addresses: 2);
        var asked = new ConcurrentQueue<int>();
        var (silent, refusing) = (south.Peer.Addresses[0].Port, 0);
        using var heard = new SemaphoreSlim(0);
        south.Between = async (_, context, answerAsync) =>
        {
            var port = context.Connection.LocalPort;
            asked.Enqueue(port);
            if (port == refusing) context.Response.StatusCode = 503;
            else if (port != silent) await answerAsync();
            else
            {
                heard.Release();
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        };

        await DeliverLateAsync(1);

        // The other one is asked at once, and none waits.
        for (var number = 2; number <= 5; number++) await DeliverAsync(number);
        asked.Count(port => port == south.Peer.Addresses[0].Port).ShouldBe(1);

        // Last is not never.
        (silent, refusing) = (0, south.Peer.Addresses[1].Port);
        await DeliverAsync(6);
        asked.Count(port => port == south.Peer.Addresses[0].Port).ShouldBe(3, "it found the account, and wrote");

        // It has answered, so it comes in its own place; and one that was silent does so again when its time is over.
        (silent, refusing) = (south.Peer.Addresses[0].Port, 0);
        await DeliverLateAsync(7);
        owner.Clock.Advance(SilentAddresses.SilentFor);
        await DeliverLateAsync(8);
        asked.Count(port => port == south.Peer.Addresses[0].Port).ShouldBe(5);
        owner.Target.Writes.Length.ShouldBe(8);

        async Task DeliverAsync(int number)
        {
            await owner.CaptureAsync(number);
            await owner.DeliverAsync(Token).WaitAsync(Token);
        }

        async Task DeliverLateAsync(int number)
        {
            await owner.CaptureAsync(number);
            var delivery = owner.DeliverAsync(Token);
            await heard.WaitAsync(Token);
            owner.Clock.Advance(TimeSpan.FromSeconds(10));
            await delivery.WaitAsync(Token);
        }
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_that_may_not_carry_it_out_any_more_is_passed_over_and_named_when_there_is_no_other()
    {
        await using var owner = await OwnerFixture.StartAsync(Token);
        var former = await owner.StartNodeAsync("south", carriesOut: false);
        await owner.CaptureAsync();

        await owner.DeliverAsync(Token);
        owner.State.ShouldBeOfType<PointState.Waiting>().LastFailure!.ShouldContain($"south ({former.Peer.Addresses[0]}): it does not carry out deliveries of this sync point");

        await owner.StartNodeAsync("west");
        owner.PassUntilDue();
        await owner.DeliverAsync(Token);
        owner.Target.SignIn("ann", Canary).ShouldBeTrue();
    }

    [Fact(Timeout = 600_000)]
    public async Task A_node_that_does_not_take_the_owner_for_one_of_the_cluster_any_more_writes_nothing()
    {
        await using var owner = await OwnerFixture.StartAsync(Token);
        var south = await owner.StartNodeAsync("south");
        south.Between = (step, context, answerAsync) =>
        {
            if (step.Write is null) return answerAsync();
            context.Response.StatusCode = 403;
            return Task.CompletedTask;
        };
        await owner.CaptureAsync();

        await owner.DeliverAsync(Token);

        owner.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<DeliveryOutcome.Transient>().Reason.ShouldContain("it does not take this node for one of its cluster");
        owner.Target.Writes.ShouldBeEmpty();
    }

    [Theory(Timeout = 600_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stranger_and_another_node_of_the_cluster_at_the_address_of_a_node_are_asked_nothing(bool isStranger)
    {
        await using var owner = await OwnerFixture.StartAsync(Token);
        using var foreign = await ForeignAuthority.CreateAsync(Token);
        var impostor = isStranger ? await owner.StartNodeAsync("south", authority: foreign.Authority) : await owner.StartNodeAsync("south", certificateOf: "west");
        await owner.CaptureAsync();

        await owner.DeliverAsync(Token);

        impostor.Steps.ShouldBeEmpty();
        owner.Target.Writes.ShouldBeEmpty();
        owner.State.ShouldBeOfType<PointState.Waiting>().LastFailure!.ShouldContain("certificate");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_delivery_waits_with_a_reason_while_no_node_reaches_the_target_and_goes_on_when_one_does()
    {
        await using var owner = await OwnerFixture.StartAsync(Token);
        await owner.CaptureAsync();

        await owner.DeliverAsync(Token);
        owner.State.ShouldBeOfType<PointState.Waiting>().LastFailure.ShouldBe($"No living node has the labels that 'beta' is bound to ({Label}): start such a node, or correct the labels.");

        await owner.StartNodeAsync("south");
        owner.PassUntilDue();
        await owner.DeliverAsync(Token);
        owner.State.ShouldBeOfType<PointState.Idle>().Last!.End.ShouldBe(DeliveryEnd.Delivered);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_database_that_is_away_when_nodes_are_looked_for_is_no_fault_of_the_target()
    {
        await using var owner = await OwnerFixture.StartAsync(Token);
        await owner.CaptureAsync();
        owner.Members = () => throw MemoryStores.Away;

        var rest = (await owner.DeliverAsync(Token)).ShouldNotBeNull();

        rest.IsUntouched.ShouldBeTrue();
        owner.State.ShouldBeOfType<PointState.Waiting>().Delivery.FailedAttempts.ShouldBe(0);
        owner.Log.All.ShouldNotContain(line => line.Contains("broke with", StringComparison.Ordinal));
    }
}
