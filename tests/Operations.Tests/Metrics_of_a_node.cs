using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Intake;
using PasswordSync.Hosting.Metrics;
using PasswordSync.Lab;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>What monitoring systems read from a node, and that the page about it is true.</summary>
public sealed class Metrics_of_a_node
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Captures_decisions_deliveries_and_their_times_are_counted_for_prometheus()
    {
        using var beta = new MemoryTarget { PasswordLengthMin = 10 };
        beta.Add("ada");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        using var admin = OperatorClient.First(node);
        var capture = await node.CaptureAsync("ada", "Winter.2026!", 7, Token);
        await node.SendAsync(Token, capture);
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome.IsSuccess, Token);
        await node.SendAsync(Token, capture);
        await node.SendAsync(Token, await node.CaptureAsync("ada", "short", 8, Token));
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Sequel is AttemptSequel.Park, Token);
        using var question = new HttpRequestMessage(HttpMethod.Get, EdgeConfiguration.Path);
        var asked = DateTimeOffset.UtcNow;
        question.Headers.TryAddWithoutValidation(EdgeReport.Header, new EdgeReport(17, 4_096, asked.AddMinutes(-10)).ToHeader());
        using (await node.Edge.SendAsync(question, Token))
        {
        }

        var took = DateTimeOffset.UtcNow - asked;

        // An identity that nobody asks about lives on for some seconds only.
        var figures = await ReadAsync(admin, async read =>
        {
            await admin.RunAsync("sync identity show", Token, ("user", "ada"));
            return read.GetValueOrDefault("passwordsync_actors_live{kind=\"identity\"}") > 0;
        });

        figures["passwordsync_intake_captures_total{answer=\"accepted\",source=\"alpha\"}"].ShouldBe(2);
        figures["passwordsync_intake_captures_total{answer=\"already_have\",source=\"alpha\"}"].ShouldBe(1);
        figures["passwordsync_intake_duration_seconds_count{source=\"alpha\"}"].ShouldBe(3);
        figures["passwordsync_decisions_total{decision=\"newest\",reason=\"\"}"].ShouldBe(2);
        figures["passwordsync_attempts_total{outcome=\"Delivered\",point=\"beta\"}"].ShouldBe(1);
        figures["passwordsync_attempts_total{outcome=\"RefusedByPolicy\",point=\"beta\"}"].ShouldBe(1);
        figures["passwordsync_deliveries_total{end=\"Delivered\",point=\"beta\"}"].ShouldBe(1);
        figures["passwordsync_deliveries_total{end=\"Parked\",point=\"beta\"}"].ShouldBe(1);
        figures["passwordsync_delivery_duration_seconds_count{point=\"beta\"}"].ShouldBe(1);
        figures["passwordsync_delivery_duration_seconds_bucket{le=\"+Inf\",point=\"beta\"}"].ShouldBe(1);
        figures["passwordsync_delivery_duration_seconds_sum{point=\"beta\"}"].ShouldBeGreaterThan(0);
        foreach (var stage in (string[])["spooled", "confirmed", "accepted", "decided"]) figures[$"passwordsync_stage_duration_seconds_count{{stage=\"{stage}\"}}"].ShouldBe(2, stage);
        foreach (var stage in (string[])["started", "delivered"]) figures[$"passwordsync_stage_duration_seconds_count{{stage=\"{stage}\"}}"].ShouldBe(1, stage);
        figures["passwordsync_shards_owned"].ShouldBe(256);
        figures["passwordsync_shards_takeovers_total"].ShouldBe(256);
        figures["passwordsync_edge_spool_captures{controller=\"dc1.alpha.test\",source=\"alpha\"}"].ShouldBe(17);
        figures["passwordsync_edge_clock_offset_seconds{controller=\"dc1.alpha.test\",source=\"alpha\"}"].ShouldBeInRange(-600 - took.TotalSeconds - 1, -599);
        figures["passwordsync_actors_live{kind=\"identity\"}"].ShouldBe(1);
        figures.Keys.ShouldContain(name => name.StartsWith("dotnet_gc_", StringComparison.Ordinal), "the runtime's own");
        figures.Keys.ShouldNotContain(name => name.Contains("ada", StringComparison.Ordinal) || name.Contains($"{capture.CaptureId}", StringComparison.Ordinal), "figures name nobody");
    }

    [Fact(Timeout = 600_000)]
    public async Task Figures_of_two_nodes_in_one_process_are_kept_apart_and_nobody_unknown_reads_them()
    {
        await using var one = await TestNode.StartAsync(new Dictionary<string, MemoryTarget>(), Token);
        await using var other = await TestNode.StartAsync(new Dictionary<string, MemoryTarget>(), Token);
        using var admin = OperatorClient.First(one);

        await admin.UntilReadyAsync(Token);
        (await ReadAsync(admin, _ => Task.FromResult(true)))["passwordsync_shards_owned"].ShouldBe(256);
        using var stranger = OperatorClient.With(one, token: null);
        using var refused = await stranger.GetAsync("metrics", Token);
        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact(Timeout = 600_000)]
    public async Task Figures_are_sent_to_a_collector_with_the_nodes_name()
    {
        await using var collector = await OtlpReceiver.StartAsync(Token);
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget>(), Token);
        var file = Path.Combine(node.Folder, "node.json");
        var text = await File.ReadAllTextAsync(file, Token);
        await File.WriteAllTextAsync(file, text.Replace("\"admin\":", $"\"metrics\":{{\"otlp\":\"{collector.Address}\",\"interval\":\"1s\"}},\"admin\":", StringComparison.Ordinal), Token);

        await node.RestartAsync(new Dictionary<string, MemoryTarget>(), null, Token);

        var resource = await collector.WaitForAsync("passwordsync.shards.owned", Token);
        resource.ShouldContain("passwordsync-node");
        resource.ShouldContain("test/node1");
        await collector.WaitForAsync("passwordsync.node.ready", Token);
    }

    [Theory]
    [InlineData("collector.example:4318")]
    [InlineData("ftp://collector.example")]
    [InlineData("http://collector.example:4318/v1/metrics")]
    [InlineData("https://user:secret@collector.example")]
    public void An_address_that_is_no_collectors_is_told_at_the_start(string address) =>
        new MetricsSettings { Otlp = address }.FindFaults().Single().Key.ShouldBe("metrics.otlp");

    [Fact]
    public void An_interval_out_of_bounds_is_told_at_the_start() =>
        new MetricsSettings { Otlp = "https://collector.example", Interval = TimeSpan.FromMilliseconds(1) }.FindFaults().Single().Key.ShouldBe("metrics.interval");

    [Fact(Timeout = 600_000)]
    public async Task The_page_about_metrics_names_every_instrument_as_it_is()
    {
        var published = new Dictionary<string, Instrument>(StringComparer.Ordinal);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (!instrument.Meter.Name.StartsWith("PasswordSync.", StringComparison.Ordinal)) return;
                lock (published) published[instrument.Name] = instrument;
            },
        };
        listener.Start();
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget>(), Token);
        using var edge = new EdgeNode.EdgeMetrics(() => throw new InvalidOperationException("Nobody asks."), TimeProvider.System);

        List<string> rows = [];
        lock (published) rows.AddRange(published.Values.OrderBy(one => one.Meter.Name, StringComparer.Ordinal).ThenBy(one => one.Name, StringComparer.Ordinal).Select(RowOf));
        rows.Count.ShouldBeGreaterThan(25);
        GeneratedPage.ShouldHave("docs/operations/metrics.md", "|---|---|---|---|---|", "The attribute", [.. rows, ""]);
    }

    private static string RowOf(Instrument instrument)
    {
        var type = instrument.GetType().Name;
        var isCounter = type.StartsWith("Counter", StringComparison.Ordinal) || type.StartsWith("ObservableCounter", StringComparison.Ordinal);
        var kind = isCounter ? "counter" : type.StartsWith("Histogram", StringComparison.Ordinal) ? "histogram" : "gauge";
        return $"| `{instrument.Name}` | {kind} | {instrument.Unit!.Trim('{', '}')} | `{PrometheusText.NameOf(instrument.Name, instrument.Unit, isCounter)}` | {instrument.Description} |";
    }

    // Keeps asking until the figures that are read at an interval are there, and all of them fit; attributes in the order of their names.
    private static async Task<Dictionary<string, double>> ReadAsync(OperatorClient client, Func<Dictionary<string, double>, Task<bool>> fits)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            if (!isFirst) await Task.Delay(Eventually.LookInterval, Token);
            using var answer = await client.GetAsync("metrics", Token);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/plain");
            var text = await answer.Content.ReadAsStringAsync(Token);
            if (!text.Contains("passwordsync_node_ready", StringComparison.Ordinal)) continue;
            var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#').ToList();
            lines.Distinct().Count().ShouldBe(lines.Count);
            var figures = lines.ToDictionary(line => Sorted(line[..line.LastIndexOf(' ')]), line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
            if (await fits(figures)) return figures;
        }
    }

    private static string Sorted(string series)
    {
        var brace = series.IndexOf('{', StringComparison.Ordinal);
        return brace < 0 ? series : $"{series[..brace]}{{{string.Join(',', series[(brace + 1)..^1].Split(',').Order(StringComparer.Ordinal))}}}";
    }
}
