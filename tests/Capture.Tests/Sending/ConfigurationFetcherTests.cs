using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Capture.Uplink;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.Sending;

public sealed class ConfigurationFetcherTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 300_000)]
    public async Task A_configuration_that_could_not_be_taken_comes_again()
    {
        using var handler = new Node();
        using var http = new HttpClient(handler);
        using var ending = new CancellationTokenSource();
        var clock = new ManualClock();
        var nodes = new NodeList([new Uri("https://one.test")]);
        var options = new UplinkOptions { RequestTimeout = Timeout.InfiniteTimeSpan };
        var uplink = new Uplink.Uplink(http, new EdgeName(new SourceId("alpha"), "dc1", "test"), nodes, options, clock, () => 0, NullLogger<Uplink.Uplink>.Instance);
        var taken = new TaskCompletionSource<EdgeConfiguration>(TaskCreationOptions.RunContinuationsAsynchronously);
        var tries = 0;
        var fetcher = new ConfigurationFetcher(http, nodes, uplink, TakeAsync, options, clock, NullLogger<ConfigurationFetcher>.Instance) { Alarms = () => tries == 0 ? ["SpoolFull", "HookNotCalled"] : [] };

        var running = fetcher.RunAsync(ending.Token);
        while (!taken.Task.IsCompleted)
        {
            Token.ThrowIfCancellationRequested();
            if (clock.ArmedTimers > 0) clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        (await taken.Task).Version.ShouldBe(3);
        tries.ShouldBeGreaterThan(1);
        handler.Alarms.Take(2).ShouldBe(["HookNotCalled,SpoolFull", null], "the edge tells what stands, and nothing where nothing does");
        await ending.CancelAsync();
        await running;

        ValueTask TakeAsync(EdgeConfiguration configuration, CancellationToken cancellationToken)
        {
            if (++tries == 1) throw new InvalidOperationException("The disk is full.");
            taken.TrySetResult(configuration);
            return ValueTask.CompletedTask;
        }
    }

    [Fact(Timeout = 300_000)]
    public async Task A_stop_during_which_a_connection_breaks_ends_as_any_other()
    {
        using var ending = new CancellationTokenSource();
        using var handler = new BreakingAtTheEnd();
        using var http = new HttpClient(handler);
        var clock = new ManualClock();
        var nodes = new NodeList([new Uri("https://one.test")]);
        var options = new UplinkOptions { RequestTimeout = Timeout.InfiniteTimeSpan };
        var uplink = new Uplink.Uplink(http, new EdgeName(new SourceId("alpha"), "dc1", "test"), nodes, options, clock, () => 0, NullLogger<Uplink.Uplink>.Instance);
        var fetcher = new ConfigurationFetcher(http, nodes, uplink, (_, _) => ValueTask.CompletedTask, options, clock, NullLogger<ConfigurationFetcher>.Instance);
        var fetching = fetcher.RunAsync(ending.Token);
        await handler.Asked.WaitAsync(Token);
        var sending = uplink.RunAsync(ending.Token);
        var sent = uplink.SendAsync(ScriptedNodes.Report(), ending.Token);
        await handler.Asked.WaitAsync(Token);

        await ending.CancelAsync();
        handler.Break();

        await fetching;
        await sending;
        await Should.ThrowAsync<OperationCanceledException>(() => sent);
    }

    private sealed class BreakingAtTheEnd : HttpMessageHandler
    {
        private readonly TaskCompletionSource broken = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public SemaphoreSlim Asked { get; } = new(0);

        public void Break() => broken.SetException(new IOException("The connection broke."));

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked.Release();
            await broken.Task;
            throw new InvalidOperationException("It did not break.");
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) Asked.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class Node : HttpMessageHandler
    {
        /// <summary>What the header of alarms said in each question; null where there was none.</summary>
        public ConcurrentQueue<string?> Alarms { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Alarms.Enqueue(request.Headers.TryGetValues(EdgeAlarms.Header, out var told) ? told.Single() : null);
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK)
            {
                Content = JsonContent.Create(
                    new EdgeConfiguration(3, "main", new SourceId("alpha"), ImmutableArray<ScopeRule>.Empty, [], [], EdgeConfiguration.GraceSecondsDefault), IntakeJson.Default.EdgeConfiguration),
            });
        }
    }
}
