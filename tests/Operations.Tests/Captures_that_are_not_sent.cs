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

    private static CaptureReport ReportOf(string user)
    {
        var now = DateTimeOffset.UtcNow;
        return new CaptureReport(new CaptureId(Guid.NewGuid()), TestNode.GuidOf(user), user, CaptureVerdict.RefusedBySource, now.AddSeconds(-1), now, null);
    }

    private static string Text(JsonElement row, string column) => row.GetProperty(column).ToString();

    private static DateTimeOffset Time(JsonElement row, string column) => row.GetProperty(column).GetDateTimeOffset();
}
