using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Capture.Tests.Support;
using PasswordSync.Capture.Uplink;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;

namespace PasswordSync.Capture.Tests.Sending;

/// <summary>Nodes that answer as a test says, and an uplink to them on a clock that stands.</summary>
internal sealed class ScriptedNodes : HttpMessageHandler
{
    private readonly CancellationTokenSource ending = new();
    private readonly SemaphoreSlim arrived = new(0);
    private int underWay;

    public ScriptedNodes(Func<Uri, IntakeBatch, Task<HttpResponseMessage>> answer, UplinkOptions? options = null, params string[] nodes)
    {
        Answer = answer;
        Nodes = new NodeList([.. (nodes.Length == 0 ? ["https://one.test"] : nodes).Select(node => new Uri(node))]);
        var edge = new EdgeName(new SourceId("alpha.test"), "dc1.alpha.test", "test");

        // Without a time-out of requests the only timers of the clock are the uplink's own pauses.
        options ??= new UplinkOptions { RequestTimeout = Timeout.InfiniteTimeSpan };
        Uplink = new Uplink.Uplink(new HttpClient(this), edge, Nodes, options, Clock, () => 0, NullLogger<Uplink.Uplink>.Instance) { Alarms = Alarms };
    }

    public ManualClock Clock { get; } = new();

    public RecordedAlarms Alarms { get; } = new();

    public NodeList Nodes { get; }

    public Uplink.Uplink Uplink { get; }

    public Func<Uri, IntakeBatch, Task<HttpResponseMessage>> Answer { get; set; }

    /// <summary>What was asked, in order.</summary>
    public ConcurrentQueue<(string Node, IntakeBatch Batch, int Bytes, DateTimeOffset At)> Requests { get; } = new();

    /// <summary>Runs the uplink during a test.</summary>
    public async Task RunAsync(Func<Task> test)
    {
        var running = Uplink.RunAsync(ending.Token);
        await test();
        await ending.CancelAsync();
        await running;
    }

    /// <summary>Waits for the next request, each once.</summary>
    public Task WhenAskedAsync(CancellationToken cancellationToken) => arrived.WaitAsync(cancellationToken);

    /// <summary>Moves the clock to the end of each pause, until the task has ended.</summary>
    public async Task AdvanceUntilAsync(Task task, CancellationToken cancellationToken)
    {
        while (!task.IsCompleted)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Volatile.Read(ref underWay) == 0 && Clock.ArmedTimers > 0) Clock.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Yield();
        }
    }

    /// <summary>Waits until the uplink pauses.</summary>
    public async Task WhenPausingAsync(CancellationToken cancellationToken)
    {
        while (Volatile.Read(ref underWay) > 0 || Clock.ArmedTimers == 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    /// <summary>Waits until the item has been sent all by itself, and the uplink pauses before it sends it again.</summary>
    public async Task WhenSentAloneAsync(IntakeItem item, CancellationToken cancellationToken)
    {
        while (!Requests.Any(request => request.Batch.Items is [var only] && only.CaptureIds[0] == item.CaptureIds[0])) await Task.Yield();
        await WhenPausingAsync(cancellationToken);
    }

    public static HttpResponseMessage Status(HttpStatusCode status) => new(status);

    public static HttpResponseMessage Text(string body) => new(HttpStatusCode.OK) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    public static HttpResponseMessage Answers(IEnumerable<CaptureAnswer> answers, params ImmutableArray<Uri> nodes) =>
        new(HttpStatusCode.OK) { Content = JsonContent.Create(new IntakeAnswer([.. answers], nodes, ConfigurationVersion: 7), IntakeJson.Default.IntakeAnswer) };

    public static Task<HttpResponseMessage> AcceptAsync(IntakeBatch batch) =>
        Task.FromResult(Answers(batch.Items.SelectMany(item => item.CaptureIds).Select(CaptureAnswer.Accepted)));

    public static CaptureReport Report(string account = "ann") =>
        new(new CaptureId(Guid.NewGuid()), Guid.NewGuid(), account, CaptureVerdict.RefusedBySource, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, Stamp: null);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref underWay);
        try
        {
            var body = await request.Content!.ReadAsByteArrayAsync(cancellationToken);
            var batch = System.Text.Json.JsonSerializer.Deserialize(body, IntakeJson.Default.IntakeBatch)!;
            Requests.Enqueue((request.RequestUri!.Host, batch, body.Length, Clock.GetUtcNow()));
            arrived.Release();
            return await Answer(request.RequestUri, batch).WaitAsync(cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref underWay);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            ending.Dispose();
            arrived.Dispose();
        }

        base.Dispose(disposing);
    }
}
