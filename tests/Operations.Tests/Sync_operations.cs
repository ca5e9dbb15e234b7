using System.Net;
using System.Text.Json;
using PasswordSync.Core.Decisions;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Operations.Tests.Support;
using PasswordSync.Providers.Memory;
using PasswordSync.SyncNode.Operations;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>What operators see and do about passwords, on a real node with targets in memory.</summary>
public sealed class Sync_operations(OneNode one)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task A_delivered_password_is_seen_everywhere_with_the_time_of_each_stage()
    {
        using var beta = new MemoryTarget();
        beta.Add("ada");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        using var admin = OperatorClient.First(node);
        var begun = DateTimeOffset.UtcNow.AddSeconds(-1);
        var capture = await node.CaptureAsync("ada", "Winter.2026!", 7, Token);
        await node.SendAsync(Token, capture);
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome.IsSuccess, Token);

        foreach (var name in (string[])["ada", "ADA@alpha.test", "CN=ada,DC=alpha,DC=test", $"{capture.ObjectGuid}", $"{capture.CaptureId}"])
        {
            var explained = await admin.RunAsync("sync explain", Token, ("user", name));
            explained.Fact("who").ShouldBe("ada");
            var point = explained.Rows("sync points").Single();
            (Text(point, "point"), Text(point, "state"), Text(point, "target")).ShouldBe(("beta", "delivered", "ada"));
            Text(point, "why").ShouldStartWith("by scope staff, since ");
            Text(point, "next").ShouldBe("Nothing, until the password is changed again.");
            var row = explained.Rows("captures of the last 7 days").Single();
            Text(row, "capture").ShouldBe($"{capture.CaptureId}");
            Text(row, "controller").ShouldBe(TestNode.DomainController);
            foreach (var stage in (string[])["captured", "spooled", "confirmed", "accepted", "decided"]) row.GetProperty(stage).GetDateTimeOffset().ShouldBeGreaterThan(begun, stage);
            Text(row, "targets").ShouldMatch("^beta: delivered after [0-9.]+ s$");
            var delivery = explained.Rows("their deliveries").Single();
            (Text(delivery, "capture"), Text(delivery, "point"), Text(delivery, "result"), delivery.GetProperty("attempts").GetInt32()).ShouldBe(($"{capture.CaptureId}", "beta", "delivered", 1));
            var (started, delivered) = (delivery.GetProperty("started").GetDateTimeOffset(), delivery.GetProperty("delivered").GetDateTimeOffset());
            started.ShouldBeGreaterThanOrEqualTo(row.GetProperty("decided").GetDateTimeOffset());
            delivered.ShouldBeGreaterThanOrEqualTo(started);
            (delivery.GetProperty("work").GetDouble() + delivery.GetProperty("wait").GetDouble()).ShouldBe(delivery.GetProperty("total").GetDouble(), 0.000_01);
            Text(explained.Rows("scopes").Single(), "baseDn").ShouldBe("DC=alpha,DC=test");
        }

        var status = await admin.UntilAsync("sync status", told => told.Fact("status") == "well", Token);
        status.Rows("times from capture to target").Select(row => Text(row, "of")).ShouldBe(["domain controller", "node", "target"]);
        status.Rows("times from capture to target").ShouldAllBe(row => row.GetProperty("count").GetInt32() == 1 && row.GetProperty("p99").GetDouble() >= row.GetProperty("p50").GetDouble() && row.GetProperty("p50").GetDouble() > 0);
        foreach (var row in status.Rows("times from capture to target"))
        {
            foreach (var (share, work, wait) in ((string, string, string)[])[("p50", "workP50", "waitP50"), ("p95", "workP95", "waitP95"), ("p99", "workP99", "waitP99")])
            {
                (row.GetProperty(work).GetDouble() + row.GetProperty(wait).GetDouble()).ShouldBe(row.GetProperty(share).GetDouble(), 0.000_01, "of one delivery, each share is that delivery");
            }
        }

        var edge = status.Rows("edges").Single();
        (Text(edge, "controller"), Text(edge, "state")).ShouldBe((TestNode.DomainController, "here"));
        var records = (await admin.RunAsync("sync history", Token, ("user", "ada"))).Rows();
        records.Select(row => Text(row, "event")).ShouldBe(["scoped", "assigned", "accepted", "queued", "applying", "finished"]);
        records.Select(row => row.GetProperty("record").GetInt64() - records[0].GetProperty("record").GetInt64()).ShouldBe([0, 0, 1, 1, 2, 3], "what an event says of a sync point has the event's number");
        records.Skip(2).ShouldAllBe(row => Text(row, "changeSet") == $"{capture.CaptureId}" && Text(row, "user") == "ada" && Text(row, "controller") == TestNode.DomainController);
        Text(records[^2], "attempt").ShouldBe(Text(records[^1], "attempt"));
        foreach (var stage in (string[])["captured", "spooled", "accepted"]) records[^1].GetProperty(stage).GetDateTimeOffset().ShouldBeGreaterThan(begun, stage);
        (records[^1].GetProperty("work").GetDouble() + records[^1].GetProperty("wait").GetDouble()).ShouldBe(records[^1].GetProperty("total").GetDouble(), 0.000_01);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_name_of_several_people_lists_them_and_each_is_explained_by_id_and_by_mail()
    {
        using var beta = new MemoryTarget();
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        using var admin = OperatorClient.First(node);
        foreach (var (id, place) in new[] { (TestNode.GuidOf("first"), "berlin"), (TestNode.GuidOf("second"), "paris") })
        {
            var capture = await node.CaptureAsync("ada", "Winter.2026!", 7, Token);
            await node.SendAsync(Token, capture with { ObjectGuid = id, Names = capture.Names with { DistinguishedName = $"CN=ada,OU={place},DC=alpha,DC=test", UserPrincipalName = null, Mail = $"ada@{place}.test" } });
            await node.WaitForAsync<IdentityEvent.CaptureAccepted>(e => e.Change.Account.ObjectGuid == id, Token);
        }

        var several = (await admin.RunAsync("sync explain", Token, ("user", "ada"))).Rows("'ada' means several people; ask with the objectGUID of one");
        several.Select(row => (Text(row, "objectGuid"), Text(row, "mail"))).ShouldBe([($"{TestNode.GuidOf("first")}", "ada@berlin.test"), ($"{TestNode.GuidOf("second")}", "ada@paris.test")], ignoreOrder: true);
        (await admin.RefusedAsync(HttpStatusCode.Conflict, "sync retry", Token, ("user", "ada"))).ShouldContain("'ada' means several people");
        foreach (var name in (string[])["Ada@Paris.test", $"{TestNode.GuidOf("second")}"])
        {
            Text((await admin.RunAsync("sync explain", Token, ("user", name))).Rows("accounts").Single(), "dn").ShouldBe("CN=ada,OU=paris,DC=alpha,DC=test", name);
        }
    }

    [Fact(Timeout = 600_000)]
    public async Task A_refused_password_is_listed_retried_and_discarded()
    {
        using var beta = new MemoryTarget { PasswordLengthMin = 20 };
        beta.Add("ada");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        using var admin = OperatorClient.First(node);
        await node.SendAsync(Token, await node.CaptureAsync("ada", "Short.1!", 7, Token));
        await ParkedTimesAsync(node, 1);

        var parked = (await admin.RunAsync("sync parked list", Token)).Rows().Single();
        (Text(parked, "user"), Text(parked, "point"), Text(parked, "why")).ShouldBe(("ada", "beta", "refused by policy"));
        Text(parked, "reason").ShouldContain("20");
        var explained = (await admin.RunAsync("sync explain", Token, ("user", "ada"))).Rows("sync points").Single();
        Text(explained, "state").ShouldBe("parked");
        Text(explained, "action").ShouldContain("pbm sync retry ada -p beta");
        await admin.UntilAsync("sync status", status => status.Rows("troubles").Select(row => Text(row, "what")).SequenceEqual(["beta: parked"]), Token);

        await admin.RunAsync("sync parked retry", Token, ("user", "ada"));
        await ParkedTimesAsync(node, 2);
        (await admin.RunAsync("sync parked retry-all", Token)).Rows().Single().GetProperty("retried").GetInt32().ShouldBe(1);
        await ParkedTimesAsync(node, 3);
        var discarded = (await admin.RunAsync("sync discard", Token, ("user", "ada"), ("point", "beta"), ("reason", "has left"))).Rows().Single();
        (Text(discarded, "before"), Text(discarded, "after")).ShouldBe(("parked", "discarded"));
        (await admin.RunAsync("sync parked list", Token)).Rows().ShouldBeEmpty();
        (await admin.RefusedAsync(HttpStatusCode.Conflict, "sync resend", Token, ("user", "ada"), ("point", "beta"))).ShouldContain("have the password changed again");
        (await admin.RefusedAsync(HttpStatusCode.Conflict, "sync retry", Token, ("user", "ada"))).ShouldContain("nothing to do");
    }

    [Fact(Timeout = 600_000)]
    public async Task A_paused_point_begins_nothing_over_a_restart_until_it_is_resumed()
    {
        using var beta = new MemoryTarget();
        beta.Add("ada");
        var targets = new Dictionary<string, MemoryTarget> { ["beta"] = beta };
        await using var node = await TestNode.StartAsync(targets, Token);
        using (var admin = OperatorClient.First(node)) await admin.RunAsync("sync point pause", Token, ("point", "beta"), ("reason", "it moves"));
        await node.RestartAsync(targets, null, Token);
        using var again = OperatorClient.First(node);
        await node.SendAsync(Token, await node.CaptureAsync("ada", "Winter.2026!", 7, Token));
        await node.WaitForAsync<IdentityEvent.CaptureAccepted>(accepted => !accepted.Queued.IsEmpty, Token);

        // The offer is made before the answer to this comes: the point has it, and has not begun it.
        await again.UntilAsync("sync points", listed => listed.Rows().Single().GetProperty("waiting").GetInt32() > 0, Token);
        beta.Writes.ShouldBeEmpty();
        var explained = (await again.RunAsync("sync explain", Token, ("user", "ada"))).Rows("sync points").Single();
        Text(explained, "next").ShouldContain("admin paused the sync point");
        Text(explained, "next").ShouldContain("it moves");
        Text(explained, "action").ShouldBe("pbm sync point resume beta");
        await again.UntilAsync("sync status", status => status.Rows("troubles").Select(row => Text(row, "reason")).SequenceEqual(["paused by admin: it moves"]), Token);

        await again.RunAsync("sync point resume", Token, ("point", "beta"));
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome.IsSuccess, Token);
        beta.SignIn("ada", "Winter.2026!").ShouldBeTrue();
    }

    [Fact(Timeout = 600_000)]
    public async Task A_disabled_point_gets_no_new_changes_and_those_after_it_is_enabled()
    {
        using var beta = new MemoryTarget();
        using var gamma = new MemoryTarget();
        foreach (var target in (MemoryTarget[])[beta, gamma]) target.Add("ada");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta, ["gamma"] = gamma }, Token);
        using var admin = OperatorClient.First(node);
        await admin.RunAsync("sync point disable", Token, ("point", "beta"));
        await node.SendAsync(Token, await node.CaptureAsync("ada", "Winter.2026!", 7, Token));
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome.IsSuccess && e.Point.Value == "gamma", Token);

        var disabled = (await admin.RunAsync("sync explain", Token, ("user", "ada"))).Rows("sync points").Single(row => Text(row, "point") == "beta");
        Text(disabled, "state").ShouldBe("missed: the point was disabled");
        Text(disabled, "next").ShouldStartWith("Nothing: admin disabled the sync point at ");
        Text(disabled, "action").ShouldBe("pbm sync point enable beta, then have the password changed again");

        // It is a trouble until she changes her password again: also after the point is enabled.
        await admin.RunAsync("sync point enable", Token, ("point", "beta"));
        var trouble = (await admin.RunAsync("sync status", Token)).Rows("troubles").Single(row => Text(row, "what") == "beta: missed");
        (trouble.GetProperty("people").GetInt32(), Text(trouble, "reason"), Text(trouble, "remedy")).ShouldBe((1, "The sync point was disabled when the change came.", "pbm sync missed list -p beta"));
        var missed = (await admin.RunAsync("sync missed list", Token, ("point", "beta"))).Rows().Single();
        (Text(missed, "user"), Text(missed, "point"), Text(missed, "action")).ShouldBe(("ada", "beta", "Have the password changed again: the sealed one is gone."));
        (await admin.RefusedAsync(HttpStatusCode.Conflict, "sync retry", Token, ("user", "ada"), ("point", "beta"))).ShouldBe("beta: Its sealed password is not held any more: have the password changed again.");
        await node.SendAsync(Token, await node.CaptureAsync("ada", "Spring.2027!", 8, Token));
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome.IsSuccess && e.Point.Value == "beta", Token);
        beta.SignIn("ada", "Spring.2027!").ShouldBeTrue();
        (await admin.RunAsync("sync missed list", Token)).Rows().ShouldBeEmpty();
    }

    [Fact(Timeout = 600_000)]
    public async Task What_a_disabled_point_missed_is_retried_while_another_target_keeps_the_password_sealed()
    {
        using var beta = new MemoryTarget();
        using var gamma = new MemoryTarget { PasswordLengthMin = 20 };
        foreach (var target in (MemoryTarget[])[beta, gamma]) target.Add("ada");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta, ["gamma"] = gamma }, Token);
        using var admin = OperatorClient.First(node);
        await admin.RunAsync("sync point disable", Token, ("point", "beta"));
        await node.SendAsync(Token, await node.CaptureAsync("ada", "Winter.2026!", 7, Token));
        await ParkedTimesAsync(node, 1);
        await admin.RunAsync("sync point enable", Token, ("point", "beta"));

        var explained = (await admin.RunAsync("sync explain", Token, ("user", "ada"))).Rows("sync points").Single(row => Text(row, "point") == "beta");
        Text(explained, "action").ShouldBe("pbm sync retry ada -p beta");
        await admin.RunAsync("sync retry", Token, ("user", "ada"), ("point", "beta"));

        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome.IsSuccess && e.Point.Value == "beta", Token);
        beta.SignIn("ada", "Winter.2026!").ShouldBeTrue();
    }

    [Fact(Timeout = 600_000)]
    public async Task Somebody_never_captured_is_explained_with_what_is_known()
    {
        using var admin = OperatorClient.First(one.Node);

        var explained = await admin.RunAsync("sync explain", Token, ("user", "bob"));

        explained.Fact("known").ShouldStartWith("no:");
        var source = explained.Rows("sources").Single();
        Text(source, "why").ShouldBe("No edge of this source was ever heard of: nothing is captured there.");
        Text(explained.Rows("scopes").Single(), "baseDn").ShouldBe("DC=alpha,DC=test");
        (await admin.RefusedAsync(HttpStatusCode.NotFound, "sync retry", Token, ("user", "bob"))).ShouldContain("sync explain bob");
    }

    [Fact(Timeout = 600_000)]
    public async Task The_password_log_streams_what_happens_and_exports_what_happened()
    {
        using var beta = new MemoryTarget();
        beta.Add("ada");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        using var admin = OperatorClient.First(node);
        var following = admin.StreamAsync("sync tail", 6, Token, ("last", "1h"));
        await node.SendAsync(Token, await node.CaptureAsync("ada", "Winter.2026!", 7, Token));

        var streamed = await following;

        streamed.Select(row => Text(row, "event")).ShouldBe(["scoped", "assigned", "accepted", "queued", "applying", "finished"]);
        var exported = await admin.StreamAsync("sync export", int.MaxValue, Token);
        exported.Select(row => row.ToString()).ShouldBe(streamed.Select(row => row.ToString()));
        (await admin.StreamAsync("sync export", int.MaxValue, Token, ("point", "beta"), ("number", "2"))).Select(row => Text(row, "event")).ShouldBe(["assigned", "queued"]);
        (await admin.StreamAsync("sync export", int.MaxValue, Token, ("event", "queued"))).Select(row => (Text(row, "point"), row.GetProperty("at").GetDateTimeOffset())).ShouldBe([("beta", streamed[2].GetProperty("at").GetDateTimeOffset())]);
    }

    [Fact(Timeout = 600_000)]
    public async Task The_log_is_peeked_at_followed_and_its_level_set()
    {
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget>(), Token);
        using var admin = OperatorClient.First(node);

        (await admin.RunAsync("log peek", Token)).Rows().Select(row => row.GetProperty("event").GetInt32()).ShouldContain(4401);
        await admin.RunAsync("log level", Token, ("level", "warning"));
        await admin.RunAsync("log level", Token, ("level", "debug"));

        // Of what was logged while only warnings were kept, nothing is there; other lines may come at any time.
        var audited = (await admin.RunAsync("log peek", Token, ("level", "information"))).Rows().Where(row => row.GetProperty("event").GetInt32() == 4801).Select(row => Text(row, "message")).ToList();
        audited[^1].ShouldContain("log level, done");
        audited.Count(line => line.Contains("log level", StringComparison.Ordinal)).ShouldBe(2, "the first was begun, and the second was done");
        (await admin.RefusedAsync(HttpStatusCode.BadRequest, "log level", Token, ("level", "loud"))).ShouldContain("'loud' is not a level");

        // One more than may follow is told so.
        var followers = new List<OperatorStream>();
        try
        {
            for (var i = 0; i < LogRing.FollowersMax; i++) followers.Add(await admin.FollowAsync("log tail", Token));
            (await admin.RefusedAsync(HttpStatusCode.ServiceUnavailable, "log tail", Token)).ShouldStartWith($"{LogRing.FollowersMax} follow this node's log already");
        }
        finally
        {
            foreach (var follower in followers) follower.Dispose();
        }

        (await admin.RunAsync("actor hierarchy", Token)).Rows().Select(row => Text(row, "path")).ShouldContain("/region");
    }

    [Fact(Timeout = 600_000)]
    public async Task Health_is_told_with_reasons()
    {
        using var admin = OperatorClient.First(one.Node);
        await admin.UntilReadyAsync(Token);

        using var live = await admin.GetAsync("health/live", Token);
        (await live.Content.ReadAsStringAsync(Token)).ShouldBe("{\"status\":\"ok\",\"reasons\":[]}");
    }

    private static string Text(JsonElement row, string column) => row.GetProperty(column).ToString();

    private static async Task ParkedTimesAsync(TestNode node, int times)
    {
        await node.WaitForAsync<IdentityEvent>(_ => node.Events.Count(entry => entry.Event is IdentityEvent.AttemptFinished { Sequel: AttemptSequel.Park } or IdentityEvent.ObstacleMet { Sequel: AttemptSequel.Park }) == times, Token);
    }
}
