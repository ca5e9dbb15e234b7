using System.Text.Json;
using PasswordSync.EndToEnd.Support;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.EndToEnd;

/// <summary>
/// An outage as operators live it: <c>sync status</c> shows it, <c>sync explain</c> names it, and what they say to do mends it: the sync
/// point "patient" tries nothing again by itself while a test runs, and to ask for another attempt before anything was mended only fails anew. No log is read.
/// </summary>
public sealed class Told_by_the_tools(Landscape landscape)
{
    private static readonly string[] QueueOfPatient = ["--json", "sync", "queue", "-p", "patient"];

    private readonly OperatorsTools tools = new(landscape);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task A_target_that_is_down()
    {
        const string reason = "nothing listens there";
        var user = await landscape.NextUserAsync("patient", Token);
        await landscape.Delta.StopAsync(Token);
        await VerifySaysAsync(reason);
        await ChangeAsync(user, "Told.2026!down");

        (await SaysAsync("patient: failing", "sync", "status")).ShouldContain("pbm sync point verify patient");
        await FailsBecauseAsync(user.AccountName, reason);
        var explained = await SaysAsync($"then: pbm sync retry {user.AccountName} -p patient", "sync", "explain", user.AccountName);
        explained.ShouldContain(reason);
        explained.ShouldContain("See that the target can be reached (pbm sync point verify patient)");
        await RetryAloneFailsAsync(user.AccountName, reason);

        await landscape.Delta.StartAsync(Token);
        await WaitsForAnOperatorAsync(user.AccountName, reason);
        (await tools.PbmAsync(Token, "sync", "parked", "retry-all", "-p", "patient", "-waiting")).ShouldContain("Count: 1 point");
        await ArrivesInDeltaAsync(user.AccountName, landscape.InDelta(user), "Told.2026!down", reason, "sync", "parked", "retry-all", "-p", "patient", "-waiting");
        await SaysAsync("patient: delivered after", "sync", "explain", user.AccountName);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_wrong_bind_password()
    {
        const string reason = "The name or the password of the bind account is wrong. Check bindName and bindPassword.";
        var user = await landscape.NextUserAsync("patient", Token);
        var file = Path.Combine(landscape.SecretsOfDelta, "directory-synchronisation");
        var right = await File.ReadAllTextAsync(file, Token);
        await File.WriteAllTextAsync(file, "not the password", Token);
        await landscape.Delta.StopAsync(Token);
        await landscape.Delta.StartAsync(Token);
        await VerifySaysAsync(reason);
        await ChangeAsync(user, "Told.2026!bind");

        await SaysAsync("patient: failing", "sync", "status");
        await FailsBecauseAsync(user.AccountName, reason);
        var explained = await SaysAsync($"then: pbm sync retry {user.AccountName} -p patient", "sync", "explain", user.AccountName);
        explained.ShouldContain(reason);
        explained.ShouldContain("pbm sync point verify patient says what is wrong");
        (await tools.BadNewsAsync(Token, "doctor", "-faults")).ShouldContain("sync point patient: credentials");
        await RetryAloneFailsAsync(user.AccountName, reason);

        // What explain said: a good verification lets what waited for it be tried. A refused sign-in is not repeated within a second, so it may need to be asked again.
        await File.WriteAllTextAsync(file, right, Token);
        await WaitsForAnOperatorAsync(user.AccountName, reason);
        await Eventually.HoldsAsync("a good verification of patient", Landscape.ArrivalBound, async token => (await tools.TryPbmAsync(token, "sync", "point", "verify", "patient")).ExitCode == 0, Token);
        await IsSilentAsync(reason, "sync", "explain", user.AccountName);
        await ArrivesInDeltaAsync(user.AccountName, landscape.InDelta(user), "Told.2026!bind", reason, "sync", "point", "verify", "patient");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_user_who_is_missing_in_the_target()
    {
        var reason = $"No entry below {landscape.Delta.UserContainer} matches: (uid=told).";

        // It is there in gamma, where its arrival says that it is this change which is told of, and not the account's first password.
        var inGamma = await landscape.Gamma.AddUserAsync("told", "Other.Passw0rd.x", Token);
        var user = await landscape.Alpha.AddUserAsync("told", "Init.Passw0rd.x", Token);
        await landscape.DescribeAsync(user, "patient", Token);
        await ChangeAsync(user, "Told.2026!missing");
        await Eventually.HoldsAsync("the password in gamma", Landscape.ArrivalBound, async token => (await landscape.Gamma.BindAsync(inGamma, "Told.2026!missing", token)).Accepted, Token);

        await SaysAsync("patient: failing", "sync", "status");
        await FailsBecauseAsync("told", reason);
        var explained = await SaysAsync("then: pbm sync retry told -p patient", "sync", "explain", "told");
        explained.ShouldContain(reason);
        explained.ShouldContain("Make the account in the target, or correct the matching");
        await RetryAloneFailsAsync("told", reason);

        var there = await landscape.Delta.AddUserAsync("told", "Other.Passw0rd.x", Token);
        await WaitsForAnOperatorAsync("told", reason);
        await tools.PbmAsync(Token, "sync", "retry", "told", "-p", "patient");
        await ArrivesInDeltaAsync("told", there, "Told.2026!missing", reason, "sync", "retry", "told", "-p", "patient");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_password_that_the_targets_policy_refuses()
    {
        var user = landscape.NextUser();
        await landscape.Beta.SetPasswordPolicyAsync(new PasswordPolicy { MinimumLength = 14 }, Token);
        try
        {
            await ChangeAsync(user, "Told.2026!x");
            await SaysAsync("beta: parked", "sync", "status");
            await SaysAsync("Align the target's password rules", "sync", "explain", user.AccountName);
            await SaysAsync("Likely rule: minimum length, which is 14 here.", "sync", "explain", user.AccountName);
            var since = await ParkedSinceAsync(user);
            await tools.PbmAsync(Token, "sync", "retry", user.AccountName, "-p", "beta");
            await Eventually.HoldsAsync("the password to be refused again", Landscape.ArrivalBound, async _ => await ParkedSinceAsync(user) > since, Token);
        }
        finally
        {
            await landscape.Beta.SetPasswordPolicyAsync(new PasswordPolicy(), Token);
        }

        // What is parked stays so until somebody says otherwise.
        (await ParkedSinceAsync(user)).ShouldNotBeNull();
        (await landscape.Beta.First.BindAsync(landscape.InBeta(user), user.InitialPassword, Token)).Accepted.ShouldBeTrue();
        await tools.PbmAsync(Token, "sync", "retry", user.AccountName, "-p", "beta");
        await landscape.ArrivesInBetaAsync(user, "Told.2026!x", Token);
        await SaysAsync("beta: delivered after", "sync", "explain", user.AccountName);
        (await ParkedSinceAsync(user)).ShouldBeNull();
    }

    [Fact(Timeout = 600_000)]
    public async Task An_edge_that_is_gone()
    {
        var user = landscape.NextUser();
        var controller = landscape.Alpha.Controllers[1];
        (await controller.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, user.InitialPassword, "Told.2026!here", Token)).Accepted.ShouldBeTrue();
        await landscape.ArrivesEverywhereAsync(user, "Told.2026!here", Token);

        await landscape.Product.Edges[controller].StopAsync(Token);
        try
        {
            (await controller.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "Told.2026!here", "Told.2026!gone", Token)).Accepted.ShouldBeTrue("the helper keeps what the edge does not take");
            (await SaysAsync($"edge alpha/{controller.FullName}", "sync", "status")).ShouldContain("see that passwordsync-edge runs there");
            StateOf(controller, await tools.PbmAsync(Token, "edge", "list")).ShouldBe("gone");
            var explained = await tools.PbmAsync(Token, "sync", "explain", user.AccountName);
            explained.ShouldContain("edges that are gone:");
            explained.ShouldContain($"PasswordSync.EdgeNode doctor, on {controller.FullName}.");
            (await tools.BadNewsAsync(Token, "doctor", "-faults")).ShouldContain($"edge alpha/{controller.FullName}");

            // No server knows of the change: nothing but the edge brings it.
            (await tools.TryPbmAsync(Token, "sync", "retry", user.AccountName)).ExitCode.ShouldBe(OperatorsTools.Refused);
            (await landscape.Beta.First.BindAsync(landscape.InBeta(user), "Told.2026!here", Token)).Accepted.ShouldBeTrue();
            (await landscape.Gamma.BindAsync(landscape.InGamma(user), "Told.2026!here", Token)).Accepted.ShouldBeTrue();
        }
        finally
        {
            await landscape.Product.ResumeAsync(Token);
        }

        // That the edge was heard of is written down after what it brought, which may be delivered by then.
        await landscape.ArrivesEverywhereAsync(user, "Told.2026!gone", Token);
        await tools.PbmUntilAsync($"say that {controller.FullName} is here again", edges => StateOf(controller, edges) == "here", Token, "edge", "list");
        await IsSilentAsync($"PasswordSync.EdgeNode doctor, on {controller.FullName}.", "sync", "explain", user.AccountName);
        await IsSilentAsync($"edge alpha/{controller.FullName}", "sync", "status");
    }

    [Fact(Timeout = 600_000)]
    public async Task The_password_log_tells_of_every_change_that_was_made_and_one_id_leads_through_all_logs()
    {
        List<(LabUser User, int Changes)> made = [(landscape.NextUser(), 1), (landscape.NextUser(), 2), (landscape.NextUser(), 3)];
        foreach (var (user, changes) in made)
        {
            var before = user.InitialPassword;
            for (var i = 1; i <= changes; i++)
            {
                var password = $"Logged.2026!{i}";
                (await landscape.Alpha.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, before, password, Token)).Accepted.ShouldBeTrue();
                await landscape.ArrivesEverywhereAsync(user, password, Token);
                before = password;
            }
        }

        List<JsonElement> log = [];
        await Eventually.HoldsAsync("the ends of all deliveries in the password log", Landscape.ArrivalBound, async token =>
        {
            log = await tools.TryPasswordLogAsync(token) ?? [];
            return made.All(one => Of(log, one.User, "finished").DistinctBy(row => (row.GetProperty("changeSet").GetString(), row.GetProperty("point").GetString())).Count() >= 2 * one.Changes);
        }, Token);
        var edge = landscape.Product.Edges[landscape.Alpha.First];
        var inBeta = made.SelectMany(one => Of(log, one.User, "finished")).Where(row => row.GetProperty("point").GetString() == "beta" && row.GetProperty("message").GetString()!.StartsWith("Delivered.", StringComparison.Ordinal)).ToList();
        inBeta.ShouldNotBeEmpty();
        inBeta.ShouldAllBe(row => row.GetProperty("server").GetString() == $"{landscape.Beta.First.Address}:636");
        foreach (var (user, changes) in made)
        {
            var accepted = Of(log, user, "accepted").Select(row => row.GetProperty("changeSet").GetString()!).ToList();
            accepted.Distinct().Count().ShouldBe(changes, $"{user.AccountName} changed so often");
            foreach (var changeSet in accepted)
            {
                var finished = Of(log, user, "finished").Where(row => row.GetProperty("changeSet").GetString() == changeSet).ToList();
                finished.Select(row => row.GetProperty("point").GetString()).Distinct().Order().ShouldBe(["beta", "gamma"]);
                finished.ShouldAllBe(row => row.GetProperty("controller").GetString() == landscape.Alpha.First.FullName && row.GetProperty("total").GetDouble() > 0);
                var attempts = Of(log, user, "applying").Where(row => row.GetProperty("changeSet").GetString() == changeSet).Select(row => row.GetProperty("attempt").GetString()).ToList();
                finished.ShouldAllBe(row => attempts.Contains(row.GetProperty("attempt").GetString()));
                await Eventually.HoldsAsync($"the edge's log to say that {changeSet} was taken", Landscape.ArrivalBound, _ => Task.FromResult(edge.ReadLog(after: 0).Any(line => line.Contains($"Capture {changeSet} taken through", StringComparison.Ordinal))), Token);
                await Eventually.HoldsAsync($"the node's log to say that {changeSet} was decided (4601) and delivered (4001)", Landscape.ArrivalBound, _ => Task.FromResult(LoggedOf(changeSet).IsSupersetOf([4601, 4001])), Token);
            }
        }
    }

