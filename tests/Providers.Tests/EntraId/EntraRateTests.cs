using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Journal.Postgres;
using PasswordSync.Lab;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.EntraId;
using PasswordSync.Providers.Execution;
using PasswordSync.Providers.Limits;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.EntraId;

/// <summary>A backlog against a tenant with a small copy of the published quota.</summary>
public sealed class EntraRateTests(LabServers servers, ITestOutputHelper output)
{
    private const int Workers = 8;

    /// <summary>Of how many series the best counts: a busy machine can only slow one down, or hold requests back until too many arrive together.</summary>
    private const int SeriesMax = 4;

    /// <summary>As by default, but that no call ends before its time on a busy machine.</summary>
    private static readonly ProviderLimits Limits = ProviderLimits.Default with { CallTimeout = Any.LongTime };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The quota's copy: the documented rate is 20 a second; 50 in both, in a short window, or in one that is a fifth of the documented.</summary>
    private static (int Writes, TimeSpan Window) Quota => IsLong ? (1_500, TimeSpan.FromSeconds(30)) : (250, TimeSpan.FromSeconds(5));

    private static int Writes => Quota.Writes;

    private static TimeSpan Window => Quota.Window;

    /// <summary>How many windows' worth of passwords wait. The first one is not measured: one node alone may use it at once.</summary>
    private static int Windows => IsLong ? 4 : 3;

    private static bool IsLong => Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1";

    [Fact]
    public async Task A_backlog_flows_at_the_quotas_rate_after_the_first_window_with_nothing_parked_or_refused()
    {
        const int writes = 100;
        const int windows = 4;
        var (clock, window) = (new ManualClock(), TimeSpan.FromSeconds(5));
        await using var target = await EntraConformanceTarget.OpenAsync(
            withCertificate: false, options => options with { QuotaWrites = writes, QuotaWindow = window, QuotaTime = clock }, new WriteQuota(writes, window, clock), Token);
        await using var provider = new GuardedProvider(new EntraIdProvider(target.Options, Any.Context(clock), target.Budget), Limits, clock);
        var first = (int)(writes * WriteQuota.UsedPart);

        var times = await WorkAllAsync(target, provider, clock, windows * first, roundsMax: 10 * windows);

        var taken = times[^1] - times[first - 1];
        taken.ShouldBeGreaterThan(TimeSpan.Zero);
        ((times.Count - first) / taken.TotalSeconds).ShouldBeGreaterThanOrEqualTo(0.95 * writes / window.TotalSeconds);
        target.Emulator.Refusals.ShouldBe(0);
    }

    // Limits that our own budget knows nothing of: what Graph refuses, rests as long as Graph says, and is delivered.
    [Theory]
    [InlineData(25, 18_000)]
    [InlineData(3_500, 20)]
    public async Task A_backlog_beyond_the_other_published_limits_flows_as_they_let_it_with_nothing_parked(int resourceUnits, int tenantWrites)
    {
        const int people = 60;
        var (clock, window) = (new ManualClock(), TimeSpan.FromSeconds(5));
        await using var target = await EntraConformanceTarget.OpenAsync(
            withCertificate: false,
            options => options with { ResourceUnits = resourceUnits, ResourceUnitsWindow = window, TenantQuotaWrites = tenantWrites, TenantQuotaWindow = window, QuotaTime = clock },
            new WriteQuota(3_000, TimeSpan.FromSeconds(150), clock), Token);
        await using var provider = new GuardedProvider(new EntraIdProvider(target.Options, Any.Context(clock), target.Budget), Limits, clock);

        var times = await WorkAllAsync(target, provider, clock, people, roundsMax: 10 * people);

        // At least as long as the limit needs for so much. Before a rest, a second at least, each worker is refused once by each of its requests: to find, to write, to look at the mark.
        times[^1].ShouldBeGreaterThanOrEqualTo(window * ((people - 1) / 20));
        target.Emulator.Refusals.ShouldBeInRange(1, 3 * Workers * (1 + (int)times[^1].TotalSeconds));
    }

