using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Intake;
using PasswordSync.Lab;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests;

/// <summary>Alone in its process while it runs: what others allocate would count.</summary>
[CollectionDefinition(nameof(Cost_of_a_capture), DisableParallelization = true)]
public sealed class Cost_of_a_capture_alone;

/// <summary>What captures cost a whole node on PostgreSQL from intake to both outcomes at two instant targets. Times depend on the machine, these do not.</summary>
[Collection(nameof(Cost_of_a_capture))]
public sealed class Cost_of_a_capture
{
    private const int Captures = 400;

    /// <summary>Of how many series the cheapest counts: a busy machine, which lets work come one by one, can only add to what it costs.</summary>
    private const int SeriesMax = 5;

    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(5);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The most that is borne, in one place: lower it with what is saved.</summary>
    private static class Most
    {
        /// <summary>Statements that append to the journal, for all captures together: 452 as measured, and room for what comes one by one; each append for itself would make 2,000.</summary>
        public const int Appends = 700;

        /// <summary>
        /// Statements of the whole node for all captures together, each a round trip, but for those that time asks for: 530 to 918 as measured, and room as above. Each for itself would make 4,000: of a
        /// capture acceptance and decision, of a delivery reading its secret, its claim, attempt and outcome.
        /// </summary>
        public const int RoundTrips = 1_500;

        /// <summary>
        /// Bytes allocated for a capture: by HTTPS, intake, decision, opening its secret, two deliveries and their outcomes, and by the edge's client in this process. 117,900 as measured.
        /// </summary>
        public const int BytesPerCapture = 160_000;
    }

    [Fact(Timeout = 1_200_000)]
    public async Task Captures_with_two_deliveries_each_share_the_appends_of_their_decisions_attempts_and_outcomes()
    {
        await using var server = await PostgresServer.StartAsync(["fsync = off"], Token);
        var passwordFile = Path.Combine(server.Folder, "database-password");
        await File.WriteAllTextAsync(passwordFile, PostgresServer.AdministratorPassword, Token);
        using var beta = new MemoryTarget();
        using var gamma = new MemoryTarget();
        foreach (var user in Enumerable.Range(0, Captures).Select(NameOf))
        {
            beta.Add(user);
            gamma.Add(user);
        }

        await using var node = await TestNode.StartAsync(
            new Dictionary<string, MemoryTarget> { ["beta"] = beta, ["gamma"] = gamma }, Token,
            database: new { kind = "postgres", connection = server.ConnectionStringWithoutPassword, password = $"file:{passwordFile}", expiry = "00:05:00" });
        await RunAsync(node, series: 0);
        var (appends, roundTrips, bytes) = (int.MaxValue, int.MaxValue, long.MaxValue);
        for (var series = 1; series <= SeriesMax && (appends > Most.Appends || roundTrips > Most.RoundTrips || bytes > Most.BytesPerCapture); series++)
        {
            var (seen, made, allocated) = await RunAsync(node, series);
            (appends, roundTrips, bytes) = (Math.Min(appends, seen), Math.Min(roundTrips, made), Math.Min(bytes, allocated));
        }

        TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture, $"{appends} appends, {roundTrips} round trips and {bytes} bytes a capture for {Captures} captures with two deliveries each"));
        appends.ShouldBeInRange(3, Most.Appends, "decision, attempts, outcomes follow one another");
        roundTrips.ShouldBeInRange(appends, Most.RoundTrips);
        bytes.ShouldBeInRange(1, Most.BytesPerCapture);
    }

    private static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"user{number}");

    private static async Task<(int Appends, int RoundTrips, long Bytes)> RunAsync(TestNode node, int series)
    {
        var captures = await Task.WhenAll(Enumerable.Range(0, Captures).Select(number => node.CaptureAsync(NameOf(number), $"Series{series}.2026!", (uint)(series + 2), Token)));
        var expected = 2 * Captures * (series + 1);
        using var counted = new Statements();
        var before = GC.GetTotalAllocatedBytes(precise: true);

        await Task.WhenAll(captures.Chunk(IntakeBatch.ItemsMax / 2).Select(some => node.SendAsync(Token, [.. some.ToImmutableArray<IntakeItem>()])));
        await Eventually.HoldsAsync("the outcomes", Bound, _ => Task.FromResult(node.Events.Count(entry => entry.Event is IdentityEvent.AttemptFinished { Outcome.IsSuccess: true }) >= expected), Token);

        return (counted.Appends, counted.RoundTrips, (GC.GetTotalAllocatedBytes(precise: true) - before) / Captures);
    }

    /// <summary>Counts what the driver sends, each batch as one.</summary>
    private sealed class Statements : IDisposable
    {
        /// <summary>What is asked by the clock, whether there are captures or not (how nodes stand, what is due, what operators switched), or when a connection is made.</summary>
        private static readonly string[] Apart =
            ["FROM node", "UPDATE node", "FROM shard ORDER BY", "FROM inbox", "FROM pending WHERE due_at", "FROM edge_revocation", "FROM point_switch", "synchronous_standby_names", "pg_is_in_recovery()", "SET search_path"];

        private readonly ActivityListener listener;
        private int appends;
        private int roundTrips;

        public Statements()
        {
            listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == "Npgsql",
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = activity => Count(activity.TagObjects.FirstOrDefault(tag => tag.Key is "db.query.text" or "db.statement").Value as string),
            };
            ActivitySource.AddActivityListener(listener);
        }

        /// <summary>Those that append events.</summary>
        public int Appends => Volatile.Read(ref appends);

        /// <summary>All but <see cref="Apart"/>.</summary>
        public int RoundTrips => Volatile.Read(ref roundTrips);

        public void Dispose() => listener.Dispose();

        private void Count(string? text)
        {
            if (text is null) return;
            var isAppend = text.Contains("INSERT INTO event", StringComparison.Ordinal);
            if (isAppend) Interlocked.Increment(ref appends);
            if (isAppend || !Apart.Any(part => text.Contains(part, StringComparison.Ordinal))) Interlocked.Increment(ref roundTrips);
        }
    }
}
