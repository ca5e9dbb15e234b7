using System.Diagnostics;
using System.Text.Json;
using PasswordSync.EndToEnd.Support;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.EndToEnd;

/// <summary>I1 and I3 across <c>kill -9</c> of the sync server and the edge at random points of the way.</summary>
public sealed class Killed_at_any_point(Landscape landscape)
{
    /// <summary>The kill comes within this time after a change is begun at most, however slow the machine is.</summary>
    private static readonly TimeSpan WayMax = TimeSpan.FromSeconds(5);

    /// <summary>After how many series that all missed a stage it is not chance any more.</summary>
    private const int SeriesMax = 3;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static bool IsLong => Environment.GetEnvironmentVariable("PASSWORDSYNC_LONG") == "1";

    private static int Points => IsLong ? 200 : 30;

    [Fact(Timeout = 3_000_000)]
    public async Task I1_nothing_acknowledged_is_lost_and_no_older_password_lands_after_a_newer_one()
    {
        var seed = Environment.TickCount;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var random = new Random(seed);
        var users = Enumerable.Range(0, 5).Select(_ => landscape.NextUser()).ToList();
        var last = users.ToDictionary(user => user, user => user.InitialPassword);
        var made = users.ToDictionary(user => user, _ => 0);
        var edge = landscape.Product.Edges[landscape.Alpha.First];
        var kills = new List<(DateTimeOffset At, bool OfNode)>();
        var witness = landscape.NextUser();

        // The first one warms everything up.
        await TimeTheWayAsync(witness, "Witness.First.2026!x");
        var way = await TimeTheWayAsync(witness, "Witness.Second.2026!x");
        var told = new List<JsonElement>();
        (int Captured, int Begun) met;
        var series = 0;

        // A stage takes some of the way, so that hardly a series misses it; if one does, that shows nothing, and there is another.
        do
        {
            for (var point = 1; point <= Points; point++) await KillOnceAsync();
            var before = way;
            way = await NothingIsLostAsync();
            told.Clear();
            foreach (var user in users.Where(user => made[user] > 0)) told.AddRange(await AccountedForAsync(user, made[user], seed));
            met = Met();
            TestContext.Current.SendDiagnosticMessage($"of {kills.Count} kills, the last series within {before.TotalMilliseconds:F0} ms of a change, {met.Captured} met a captured change, and of those of the sync server {met.Begun} a target being written; seed {seed}");
        }
        while (IsLong && ++series < SeriesMax && (met.Captured == 0 || met.Begun == 0));

        if (IsLong) (met.Captured > 0 && met.Begun > 0).ShouldBeTrue($"in {series} series of {Points} kills a stage was never met: {met}; seed {seed}");

        async Task KillOnceAsync()
        {
            var (user, password) = (users[random.Next(users.Count)], $"Killed.{kills.Count + 1}.2026!x");
            var victims = random.Next(3) switch
            {
                0 => new[] { landscape.Product.Node },
                1 => [edge],
                _ => [landscape.Product.Node, edge],
            };
            var change = landscape.Alpha.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, last[user], password, Token);
            await SpinAsync(random.NextDouble() * way);
            kills.Add((DateTimeOffset.UtcNow, victims[0] == landscape.Product.Node));
            foreach (var victim in victims) await victim.KillAsync(Token);
            (await change).Accepted.ShouldBeTrue();
            last[user] = password;
            made[user]++;

            // Now and then it is up before the next change, so that kills also meet what comes after its start.
            var isWaitedFor = random.Next(2) == 0;
            foreach (var victim in victims)
            {
                if (isWaitedFor) await victim.StartAsync(Token);
                else victim.Launch();
            }
        }

