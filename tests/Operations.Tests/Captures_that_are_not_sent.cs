using System.Text.Json;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Intake;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>What the password log and <c>sync explain</c> tell of captures that did not become a change: whose, from where, when, and why not.</summary>
public sealed class Captures_that_are_not_sent
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task Their_rows_have_user_domain_controller_and_stages()
    {
        using var beta = new MemoryTarget();
        beta.Add("ada");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        using var admin = OperatorClient.First(node);
        await node.SendAsync(Token, await node.CaptureAsync("ada", "Winter.2026!", 7, Token));
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome.IsSuccess, Token);
        var capture = await node.CaptureAsync("ada", "Autumn.2025!", 6, Token);
        var older = capture with { SpooledAt = capture.CapturedAt.AddSeconds(1), ConfirmedAt = capture.CapturedAt.AddSeconds(2) };
        await node.SendAsync(Token, older);
        await node.WaitForAsync<IdentityEvent.CaptureIgnored>(_ => true, Token);
        var (refused, strangers) = (ReportOf("ada"), ReportOf("zoe"));
        await node.SendAsync(Token, refused, strangers);
        foreach (var report in (CaptureReport[])[refused, strangers]) await node.WaitForAsync<IdentityEvent.CaptureReported>(e => e.CaptureId == report.CaptureId, Token);

        var log = (await admin.RunAsync("sync history", Token)).Rows().ToDictionary(row => (Text(row, "event"), Text(row, "changeSet")));
        foreach (var (key, user) in new[] { (("ignored", older.CaptureId), "ada"), (("reported", refused.CaptureId), "ada"), (("reported", strangers.CaptureId), "zoe") })
        {
            var row = log[(key.Item1, $"{key.CaptureId}")];
            (Text(row, "user"), Text(row, "controller"), Text(row, "source")).ShouldBe((user, TestNode.DomainController, "alpha"));
        }

        var captures = (await admin.RunAsync("sync explain", Token, ("user", "ada"))).Rows("captures of the last 7 days").ToDictionary(row => Text(row, "capture"));
        captures.Count.ShouldBe(3);
        captures.Values.ShouldAllBe(row => Text(row, "controller") == TestNode.DomainController);
        var (ignored, reported) = (captures[$"{older.CaptureId}"], captures[$"{refused.CaptureId}"]);
        Text(ignored, "decision").ShouldBe("ignored: a newer change is known");
        foreach (var (stage, at) in new[] { ("captured", older.CapturedAt), ("spooled", older.SpooledAt), ("confirmed", older.ConfirmedAt) }) Time(ignored, stage).ShouldBe(at, TimeSpan.FromMilliseconds(1), stage);
        Time(ignored, "decided").ShouldBeGreaterThanOrEqualTo(Time(ignored, "accepted"));
        Text(reported, "decision").ShouldBe("not sent: the domain did not commit the change");
        Time(reported, "captured").ShouldBe(refused.CapturedAt, TimeSpan.FromMilliseconds(1));
        Time(reported, "decided").ShouldBeGreaterThanOrEqualTo(Time(reported, "accepted"));
    }

    [Fact(Timeout = 600_000)]
    public async Task Somebody_of_whom_nothing_else_arrived_is_found_by_name_and_told_why()
    {
        using var beta = new MemoryTarget();
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        using var admin = OperatorClient.First(node);
        var report = ReportOf("Zoë");
        await node.SendAsync(Token, report);
        await node.WaitForAsync<IdentityEvent.CaptureReported>(e => e.CaptureId == report.CaptureId, Token);

        foreach (var name in (string[])["ZOË", "zoë"])
        {
            var explained = await admin.RunAsync("sync explain", Token, ("user", name));
            (explained.Fact("who"), explained.Fact("newest change")).ShouldBe(("Zoë", "none was ever accepted"), name);
            Text(explained.Rows("captures of the last 7 days").Single(), "decision").ShouldBe("not sent: the domain did not commit the change");
        }

        // Another account of the name, whose change is accepted, is the one that is meant.
        beta.Add("zoë");
        await node.SendAsync(Token, await node.CaptureAsync("zoë", "Winter.2026!", 7, Token) with { ObjectGuid = TestNode.GuidOf("another") });
        await node.WaitForAsync<IdentityEvent.CaptureAccepted>(e => e.Change.Account.ObjectGuid == TestNode.GuidOf("another"), Token);
        Text((await admin.RunAsync("sync explain", Token, ("user", "Zoë"))).Rows("accounts").Single(), "objectGuid").ShouldBe($"{TestNode.GuidOf("another")}");
        (await admin.RunAsync("sync explain", Token, ("user", $"{TestNode.GuidOf("Zoë")}"))).Fact("newest change").ShouldBe("none was ever accepted");
    }

    [Fact(Timeout = 600_000)]
    public async Task One_that_cannot_be_proven_is_a_trouble_until_the_password_is_changed_again()
    {
        using var beta = new MemoryTarget();
        beta.Add("ada");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        using var admin = OperatorClient.First(node);
        var report = ReportOf("ada", CaptureVerdict.Unconfirmed);
        await node.SendAsync(Token, report);
        var reported = await node.WaitForAsync<IdentityEvent.CaptureReported>(e => e.CaptureId == report.CaptureId, Token);

        var trouble = (await admin.RunAsync("sync status", Token)).Rows("troubles").Single(row => Text(row, "what") == "unconfirmed");
        (trouble.GetProperty("people").GetInt32(), Text(trouble, "remedy")).ShouldBe((1, "pbm sync missed list"));
        Time(trouble, "since").ShouldBe(reported.At, TimeSpan.FromMilliseconds(1));
        var missed = (await admin.RunAsync("sync missed list", Token)).Rows().Single();
        (Text(missed, "user"), Text(missed, "why"), Text(missed, "action")).ShouldBe(("ada", "unconfirmed", "Have the password changed again."));

        await node.SendAsync(Token, await node.CaptureAsync("ada", "Winter.2026!", 7, Token));
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome.IsSuccess, Token);
        (await admin.RunAsync("sync missed list", Token)).Rows().ShouldBeEmpty();
        (await admin.RunAsync("sync status", Token)).Rows("troubles").ShouldNotContain(row => Text(row, "what") == "unconfirmed");
    }

    [Fact(Timeout = 600_000)]
    public async Task Candidates_whose_source_does_not_answer_are_listed_with_whose_they_are_and_why_they_wait()
    {
        using var beta = new MemoryTarget();
        beta.Add("ada");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        using var admin = OperatorClient.First(node);
        await node.SendAsync(Token, await node.CaptureAsync("ada", "Winter.2026!", 7, Token));
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome.IsSuccess, Token);
        foreach (var user in (string[])["ada", "bob"])
        {
            var (first, second) = (await node.CaptureAsync(user, "One.2026!", 8, Token), await node.CaptureAsync(user, "Two.2026!", 8, Token));
            CandidateCapture[] candidates = [.. new[] { first, second }.Select(one => new CandidateCapture(one.CaptureId, one.CapturedAt, one.SpooledAt, one.Envelope))];
            await node.SendAsync(Token, new AmbiguousCaptures(first.ObjectGuid, first.Stamp, first.Names, first.Scopes, first.ConfirmedAt, [.. candidates]));
        }

        var listed = (await admin.RunAsync("sync inbox", Token)).Rows();
        listed.Select(row => Text(row, "user")).ShouldBe(["ada", "bob"]);
        listed.ShouldAllBe(row => row.GetProperty("passwords").GetInt32() == 2 && Text(row, "why").StartsWith("Which of 2 passwords the domain has is asked of it by signing in.", StringComparison.Ordinal));

        // One who has a password at the target, and one of whom nothing was decided yet.
        var explained = await admin.RunAsync("sync explain", Token, ("user", "ada"));
        Text(explained.Rows("captures that are not decided").Single(), "capture").ShouldBe(Text(listed[0], "capture"));
        Text(explained.Rows("sync points").Single(), "next").ShouldBe("A capture is not decided yet: see below.");
        Text((await admin.RunAsync("sync explain", Token, ("user", "BOB@alpha.test"))).Rows("captures that are not decided").Single(), "user").ShouldBe("bob");
    }

    private static CaptureReport ReportOf(string user, CaptureVerdict verdict = CaptureVerdict.RefusedBySource)
    {
        var now = DateTimeOffset.UtcNow;
        return new CaptureReport(new CaptureId(Guid.NewGuid()), TestNode.GuidOf(user), user, verdict, now.AddSeconds(-1), now, null);
    }

    private static string Text(JsonElement row, string column) => row.GetProperty(column).ToString();

    private static DateTimeOffset Time(JsonElement row, string column) => row.GetProperty(column).GetDateTimeOffset();
}