    [Fact]
    public async Task A_backlog_flows_at_the_quotas_rate_by_the_clock_on_the_wall()
    {
        Assert.SkipUnless(IsLong, "Part of the long series: a busy machine loses more of a short one than is left to lose.");
        await using var target = await EntraConformanceTarget.OpenAsync(
            withCertificate: false, options => options with { QuotaWrites = Writes, QuotaWindow = Window }, new WriteQuota(Writes, Window, TimeProvider.System), Token);
        await using var provider = new GuardedProvider(target.Provider, Limits, TimeProvider.System);
        await CheckAsync(target, [provider], part: 0.95);
    }

    [Fact]
    public async Task Three_nodes_that_count_in_one_database_keep_the_quota_together_and_use_it()
    {
        var server = await servers.PostgresAsync(Token);
        var nodes = new List<PostgresStore>();
        for (var i = 0; i < 3; i++)
        {
            nodes.Add(await PostgresStore.OpenAsync(
                new PostgresStoreOptions { ConnectionString = server.ConnectionStringWithoutPassword, Password = _ => ValueTask.FromResult(PostgresServer.AdministratorPassword), Schema = "entra_rate", Expiry = PostgresStoreOptions.ExpiryMax, NodeName = $"node{i}" },
                TimeProvider.System, NullLoggerFactory.Instance, Token));
        }

        await using var target = await EntraConformanceTarget.OpenAsync(
            withCertificate: false, options => options with { QuotaWrites = Writes, QuotaWindow = Window }, budget: null, Token);
        var providers = nodes.Select(node => new GuardedProvider(
            new EntraIdProvider(target.Options, Any.Context(TimeProvider.System), new ClusterWriteQuota(Writes, Window, EntraIdProviderFactory.BucketOf(target.Options), () => node.Rates)),
            Limits, TimeProvider.System)).ToArray();

        // In a small copy of the quota a tenth of a second without the processor is lost for good: a short series shows that the nodes work together, a long one the rate.
        await CheckAsync(target, providers, part: IsLong ? 0.95 : null);

        foreach (var provider in providers) await provider.DisposeAsync();
        foreach (var node in nodes) await node.DisposeAsync();
    }

    [Theory]
    [InlineData(3_000, 150)]
    [InlineData(250, 5)]
    [InlineData(1, 1)]
    public void A_full_bucket_and_what_fills_in_a_window_are_within_the_quota(int writes, int seconds)
    {
        var window = TimeSpan.FromSeconds(seconds);
        var rule = new ClusterWriteQuota(writes, window, "bucket", () => throw new InvalidOperationException()).Rule;

        (rule.Permits + (rule.Permits * (window / rule.Per))).ShouldBeLessThanOrEqualTo(Math.Max(writes, 2));
    }

    /// <summary>Works off some windows' worth of passwords over all nodes; after the first window at no less than a part of the quota's rate, with few refusals, both in one series.</summary>
    private async Task CheckAsync(EntraConformanceTarget target, GuardedProvider[] nodes, double? part)
    {
        foreach (var node in nodes) (await node.VerifyAsync(Token)).IsGood.ShouldBeTrue();
        var first = (int)(Writes * WriteQuota.UsedPart);
        var measured = (Windows - 1) * first;
        var atQuota = Window * measured / Writes;
        var (taken, refused) = (TimeSpan.MaxValue, int.MaxValue);
        for (var series = 0; series < SeriesMax && ((part is { } least && taken >= atQuota / least) || refused > measured / 50); series++)
        {
            await Eventually.HoldsAsync("an empty window", TimeSpan.FromMinutes(5), _ => Task.FromResult(target.Emulator.WritesInWindow == 0), Token);
            var refusedBefore = target.Emulator.Refusals;
            var times = await WorkAllAsync(target, nodes, first + measured);
            taken = times[^1] - times[first - 1];
            refused = target.Emulator.Refusals - refusedBefore;
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{first} passwords in {times[first - 1].TotalSeconds:F1} s, then {measured} in {taken.TotalSeconds:F1} s, at the quota's rate {atQuota.TotalSeconds:F1} s ({atQuota / taken:P1}); {refused} refused."));
        }

        refused.ShouldBeLessThanOrEqualTo(measured / 50);
        if (part is { } asked) taken.ShouldBeLessThan(atQuota / asked);
    }

