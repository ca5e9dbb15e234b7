using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres;
using PasswordSync.Journal.Tests.Conformance;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Postgres;

/// <summary>Alone in its process while it runs: what others allocate would count.</summary>
[CollectionDefinition(nameof(CostTests), DisableParallelization = true)]
public sealed class CostTestsAlone;

/// <summary>What a capture costs in round trips to the database and in allocated memory. Times depend on the machine, these do not.</summary>
[Collection(nameof(CostTests))]
public sealed class CostTests(LabServers servers)
{
    private const int Captures = 400;

    /// <summary>20 as measured, and room for those that come one by one while a round trip is under way; each capture for itself would make 1,600.</summary>
    private const int RoundTripsMax = 40;

    /// <summary>32,100 as measured, in whole the store's part of it.</summary>
    private const int BytesPerCaptureMax = 45_000;

    /// <summary>Of how many series the cheapest counts: a busy machine, which lets work come one by one, can only add to what it costs.</summary>
    private const int SeriesMax = 5;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Captures_that_come_together_share_their_round_trips_from_intake_to_decision_and_reading_the_secret()
    {
        await using var store = await OpenAsync();
        var worker = await Worker.StartAsync(store, Samples.Start);
        await RunAsync(store, worker);
        var (trips, bytes) = (int.MaxValue, long.MaxValue);
        for (var series = 0; series < SeriesMax && (trips > RoundTripsMax || bytes > BytesPerCaptureMax); series++)
        {
            using var counted = new RoundTrips();
            var before = GC.GetTotalAllocatedBytes(precise: true);

            await RunAsync(store, worker);

            (trips, bytes) = (Math.Min(trips, counted.Count), Math.Min(bytes, (GC.GetTotalAllocatedBytes(precise: true) - before) / Captures));
        }

        TestContext.Current.SendDiagnosticMessage($"{trips} round trips and {bytes} bytes a capture for {Captures} captures");
        trips.ShouldBeInRange(4, RoundTripsMax);
        bytes.ShouldBeInRange(1, BytesPerCaptureMax);
    }

    [Fact(Timeout = 600_000)]
    public async Task Identities_that_are_woken_together_by_a_take_over_are_loaded_together()
    {
        await using var store = await OpenAsync();
        var worker = await Worker.StartAsync(store, Samples.Start);
        var identities = await RunAsync(store, worker);
        var trips = int.MaxValue;
        for (var series = 0; series < SeriesMax && trips > RoundTripsMax / 4; series++)
        {
            using var counted = new RoundTrips();

            var states = await Task.WhenAll(identities.Select(identity => worker.LoadAsync(identity).AsTask()));

            states.All(state => state.Newest is not null).ShouldBeTrue();
            trips = Math.Min(trips, counted.Count);
        }

        trips.ShouldBeInRange(1, RoundTripsMax / 4);
    }

    // As the actors do it: all at once, each identity for itself.
    private static async Task<Core.Identities.IdentityId[]> RunAsync(PostgresStore store, Worker worker)
    {
        var arrivals = Enumerable.Range(0, Captures).Select(_ => Samples.Arrive(Samples.ChangeOf(Samples.NewAccount(), 1))).ToArray();
        await Task.WhenAll(arrivals.Chunk(100).Select(some => store.Inbox.AcceptAsync(some, Token).AsTask()));
        var rows = await store.Inbox.ReadAsync([.. worker.Lease.Shards.Keys], ImmutableHashSet<long>.Empty, limit: Captures, Token);
        rows.Length.ShouldBe(Captures);
        var decided = await Task.WhenAll(rows.Select(worker.DecideAsync));
        decided.ShouldAllBe(ended => ended.Result == AppendResult.Appended);
        var secrets = await Task.WhenAll(arrivals.Select(arrival => store.Secrets.ReadAsync(arrival.Id, Token).AsTask()));
        secrets.ShouldAllBe(secret => secret.HasValue);
        var claims = await Task.WhenAll(rows.SelectMany(row => Worker.Points.Select(point => store.TargetClaims.ClaimAsync(point, $"{row.Identity}", row.Identity, Token).AsTask())));
        claims.Distinct().Count().ShouldBe(Captures);
        return [.. rows.Select(row => row.Identity)];
    }

    private async Task<PostgresStore> OpenAsync() => await PostgresStore.OpenAsync(
        new PostgresStoreOptions
        {
            ConnectionString = (await servers.PostgresAsync(Token)).ConnectionStringWithoutPassword,
            Password = _ => ValueTask.FromResult(PostgresServer.AdministratorPassword),
            Schema = $"t{Guid.NewGuid():N}",
            NodeName = "node-1",
        }.Patient(),
        TimeProvider.System,
        NullLoggerFactory.Instance,
        Token);

    /// <summary>Counts what the driver sends.</summary>
    private sealed class RoundTrips : IDisposable
    {
        private readonly ActivityListener listener;
        private int count;

        public RoundTrips()
        {
            listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == "Npgsql",
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStarted = _ => Interlocked.Increment(ref count),
            };
            ActivitySource.AddActivityListener(listener);
        }

        public int Count => Volatile.Read(ref count);

        public void Dispose() => listener.Dispose();
    }
}
