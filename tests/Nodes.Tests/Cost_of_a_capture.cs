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
        var (appends, bytes) = (int.MaxValue, long.MaxValue);
        for (var series = 1; series <= SeriesMax && (appends > Most.Appends || bytes > Most.BytesPerCapture); series++)
        {
            var (seen, allocated) = await RunAsync(node, series);
            (appends, bytes) = (Math.Min(appends, seen), Math.Min(bytes, allocated));
        }

        TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture, $"{appends} appends and {bytes} bytes a capture for {Captures} captures with two deliveries each"));
        appends.ShouldBeInRange(3, Most.Appends, "decision, attempts, outcomes follow one another");
        bytes.ShouldBeInRange(1, Most.BytesPerCapture);
    }

    private static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"user{number}");

    private static async Task<(int Appends, long Bytes)> RunAsync(TestNode node, int series)
    {
        var captures = await Task.WhenAll(Enumerable.Range(0, Captures).Select(number => node.CaptureAsync(NameOf(number), $"Series{series}.2026!", (uint)(series + 2), Token)));
        var expected = 2 * Captures * (series + 1);
        using var counted = new Appends();
        var before = GC.GetTotalAllocatedBytes(precise: true);

        await Task.WhenAll(captures.Chunk(IntakeBatch.ItemsMax / 2).Select(some => node.SendAsync(Token, [.. some.ToImmutableArray<IntakeItem>()])));
        await Eventually.HoldsAsync("the outcomes", Bound, _ => Task.FromResult(node.Events.Count(entry => entry.Event is IdentityEvent.AttemptFinished { Outcome.IsSuccess: true }) >= expected), Token);

        return (counted.Count, (GC.GetTotalAllocatedBytes(precise: true) - before) / Captures);
    }

    /// <summary>Counts the statements by which the driver appends events.</summary>
    private sealed class Appends : IDisposable
    {
        private readonly ActivityListener listener;
        private int count;

        public Appends()
        {
            listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == "Npgsql",
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = activity =>
                {
                    if (activity.TagObjects.Any(tag => tag.Value is string text && text.Contains("INSERT INTO event", StringComparison.Ordinal))) Interlocked.Increment(ref count);
                },
            };
            ActivitySource.AddActivityListener(listener);
        }

        public int Count => Volatile.Read(ref count);

        public void Dispose() => listener.Dispose();
    }
}