    [Fact(Timeout = 600_000)]
    public async Task The_edges_doctor_finds_a_healthy_edge_well_and_one_that_stands_still()
    {
        var controller = landscape.Alpha.First;
        string[] lines = ["good        edge: It runs", "good        directory:", "good        directory: clock", "good        Samba's hook: Samba calls", "takes ours: It answers this side's certificate."];

        // Each of its steps has a limit of some seconds, which a busy machine may exceed.
        await OperatorsTools.UntilAsync(
            $"the doctor to find a healthy edge well: {string.Join(" | ", lines)}", token => tools.DoctorAsync(controller, token), doctor => doctor.ExitCode == 0 && lines.All(line => Holds(doctor.Output, line)), Token);

        await landscape.Product.Edges[controller].StopAsync(Token);
        try
        {
            var still = await tools.DoctorAsync(controller, Token);
            still.ExitCode.ShouldBe(1);
            still.Output.ShouldContain("bad         edge: Nobody listens");
        }
        finally
        {
            await landscape.Product.ResumeAsync(Token);
        }
    }

    private static IEnumerable<JsonElement> Of(IEnumerable<JsonElement> log, LabUser user, string happened) => log.Where(row =>
        row.TryGetProperty("user", out var name) && name.GetString() == user.AccountName && row.GetProperty("event").GetString() == happened && row.GetProperty("source").GetString() == "alpha");