        async Task<TimeSpan> NothingIsLostAsync()
        {
            foreach (var (user, password) in last)
            {
                if (password == user.InitialPassword) continue;
                await Eventually.HoldsAsync($"{user.AccountName}'s last password in beta (seed {seed})", Landscape.ArrivalBound, async token => (await landscape.Beta.First.BindAsync(landscape.InBeta(user), password, token)).Accepted, Token);
                await Eventually.HoldsAsync($"{user.AccountName}'s last password in gamma (seed {seed})", Landscape.ArrivalBound, async token => (await landscape.Gamma.BindAsync(landscape.InGamma(user), password, token)).Accepted, Token);
            }

            // Nothing older may come now; the rechecks of attempts that were cut off take a few seconds.
            await landscape.Product.Node.StopAsync(Token);
            await landscape.Product.Node.StartAsync(Token);
            var taken = await TimeTheWayAsync(witness, $"Witness.{kills.Count}.2026!x");
            foreach (var (user, password) in last)
            {
                (await landscape.Beta.First.BindAsync(landscape.InBeta(user), password, Token)).Accepted.ShouldBeTrue($"{user.AccountName} in beta, seed {seed}");
                (await landscape.Gamma.BindAsync(landscape.InGamma(user), password, Token)).Accepted.ShouldBeTrue($"{user.AccountName} in gamma, seed {seed}");
            }

            return taken;
        }

        (int Captured, int Begun) Met()
        {
            var stages = new WayStages(told);
            return (stages.Count(WayStage.Captured, kills.Select(kill => kill.At)), stages.Count(WayStage.Begun, kills.Where(kill => kill.OfNode).Select(kill => kill.At)));
        }
    }

    // From the start of the tool to the last target, on this machine as it is now: the kills are spread over all of it.
    private async Task<TimeSpan> TimeTheWayAsync(LabUser user, string password)
    {
        var began = Stopwatch.GetTimestamp();
        (await landscape.Alpha.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", password, Token)).Accepted.ShouldBeTrue();
        await landscape.ArrivesEverywhereAsync(user, password, Token);
        var taken = Stopwatch.GetElapsedTime(began);
        return taken < WayMax ? taken : WayMax;
    }

    // Each change that the domain accepted was captured, and each capture has been decided on: to be sent, or not and why. No write of an older one began after one of a newer one.
    private async Task<List<JsonElement>> AccountedForAsync(LabUser user, int changes, int seed)
    {
        List<JsonElement> told = [];
        await Eventually.HoldsAsync($"{changes} changes of {user.AccountName} in the password log (seed {seed})", Landscape.ArrivalBound, async token =>
        {
            if (await new OperatorsTools(landscape).TryPasswordLogAsync(token) is not { } log) return false;
            if (log.Where(row => Is(row, "user", user.AccountName) && Is(row, "event", "accepted")).Select(row => row.GetProperty("identity").GetString()).FirstOrDefault() is not { } identity) return false;
            told = [.. log.Where(row => Is(row, "identity", identity) && Is(row, "source", "alpha"))];
            return told.Where(row => Is(row, "event", "accepted") || Is(row, "event", "ignored") || Is(row, "event", "reported")).DistinctBy(ChangeSetOf).Count() >= changes;
        }, Token);
        var accepted = told.Where(row => Is(row, "event", "accepted")).Select(ChangeSetOf).ToList();
        var begun = told.Where(row => Is(row, "event", "applying")).ToLookup(row => row.GetProperty("point").GetString()!, ChangeSetOf);
        begun.Select(point => point.Key).Order().ShouldBe(["beta", "gamma"], Case.Sensitive, $"{user.AccountName}, seed {seed}");
        foreach (var point in begun)
        {
            var order = point.Select(changeSet => accepted.IndexOf(changeSet)).ToList();
            order.ShouldNotContain(-1, $"{user.AccountName} at {point.Key}: sent without being accepted, seed {seed}");
            order.SequenceEqual(order.Order()).ShouldBeTrue($"{user.AccountName} at {point.Key}: {string.Join(" ", order)}, seed {seed}");
        }

        return told;
    }

    private static bool Is(JsonElement row, string column, string? value) => row.TryGetProperty(column, out var found) && found.GetString() == value;

    private static string? ChangeSetOf(JsonElement row) => row.GetProperty("changeSet").GetString();

    // The point of the kill is what is random here; it is not a wait for something to happen.
    private static async Task SpinAsync(TimeSpan time)
    {
        using var over = new CancellationTokenSource(time);
        var reached = new TaskCompletionSource();
        await using var registration = over.Token.Register(reached.SetResult);
        await reached.Task;
    }
}
