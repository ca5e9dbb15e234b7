using System.Net;
using PasswordSync.Capture.Health;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Intake;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.Sending;

/// <summary>From one edge to any node: the same ids until each has its answer, and nobody waits for what another's item does.</summary>
public sealed class UplinkTroubleTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 300_000)]
    public async Task An_item_is_sent_at_once_and_its_own_answer_comes_back()
    {
        using var nodes = new ScriptedNodes((_, batch) => ScriptedNodes.AcceptAsync(batch));
        var item = ScriptedNodes.Report();
        await nodes.RunAsync(async () =>
        {
            var answers = await nodes.Uplink.SendAsync(item, Token);

            answers.ShouldHaveSingleItem().ShouldBe(CaptureAnswer.Accepted(item.CaptureId));
            nodes.Uplink.ConfigurationVersion.ShouldBe(7);
            nodes.Uplink.WaitingItems.ShouldBe(0);
        });
    }

    [Fact(Timeout = 300_000)]
    public async Task What_comes_while_a_batch_is_under_way_goes_together_in_the_next_one()
    {
        var first = new TaskCompletionSource();
        using var nodes = new ScriptedNodes((_, batch) => ScriptedNodes.AcceptAsync(batch));
        nodes.Answer = async (_, batch) =>
        {
            await first.Task;
            return await ScriptedNodes.AcceptAsync(batch);
        };
        await nodes.RunAsync(async () =>
        {
            var sent = new List<Task> { nodes.Uplink.SendAsync(ScriptedNodes.Report(), Token) };
            await nodes.WhenAskedAsync(Token);
            for (var i = 0; i < 300; i++) sent.Add(nodes.Uplink.SendAsync(ScriptedNodes.Report(), Token));
            first.SetResult();
            await Task.WhenAll(sent);
        });

        nodes.Requests.Select(request => request.Batch.Items.Length).ShouldBe([1, IntakeBatch.ItemsMax, 300 - IntakeBatch.ItemsMax]);
    }

    [Fact(Timeout = 300_000)]
    public async Task A_node_that_does_not_answer_gives_way_to_the_next_which_comes_first_from_then_on()
    {
        using var nodes = new ScriptedNodes(
            (uri, batch) => uri.Host == "one.test" ? throw new HttpRequestException("refused") : ScriptedNodes.AcceptAsync(batch), options: null, "https://one.test", "https://two.test");
        await nodes.RunAsync(async () =>
        {
            await nodes.Uplink.SendAsync(ScriptedNodes.Report(), Token);
            await nodes.Uplink.SendAsync(ScriptedNodes.Report(), Token);
        });

        nodes.Requests.Select(request => request.Node).ShouldBe(["one.test", "two.test", "two.test"]);
    }

    [Fact(Timeout = 300_000)]
    public async Task A_node_whose_database_is_away_gives_way_to_one_that_can_take_the_batch()
    {
        using var nodes = new ScriptedNodes(
            (uri, batch) => uri.Host == "one.test" ? Task.FromResult(ScriptedNodes.Answers(Ids(batch).Select(id => CaptureAnswer.TryAgain(id, "away")))) : ScriptedNodes.AcceptAsync(batch),
            options: null,
            "https://one.test",
            "https://two.test");
        await nodes.RunAsync(() => nodes.Uplink.SendAsync(ScriptedNodes.Report(), Token));

        nodes.Requests.Select(request => request.Node).ShouldBe(["one.test", "two.test"]);
    }

    [Fact(Timeout = 300_000)]
    public async Task The_same_id_is_sent_again_when_the_answer_was_lost()
    {
        var lost = 0;
        using var nodes = new ScriptedNodes((_, batch) => lost++ == 0
            ? throw new HttpRequestException("cut off")
            : Task.FromResult(ScriptedNodes.Answers(Ids(batch).Select(CaptureAnswer.AlreadyHave))));
        var item = ScriptedNodes.Report();
        await nodes.RunAsync(async () =>
        {
            var sent = nodes.Uplink.SendAsync(item, Token);
            await nodes.AdvanceUntilAsync(sent, Token);

            (await sent).ShouldHaveSingleItem().Kind.ShouldBe(AnswerKind.AlreadyHave);
        });

        nodes.Requests.SelectMany(request => Ids(request.Batch)).ShouldBe([item.CaptureId, item.CaptureId]);
    }

    [Fact(Timeout = 300_000)]
    public async Task Pauses_double_up_to_their_bound_while_no_node_answers()
    {
        using var nodes = new ScriptedNodes((_, _) => throw new HttpRequestException("nobody"));
        await nodes.RunAsync(async () =>
        {
            using var enough = new CancellationTokenSource();
            var sent = nodes.Uplink.SendAsync(ScriptedNodes.Report(), enough.Token);
            double[] pauses = [0.25, 0.5, 1, 2, 4, 8, 15, 15];
            foreach (var pause in pauses)
            {
                await nodes.WhenAskedAsync(Token);
                await nodes.WhenPausingAsync(Token);
                nodes.Clock.Advance(TimeSpan.FromSeconds(pause) - TimeSpan.FromMilliseconds(1));
                nodes.Clock.ArmedTimers.ShouldBe(1);
                nodes.Clock.Advance(TimeSpan.FromMilliseconds(1));
            }

            await nodes.WhenAskedAsync(Token);
            await enough.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => sent);
        });
    }

    [Fact(Timeout = 300_000)]
    public async Task An_item_that_no_node_takes_holds_up_no_other_and_is_alarmed()
    {
        var stuck = ScriptedNodes.Report();
        using var nodes = new ScriptedNodes((_, batch) => Task.FromResult(ScriptedNodes.Answers(
            Ids(batch).Select(id => id == stuck.CaptureId ? CaptureAnswer.TryAgain(id, "not now") : CaptureAnswer.Accepted(id)))));
        await nodes.RunAsync(async () =>
        {
            using var enough = new CancellationTokenSource();
            var waiting = nodes.Uplink.SendAsync(stuck, enough.Token);
            await nodes.WhenAskedAsync(Token);

            // The clock stands: whoever waited for the stuck one's pause would wait for ever.
            for (var i = 0; i < 3; i++) (await nodes.Uplink.SendAsync(ScriptedNodes.Report(), Token)).ShouldHaveSingleItem();

            waiting.IsCompleted.ShouldBeFalse();
            var alarmed = Task.Run(async () => { while (nodes.Alarms.All.IsEmpty) await Task.Yield(); }, Token);
            await nodes.AdvanceUntilAsync(alarmed, Token);
            nodes.Alarms.All.ShouldHaveSingleItem().ShouldBeOfType<EdgeAlarm.CaptureNotTaken>().CaptureId.ShouldBe(stuck.CaptureId);
            await enough.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => waiting);
        });
    }

    [Fact(Timeout = 300_000)]
    public async Task An_item_that_an_answer_forgets_is_sent_again()
    {
        var asked = 0;
        using var nodes = new ScriptedNodes((_, batch) => Task.FromResult(ScriptedNodes.Answers(asked++ == 0 ? [] : Ids(batch).Select(CaptureAnswer.Accepted))));
        await nodes.RunAsync(async () =>
        {
            var sent = nodes.Uplink.SendAsync(ScriptedNodes.Report(), Token);
            await nodes.AdvanceUntilAsync(sent, Token);
            (await sent).ShouldHaveSingleItem().Kind.ShouldBe(AnswerKind.Accepted);
        });
    }

    [Theory(Timeout = 300_000)]
    [InlineData(HttpStatusCode.BadRequest)]
    [InlineData(HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(HttpStatusCode.InternalServerError)]
    public async Task A_batch_that_is_refused_is_halved_until_only_the_item_at_fault_is_left(HttpStatusCode status)
    {
        var bad = ScriptedNodes.Report("bad");
        var gate = new TaskCompletionSource();
        using var nodes = new ScriptedNodes((_, batch) => ScriptedNodes.AcceptAsync(batch));
        nodes.Answer = async (_, batch) =>
        {
            await gate.Task;
            return Ids(batch).Contains(bad.CaptureId) ? ScriptedNodes.Status(status) : await ScriptedNodes.AcceptAsync(batch);
        };
        await nodes.RunAsync(async () =>
        {
            using var enough = new CancellationTokenSource();
            var good = new List<Task> { nodes.Uplink.SendAsync(ScriptedNodes.Report(), Token) };
            await nodes.WhenAskedAsync(Token);
            var waiting = nodes.Uplink.SendAsync(bad, enough.Token);
            for (var i = 0; i < 50; i++) good.Add(nodes.Uplink.SendAsync(ScriptedNodes.Report(), Token));
            gate.SetResult();

            await Task.WhenAll(good);

            waiting.IsCompleted.ShouldBeFalse();
            await nodes.WhenSentAloneAsync(bad, Token);
            await enough.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => waiting);
        });
        nodes.Requests.Where(request => Ids(request.Batch).Contains(bad.CaptureId)).Last().Batch.Items.Length.ShouldBe(1);
    }

    [Fact(Timeout = 300_000)]
    public async Task An_edge_that_is_refused_raises_an_alarm_and_keeps_its_items()
    {
        var refuse = true;
        using var nodes = new ScriptedNodes((_, batch) => refuse ? Task.FromResult(ScriptedNodes.Status(HttpStatusCode.Forbidden)) : ScriptedNodes.AcceptAsync(batch));
        await nodes.RunAsync(async () =>
        {
            var sent = nodes.Uplink.SendAsync(ScriptedNodes.Report(), Token);
            await nodes.WhenAskedAsync(Token);
            await nodes.WhenPausingAsync(Token);
            nodes.Alarms.Standing.ShouldHaveSingleItem().ShouldBeOfType<EdgeAlarm.NoNodeAnswers>().Reason.ShouldContain("403");

            refuse = false;
            await nodes.AdvanceUntilAsync(sent, Token);
            (await sent).ShouldHaveSingleItem().Kind.ShouldBe(AnswerKind.Accepted);
        });
    }

    [Fact(Timeout = 300_000)]
    public async Task No_batch_is_over_the_bound_in_bytes_not_even_of_items_that_are_sent_again()
    {
        var fails = 4;
        using var nodes = new ScriptedNodes((_, batch) => Interlocked.Decrement(ref fails) > 0
            ? Task.FromResult(ScriptedNodes.Answers(Ids(batch).Select(id => CaptureAnswer.TryAgain(id, "later"))))
            : ScriptedNodes.AcceptAsync(batch));

        // Each letter is six bytes in JSON.
        var items = Enumerable.Range(0, 300).Select(_ => ScriptedNodes.Report(new string('ü', 1_500))).ToList();
        await nodes.RunAsync(async () =>
        {
            var all = Task.WhenAll(items.Select(item => nodes.Uplink.SendAsync(item, Token)));
            await nodes.AdvanceUntilAsync(all, Token);
        });

        nodes.Requests.Max(request => request.Bytes).ShouldBeLessThanOrEqualTo(IntakeBatch.BytesMax);
    }

    [Fact(Timeout = 300_000)]
    public async Task Whoever_gives_up_is_not_sent_for_any_more_and_holds_no_place()
    {
        var gate = new TaskCompletionSource();
        using var nodes = new ScriptedNodes((_, batch) => ScriptedNodes.AcceptAsync(batch));
        nodes.Answer = async (_, batch) =>
        {
            await gate.Task;
            return await ScriptedNodes.AcceptAsync(batch);
        };
        var given = ScriptedNodes.Report();
        await nodes.RunAsync(async () =>
        {
            using var giveUp = new CancellationTokenSource();
            var first = nodes.Uplink.SendAsync(ScriptedNodes.Report(), Token);
            await nodes.WhenAskedAsync(Token);
            var second = nodes.Uplink.SendAsync(given, giveUp.Token);
            await giveUp.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => second);
            nodes.Uplink.WaitingItems.ShouldBe(1);
            gate.SetResult();
            await first;
            await nodes.Uplink.SendAsync(ScriptedNodes.Report(), Token);
        });

        nodes.Requests.SelectMany(request => Ids(request.Batch)).ShouldNotContain(given.CaptureId);
    }

    [Theory(Timeout = 300_000)]
    [InlineData("null")]
    [InlineData("{\"captures\":[null],\"nodes\":[],\"configurationVersion\":1}")]
    [InlineData("{\"captures\":null,\"nodes\":null,\"configurationVersion\":1}")]
    [InlineData("<html>")]
    public async Task Garbage_in_an_answer_does_not_end_the_uplink(string garbage)
    {
        var asked = 0;
        using var nodes = new ScriptedNodes((_, batch) => asked++ == 0 ? Task.FromResult(ScriptedNodes.Text(garbage)) : ScriptedNodes.AcceptAsync(batch));
        await nodes.RunAsync(async () =>
        {
            var sent = nodes.Uplink.SendAsync(ScriptedNodes.Report(), Token);
            await nodes.AdvanceUntilAsync(sent, Token);
            (await sent).ShouldHaveSingleItem().Kind.ShouldBe(AnswerKind.Accepted);
        });
    }

    [Fact(Timeout = 300_000)]
    public async Task A_silent_node_is_left_after_the_time_out_of_a_request()
    {
        var options = new Uplink.UplinkOptions();
        using var nodes = new ScriptedNodes(
            async (uri, batch) =>
            {
                if (uri.Host == "one.test") await new TaskCompletionSource().Task;
                return await ScriptedNodes.AcceptAsync(batch);
            },
            options,
            "https://one.test",
            "https://two.test");
        await nodes.RunAsync(async () =>
        {
            var sent = nodes.Uplink.SendAsync(ScriptedNodes.Report(), Token);
            await nodes.WhenAskedAsync(Token);
            nodes.Clock.Advance(options.RequestTimeout);
            (await sent).ShouldHaveSingleItem().Kind.ShouldBe(AnswerKind.Accepted);
        });
    }

    private static IEnumerable<CaptureId> Ids(IntakeBatch batch) => batch.Items.SelectMany(item => item.CaptureIds);
}