    private static string StateOf(SambaDomainController controller, string edges) =>
        edges.Split('\n').Single(line => line.Contains($"| {controller.FullName}", StringComparison.Ordinal)).Split('|')[2].Trim();

    // The node still writes it.
    private static List<string> ReadShared(string file)
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var lines = reader.ReadToEnd().Split('\n');
        return [.. lines[..^1]];
    }

    /// <summary>The ids of the events that the node logged of a change.</summary>
    private HashSet<int> LoggedOf(string changeSet) =>
    [
        .. Directory.GetFiles(Path.Combine(landscape.Product.NodeFolder, "log")).SelectMany(ReadShared).Where(line => line.Contains(changeSet, StringComparison.OrdinalIgnoreCase)).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("Properties"))
            .Where(line => line.TryGetProperty("CaptureId", out var id) && id.ToString() == changeSet).Select(line => line.GetProperty("EventId").GetProperty("Id").GetInt32()),
    ];

    private Task<string> SaysAsync(string what, params string[] words) =>
        tools.PbmUntilAsync($"say '{what}'", said => said.Contains(what, StringComparison.Ordinal), Token, words);

    // An edge that a busy machine kept from its node is told of for a while.
    private async Task IsSilentAsync(string about, params string[] words) =>
        await tools.PbmUntilAsync($"say nothing of '{about}'", said => !said.Contains(about, StringComparison.Ordinal), Token, words);

    /// <summary>Verifies the patient point until it says so, as bad news, twice in a row: a connection from before may still be thought alive. After that, deliveries meet the same.</summary>
    private async Task VerifySaysAsync(string reason)
    {
        var inARow = 0;
        await OperatorsTools.UntilAsync(
            $"pbm sync point verify patient to say '{reason}' twice in a row",
            token => tools.TryPbmAsync(token, "sync", "point", "verify", "patient"),
            verified => (inARow = verified.ExitCode == OperatorsTools.BadNews && verified.Output.Contains(reason, StringComparison.Ordinal) ? inARow + 1 : 0) == 2,
            Token);
    }

    /// <summary>
    /// Waits until the delivery to the patient point has failed for this reason and rests. If an attempt ran out of its time on a busy machine, another reason would stand for an
    /// hour: then it is asked for again. It rests when this ends, so that nothing asked for here comes after the remedy.
    /// </summary>
    private async Task FailsBecauseAsync(string user, string reason) => await OperatorsTools.UntilAsync($"the delivery of {user} to rest because '{reason}'", async token =>
    {
        var queue = await tools.TryPbmAsync(token, QueueOfPatient);
        if (queue.ExitCode == 0 && Resting(queue.Output, user) is { } other && !Holds(other, reason)) await tools.TryPbmAsync(token, "sync", "retry", user, "-p", "patient");
        return queue;
    }, queue => queue.ExitCode == 0 && Resting(queue.Output, user) is { } why && Holds(why, reason), Token);

    /// <summary>Why the delivery failed that is due no sooner than in half an hour; null if there is none: no attempt runs or is about to.</summary>
    private static string? Resting(string queue, string user)
    {
        var rows = RowsOf(queue).Where(row => row.GetProperty("user").GetString() == user).ToList();
        return rows is [var found] && DueAt(found) > DateTimeOffset.UtcNow.AddMinutes(30) ? found.GetProperty("reason").GetString() : null;
    }

    private static JsonElement.ArrayEnumerator RowsOf(string queue) => JsonDocument.Parse(queue).RootElement.GetProperty("sections")[0].GetProperty("rows").EnumerateArray();

    private static bool Holds(string text, string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);

    /// <summary>Another attempt is asked for while nothing was mended: it is made, and fails for the same reason. (Chance may make the next one due earlier than the one before.)</summary>
    private async Task RetryAloneFailsAsync(string user, string reason)
    {
        var before = DueAt(await tools.PbmAsync(Token, QueueOfPatient), user);
        await tools.PbmAsync(Token, "sync", "retry", user, "-p", "patient");
        await OperatorsTools.UntilAsync(
            $"another attempt for {user} to fail", token => tools.TryPbmAsync(token, QueueOfPatient), queue => queue.ExitCode == 0 && Resting(queue.Output, user) is not null && DueAt(queue.Output, user) != before, Token);
        await FailsBecauseAsync(user, reason);
    }

    private static DateTimeOffset? DueAt(string queue, string user) =>
        RowsOf(queue).Where(row => row.GetProperty("user").GetString() == user).Select(DueAt).FirstOrDefault();

    /// <summary>When a delivery is tried by itself; null for one in flight.</summary>
    private static DateTimeOffset? DueAt(JsonElement row) => row.GetProperty("dueAt") is { ValueKind: not JsonValueKind.Null } dueAt ? dueAt.GetDateTimeOffset() : null;

    /// <summary>Since when the delivery of a user to beta is parked; null if it is not.</summary>
    private async Task<DateTimeOffset?> ParkedSinceAsync(LabUser user) =>
        RowsOf(await tools.PbmAsync(Token, "--json", "sync", "parked", "list", "-p", "beta")).Where(row => row.GetProperty("user").GetString() == user.AccountName)
            .Select(row => (DateTimeOffset?)row.GetProperty("since").GetDateTimeOffset()).SingleOrDefault();

    /// <summary>What failed is due no sooner than in half an hour, so that it is the remedy that mends it.</summary>
    private async Task WaitsForAnOperatorAsync(string user, string reason)
    {
        var row = RowsOf(await tools.PbmAsync(Token, QueueOfPatient)).Single(row => row.GetProperty("user").GetString() == user);
        row.GetProperty("reason").GetString()!.ShouldContain(reason);
        DueAt(row).ShouldNotBeNull().ShouldBeGreaterThan(DateTimeOffset.UtcNow.AddMinutes(30));
    }

    /// <summary>
    /// Waits until the password is there, by the remedy alone: nothing else is asked for while the delivery rests for the old reason. On a busy machine the attempt that the remedy
    /// began may run out of its time, and by itself the next one would come in an hour: that one is asked for again, as an operator would.
    /// </summary>
    private async Task ArrivesInDeltaAsync(string user, LabUser there, string password, string reason, params string[] remedy) => await Eventually.HoldsAsync($"{user}'s password in delta", Landscape.ArrivalBound, async token =>
    {
        if ((await landscape.Delta.BindAsync(there, password, token)).Accepted) return true;
        var queue = await tools.TryPbmAsync(token, QueueOfPatient);
        if (queue.ExitCode == 0 && Resting(queue.Output, user) is { } why) await tools.TryPbmAsync(token, Holds(why, reason) ? remedy : ["sync", "retry", user, "-p", "patient"]);
        return false;
    }, Token);

    private async Task ChangeAsync(LabUser user, string password)
    {
        var result = await landscape.Alpha.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, user.InitialPassword, password, Token);
        result.Accepted.ShouldBeTrue(result.Diagnostics);
    }
}
