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

    /// <summary>How many windows' worth of passwords wait.</summary>
    private static int Windows => IsLong ? 4 : 3;

    private static bool IsLong => Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1";

    [Fact]
    public async Task A_backlog_flows_at_the_quotas_rate_with_nothing_parked_and_few_refusals()
    {
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

        // In a small copy of the quota a tenth of a second without the processor is lost for good: a short series on a busy machine shows less than a long one.
        await CheckAsync(target, providers, part: IsLong ? 0.95 : 0.85);

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

    /// <summary>Works off some windows' worth of passwords over all nodes, at no less than a part of the quota's rate.</summary>
    private async Task CheckAsync(EntraConformanceTarget target, GuardedProvider[] nodes, double part)
    {
        foreach (var node in nodes) (await node.VerifyAsync(Token)).IsGood.ShouldBeTrue();
        var count = (int)(Windows * Writes * WriteQuota.UsedPart);
        var atQuota = Window * count / Writes;
        var (taken, refused) = (TimeSpan.MaxValue, int.MaxValue);
        for (var series = 0; series < SeriesMax && (taken >= atQuota / part || refused > count / 50); series++)
        {
            await Eventually.HoldsAsync("an empty window", TimeSpan.FromMinutes(5), _ => Task.FromResult(target.Emulator.WritesInWindow == 0), Token);
            var refusedBefore = target.Emulator.Refusals;
            taken = TimeSpan.FromTicks(Math.Min(taken.Ticks, (await WorkAllAsync(target, nodes, count)).Ticks));
            refused = Math.Min(refused, target.Emulator.Refusals - refusedBefore);
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} passwords in {taken.TotalSeconds:F1} s, at the quota's rate {atQuota.TotalSeconds:F1} s; {refused} refused."));
        refused.ShouldBeLessThanOrEqualTo(count / 50);
        taken.ShouldBeLessThan(atQuota / part);
    }

    private static async Task<TimeSpan> WorkAllAsync(EntraConformanceTarget target, GuardedProvider[] nodes, int count)
    {
        var backlog = new ConcurrentQueue<AccountNames>();
        for (var i = 0; i < count; i++) backlog.Enqueue(await target.AddAsync("F0rmer.Passw0rd!", Token));
        var all = backlog.ToList();

        var watch = Stopwatch.StartNew();
        var outcomes = (await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => WorkAsync(nodes[worker % nodes.Length], backlog)))).SelectMany(outcome => outcome).ToList();
        var taken = watch.Elapsed;

        outcomes.Count(outcome => outcome.IsSuccess).ShouldBe(count);
        outcomes.ShouldAllBe(outcome => outcome is DeliveryOutcome.Delivered || outcome is DeliveryOutcome.Throttled);
        foreach (var names in all) (await target.HasAsync(names, "N3w.Passw0rd!", Token)).ShouldBeTrue();
        return taken;
    }

    /// <summary>What a provider actor does: one delivery after the other, and a rest when the point is throttled.</summary>
    private static async Task<List<DeliveryOutcome>> WorkAsync(GuardedProvider provider, ConcurrentQueue<AccountNames> backlog)
    {
        var executor = new AttemptExecutor(TimeProvider.System, NullLogger<AttemptExecutor>.Instance);
        var outcomes = new List<DeliveryOutcome>();
        while (backlog.TryDequeue(out var names))
        {
            var outcome = await provider.PrepareAsync(Any.Query(names), Token) switch
            {
                Preparation.Found found => await SetAsync(executor, provider, found),
                Preparation.Obstacle obstacle => obstacle.Outcome,
                var preparation => throw new InvalidOperationException(preparation.ToString()),
            };
            outcomes.Add(outcome);
            if (outcome is not DeliveryOutcome.Throttled throttled) continue;
            backlog.Enqueue(names);
            var rest = throttled.Until - TimeProvider.System.GetUtcNow();
            if (rest > TimeSpan.Zero) await Task.Delay(rest, TimeProvider.System, Token);
        }

        return outcomes;
    }

    private static async Task<DeliveryOutcome> SetAsync(AttemptExecutor executor, GuardedProvider provider, Preparation.Found found)
    {
        using var password = Any.Secret("N3w.Passw0rd!");
        return await executor.ExecuteAsync(provider, Any.Attempt(found.Target, TimeProvider.System, Any.LongTime), Any.CaptureId(), false, password, Token);
    }
}
