using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Capture.Uplink;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.Sending;

public sealed class UplinkTests : IAsyncDisposable
{
    private static readonly Uri First = new("https://node1/");
    private static readonly Uri Second = new("https://node2/");

    // Longer than a waiting test can move the clock while an answer is held up on other threads: minutes of real time.
    private static readonly UplinkOptions Options = new() { RequestTimeout = TimeSpan.FromDays(40) };

    private readonly ManualClock time = new();
    private readonly Nodes nodes = new();
    private readonly HttpClient http;
    private readonly NodeList list = new([First, Second]);
    private readonly CancellationTokenSource stop = new();
    private readonly PasswordSync.Capture.Uplink.Uplink uplink;
    private readonly Task run;

    public UplinkTests()
    {
        http = new HttpClient(nodes, disposeHandler: false);
        uplink = new(http, new EdgeName(new SourceId("a"), "dc1.a", "1.0"), list, Options, time, () => 0, NullLogger<PasswordSync.Capture.Uplink.Uplink>.Instance);
        run = uplink.RunAsync(stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await run;
        http.Dispose();
        nodes.Dispose();
        stop.Dispose();
    }

    [Fact]
    public async Task Item_is_sent_at_once_and_answered_for_its_own_capture()
    {
        var item = Report(1);
        (await uplink.SendAsync(item, CancellationToken.None)).ShouldBe([CaptureAnswer.Accepted(item.CaptureId)]);
        var batch = nodes.Batches.ShouldHaveSingleItem();
        batch.Node.ShouldBe(First);
        batch.Batch.Source.ShouldBe(new SourceId("a"));
        batch.Batch.DomainController.ShouldBe("dc1.a");
    }

    [Fact]
    public async Task Items_that_come_while_a_batch_is_under_way_go_together_in_the_next()
    {
        var mayAnswer = new TaskCompletionSource();
        var asked = new TaskCompletionSource();
        nodes.Before = async _ =>
        {
            asked.TrySetResult();
            await mayAnswer.Task;
        };
        var first = uplink.SendAsync(Report(1), CancellationToken.None);
        await asked.Task;
        var others = Enumerable.Range(2, 300).Select(number => uplink.SendAsync(Report(number), CancellationToken.None)).ToList();
        mayAnswer.SetResult();
        await first;
        await Task.WhenAll(others);

        // Not more to a batch than either bound allows, and far fewer batches than items.
        var sizes = nodes.Batches.Select(batch => batch.Batch.Items.Length).ToList();
        sizes[0].ShouldBe(1);
        sizes.Sum().ShouldBe(301);
        sizes.ShouldAllBe(size => size <= IntakeBatch.ItemsMax);
        sizes.Count.ShouldBeLessThanOrEqualTo(4);
    }

    [Fact]
    public async Task Node_that_does_not_answer_is_passed_over_at_once_and_the_one_that_did_comes_first_from_then_on()
    {
        nodes.Before = node => node == First ? throw new HttpRequestException("Connection refused.") : Task.CompletedTask;
        await uplink.SendAsync(Report(1), CancellationToken.None);
        await uplink.SendAsync(Report(2), CancellationToken.None);
        nodes.Asked.ShouldBe([First, Second, Second]);
        time.ArmedTimers.ShouldBe(0);
    }

    [Fact]
    public async Task When_no_node_answers_the_same_ids_are_sent_again_after_growing_pauses()
    {
        var isDown = true;
        nodes.Before = _ => Volatile.Read(ref isDown) ? throw new HttpRequestException("Connection refused.") : Task.CompletedTask;
        var item = Report(1);
        var since = time.GetUtcNow();
        var sent = uplink.SendAsync(item, CancellationToken.None);
        await UntilAsync(() => nodes.Asked.Count >= 8);
        Volatile.Write(ref isDown, false);
        await UntilAsync(() => sent.IsCompleted);

        (await sent).ShouldBe([CaptureAnswer.Accepted(item.CaptureId)]);

        // 0.25, 0.5, 1 and 2 s lie between the rounds.
        (time.GetUtcNow() - since).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(3.75));
    }

    [Fact]
    public async Task Capture_that_is_to_be_tried_again_goes_again_and_the_others_of_its_batch_do_not()
    {
        var late = Report(1);
        var rounds = 0;
        nodes.Answer = id => id == late.CaptureId && ++rounds == 1 ? CaptureAnswer.TryAgain(id, "The disk is full.") : CaptureAnswer.Accepted(id);
        var sent = uplink.SendAsync(late, CancellationToken.None);
        await UntilAsync(() => sent.IsCompleted);
        (await sent).ShouldBe([CaptureAnswer.Accepted(late.CaptureId)]);
        nodes.Batches.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Node_that_stays_silent_is_given_up_after_its_time()
    {
        var asked = new TaskCompletionSource();
        nodes.Before = node =>
        {
            asked.TrySetResult();
            return node == First ? new TaskCompletionSource().Task : Task.CompletedTask;
        };
        var sent = uplink.SendAsync(Report(1), CancellationToken.None);
        await asked.Task;
        time.Advance(Options.RequestTimeout);
        await sent;
        nodes.Asked.ShouldBe([First, Second]);
    }

    [Fact]
    public async Task Nodes_and_configuration_that_an_answer_tells_of_are_taken()
    {
        Uri third = new("https://node3/");
        nodes.Told = [third];
        await uplink.SendAsync(Report(1), CancellationToken.None);
        list.InOrder().ShouldBe([First, Second, third], ignoreOrder: true);
        uplink.ConfigurationVersion.ShouldBe(7);
    }

    private static CaptureReport Report(int number) =>
        new(new CaptureId(new Guid(number, 0, 0, new byte[8])), null, "ann", CaptureVerdict.RefusedBySource, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, null);

    private async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Yield();
        }
    }

    private sealed class Nodes : HttpMessageHandler
    {
        public Func<Uri, Task> Before { get; set; } = _ => Task.CompletedTask;

        public Func<CaptureId, CaptureAnswer> Answer { get; set; } = CaptureAnswer.Accepted;

        public ImmutableArray<Uri> Told { get; set; } = [];

        public ConcurrentQueue<Uri> Asked { get; } = [];

        public ConcurrentQueue<(Uri Node, IntakeBatch Batch)> Batches { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var node = new Uri(request.RequestUri!.GetLeftPart(UriPartial.Authority) + "/");
            Asked.Enqueue(node);
            var batch = (await request.Content!.ReadFromJsonAsync(IntakeJson.Default.IntakeBatch, cancellationToken))!;
            await Before(node).WaitAsync(cancellationToken);
            Batches.Enqueue((node, batch));
            var answers = batch.Items.SelectMany(item => item.CaptureIds).Select(Answer);
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = JsonContent.Create(new IntakeAnswer([.. answers], Told, 7), IntakeJson.Default.IntakeAnswer) };
        }
    }
}