    /// <summary>Works off a backlog by a clock that stands still: whoever is throttled rests; when all do, their time passes at once. So what the machine needs for a request counts for nothing.</summary>
    /// <returns>When each password was there, in order.</returns>
    private static async Task<List<TimeSpan>> WorkAllAsync(EntraConformanceTarget target, GuardedProvider provider, ManualClock clock, int count, int roundsMax)
    {
        var backlog = await BacklogAsync(target, count);
        var all = backlog.ToList();
        var made = new ConcurrentQueue<TimeSpan>();
        var start = clock.GetTimestamp();
        for (var round = 0; !backlog.IsEmpty; round++)
        {
            round.ShouldBeLessThan(roundsMax, "the backlog must end");
            var rests = (await Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => WorkAsync(provider, backlog, clock, () => made.Enqueue(clock.GetElapsedTime(start)))))).OfType<DateTimeOffset>().ToList();
            if (rests.Count > 0) clock.Advance(rests.Max() - clock.GetUtcNow());
        }

        made.Count.ShouldBe(count);
        foreach (var names in all) (await target.HasAsync(names, "N3w.Passw0rd!", Token)).ShouldBeTrue();
        return [.. made.Order()];
    }

    /// <returns>When each password was there, in order.</returns>
    private static async Task<List<TimeSpan>> WorkAllAsync(EntraConformanceTarget target, GuardedProvider[] nodes, int count)
    {
        var backlog = await BacklogAsync(target, count);
        var all = backlog.ToList();
        var made = new ConcurrentQueue<TimeSpan>();

        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(async worker =>
        {
            while (await WorkAsync(nodes[worker % nodes.Length], backlog, TimeProvider.System, () => made.Enqueue(watch.Elapsed)) is { } until)
            {
                var rest = until - TimeProvider.System.GetUtcNow();
                if (rest > TimeSpan.Zero) await Task.Delay(rest, TimeProvider.System, Token);
            }
        }));

        made.Count.ShouldBe(count);
        foreach (var names in all) (await target.HasAsync(names, "N3w.Passw0rd!", Token)).ShouldBeTrue();
        return [.. made.Order()];
    }

    private static async Task<ConcurrentQueue<AccountNames>> BacklogAsync(EntraConformanceTarget target, int count)
    {
        var backlog = new ConcurrentQueue<AccountNames>();
        for (var i = 0; i < count; i++) backlog.Enqueue(await target.AddAsync("F0rmer.Passw0rd!", Token));
        return backlog;
    }

    /// <summary>What a provider actor does: one delivery after the other.</summary>
    /// <returns>Until when it is to rest, because the point is throttled; null when nothing waits.</returns>
    private static async Task<DateTimeOffset?> WorkAsync(GuardedProvider provider, ConcurrentQueue<AccountNames> backlog, TimeProvider time, Action onDelivered)
    {
        var executor = new AttemptExecutor(time, NullLogger<AttemptExecutor>.Instance);
        while (backlog.TryDequeue(out var names))
        {
            var outcome = await provider.PrepareAsync(Any.Query(names), Token) switch
            {
                Preparation.Found found => await SetAsync(executor, provider, found, time),
                Preparation.Obstacle obstacle => obstacle.Outcome,
                var preparation => throw new InvalidOperationException(preparation.ToString()),
            };
            if (outcome is DeliveryOutcome.Throttled throttled)
            {
                backlog.Enqueue(names);
                return throttled.Until;
            }

            outcome.ShouldBeOfType<DeliveryOutcome.Delivered>();
            onDelivered();
        }

        return null;
    }

    private static async Task<DeliveryOutcome> SetAsync(AttemptExecutor executor, GuardedProvider provider, Preparation.Found found, TimeProvider time)
    {
        using var password = Any.Secret("N3w.Passw0rd!");
        return await executor.ExecuteAsync(provider, Any.Attempt(found.Target, time, Any.LongTime), Any.CaptureId(), false, password, Token);
    }
}
