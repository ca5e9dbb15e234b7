using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Intake;
using PasswordSync.Hosting.Certificates;
using PasswordSync.Nodes.Tests.Support;
using PasswordSync.Providers.Memory;
using Shouldly;
using Xunit;

namespace PasswordSync.Nodes.Tests;

/// <summary>A whole node, over its real door: HTTPS with certificates, SQLite, actors, providers.</summary>
public sealed class Sync_server_tests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task A_confirmed_capture_becomes_the_password_in_every_target()
    {
        using var beta = Target("ann");
        using var gamma = Target("ann");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta, ["gamma"] = gamma }, Token);
        var capture = await node.CaptureAsync("ann", "Autumn.2026!€", 7, Token);

        var answer = await node.SendAsync(Token, capture);

        answer.Captures.ShouldHaveSingleItem().Kind.ShouldBe(AnswerKind.Accepted);
        foreach (var point in new[] { "beta", "gamma" })
        {
            var finished = await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Point.Value == point, Token);
            finished.Outcome.ShouldBeOfType<DeliveryOutcome.Delivered>();
        }

        beta.SignIn("ann", "Autumn.2026!€").ShouldBeTrue();
        gamma.SignIn("ann", "Autumn.2026!€").ShouldBeTrue();
    }

    [Fact(Timeout = 600_000)]
    public async Task A_repeat_is_answered_already_have_and_sent_once()
    {
        using var beta = Target("ann");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        var capture = await node.CaptureAsync("ann", "Autumn.2026!", 7, Token);
        await node.SendAsync(Token, capture);
        await node.WaitForAsync<IdentityEvent.AttemptFinished>(_ => true, Token);

        var again = await node.SendAsync(Token, capture);

        again.Captures.ShouldHaveSingleItem().Kind.ShouldBe(AnswerKind.AlreadyHave);
        beta.Writes.Length.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task An_older_stamp_after_a_newer_one_is_not_sent()
    {
        using var beta = Target("ann");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        var older = await node.CaptureAsync("ann", "Older.2026!", 7, Token);
        var newer = await node.CaptureAsync("ann", "Newer.2026!", 8, Token);
        await node.SendAsync(Token, newer);
        await node.SendAsync(Token, older);

        await node.WaitForAsync<IdentityEvent.AttemptFinished>(_ => true, Token);
        var ignored = await node.WaitForAsync<IdentityEvent.CaptureIgnored>(_ => true, Token);

        ignored.Reason.ShouldBe(IgnoreReason.Older);
        beta.SignIn("ann", "Newer.2026!").ShouldBeTrue();
        beta.Writes.Length.ShouldBe(1);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_capture_of_a_missing_account_is_delivered_when_the_account_appears()
    {
        using var beta = Target();
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        await node.SendAsync(Token, await node.CaptureAsync("ann", "Autumn.2026!", 7, Token));
        await node.WaitForAsync<IdentityEvent.ObstacleMet>(e => e.Outcome is DeliveryOutcome.AccountNotFound, Token);

        beta.Add("ann");

        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome is DeliveryOutcome.Delivered, Token);
        beta.SignIn("ann", "Autumn.2026!").ShouldBeTrue();
    }

    [Fact(Timeout = 600_000)]
    public async Task What_was_accepted_before_a_restart_is_delivered_after_it()
    {
        using var beta = Target("ann");
        var targets = new Dictionary<string, MemoryTarget> { ["beta"] = beta };
        using var missing = Target();
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = missing }, Token);
        await node.SendAsync(Token, await node.CaptureAsync("ann", "Autumn.2026!", 7, Token));
        await node.WaitForAsync<IdentityEvent.ObstacleMet>(_ => true, Token);

        await node.RestartAsync(targets, script: null, Token);

        await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.Outcome is DeliveryOutcome.Delivered, Token);
        beta.SignIn("ann", "Autumn.2026!").ShouldBeTrue();
    }

    [Fact(Timeout = 600_000)]
    public async Task An_empty_password_is_never_sent()
    {
        using var beta = Target("ann");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);

        await node.SendAsync(Token, await node.CaptureAsync("ann", "", 7, Token));

        var ended = await node.WaitForAsync<IdentityEvent.DeliveryEnded>(_ => true, Token);
        ended.End.ShouldBe(DeliveryEnd.SecretUnusable);
        beta.Writes.ShouldBeEmpty();
    }

    [Fact(Timeout = 600_000)]
    public async Task A_hundred_people_at_once_each_get_their_own_password()
    {
        var people = Enumerable.Range(1, 100).Select(n => $"user{n}").ToArray();
        using var beta = Target(people);
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        var captures = new List<IntakeItem>();
        foreach (var person in people) captures.Add(await node.CaptureAsync(person, $"Of.{person}!", 3, Token));

        await node.SendAsync(Token, [.. captures]);

        foreach (var capture in captures.Cast<ConfirmedCapture>()) await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.CaptureId == capture.CaptureId, Token);
        foreach (var person in people) beta.SignIn(person, $"Of.{person}!").ShouldBeTrue();
        beta.Writes.Length.ShouldBe(people.Length);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_certificate_of_another_dc_cannot_bring_captures_of_this_one()
    {
        using var beta = Target("ann");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        var capture = await node.CaptureAsync("ann", "Autumn.2026!", 7, Token);
        using var other = await node.ConnectAsync(new PeerName.Edge(TestNode.Cluster, TestNode.Source, "dc2.alpha.test"), Token);

        await Should.ThrowAsync<HttpRequestException>(() => TestNode.SendAsync(other, TestNode.Source, TestNode.DomainController, [capture], Token));
        var answer = await TestNode.SendAsync(other, TestNode.Source, "dc2.alpha.test", [capture], Token);

        answer.Captures.ShouldHaveSingleItem().Reason.ShouldBe(RefusalReason.WrongDomainController);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_certificate_of_another_cluster_is_not_let_in()
    {
        using var beta = Target("ann");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        using var stranger = await node.ConnectAsync(new PeerName.Edge("elsewhere", TestNode.Source, TestNode.DomainController), Token);

        await Should.ThrowAsync<HttpRequestException>(() => stranger.GetAsync(new Uri(EdgeConfiguration.Path, UriKind.Relative), Token));
        node.Log.All.ShouldContain(line => line.Contains("A connection is refused: the certificate", StringComparison.Ordinal) && line.Contains("of the cluster 'elsewhere'", StringComparison.Ordinal));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_batch_that_is_too_large_is_answered_so_and_leaves_no_stack_trace()
    {
        using var beta = Target("ann");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        using var batch = new HttpRequestMessage(HttpMethod.Post, new Uri(IntakeBatch.Path, UriKind.Relative))
        {
            Content = new StringContent("{\"source\":\"" + new string('a', IntakeBatch.BytesMax) + "\"}", System.Text.Encoding.UTF8, "application/json"),
        };

        // Else a client that is still sending when the server closes the connection may never read the answer.
        batch.Headers.ExpectContinue = true;
        using var answer = await node.Edge.SendAsync(batch, Token);

        answer.StatusCode.ShouldBe(System.Net.HttpStatusCode.RequestEntityTooLarge);
        node.Log.All.ShouldNotContain(line => (line.Contains(" Warning ", StringComparison.Ordinal) || line.Contains(" Error ", StringComparison.Ordinal)) && line.Contains("   at ", StringComparison.Ordinal));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_damaged_envelope_is_refused_with_its_reason_and_the_rest_of_the_batch_is_taken()
    {
        using var beta = Target("ann", "bob");
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta }, Token);
        var good = await node.CaptureAsync("ann", "Autumn.2026!", 7, Token);
        var bad = await node.CaptureAsync("bob", "Autumn.2026!", 7, Token);
        bad = bad with { Envelope = bad.Envelope[..^1] };

        var answer = await node.SendAsync(Token, good, bad);

        answer.Captures.Single(one => one.CaptureId == good.CaptureId).Kind.ShouldBe(AnswerKind.Accepted);
        answer.Captures.Single(one => one.CaptureId == bad.CaptureId).Reason.ShouldBe(RefusalReason.Malformed);
    }

    [Fact(Timeout = 600_000)]
    public async Task Each_delivery_looks_its_account_up_once()
    {
        using var beta = Target("ann", "bob");
        using var gamma = Target("ann", "bob");
        var lookUps = 0;
        MemoryScript count = (place, _) =>
        {
            if (place.Step == MemoryStep.Prepare) Interlocked.Increment(ref lookUps);
            return Task.FromResult<DeliveryOutcome?>(null);
        };
        await using var node = await TestNode.StartAsync(new Dictionary<string, MemoryTarget> { ["beta"] = beta, ["gamma"] = gamma }, Token, count);
        foreach (var person in new[] { "ann", "bob" })
        {
            var capture = await node.CaptureAsync(person, "Autumn.2026!", 7, Token);
            await node.SendAsync(Token, capture);
            foreach (var point in new[] { "beta", "gamma" }) await node.WaitForAsync<IdentityEvent.AttemptFinished>(e => e.CaptureId == capture.CaptureId && e.Point.Value == point, Token);
        }

        lookUps.ShouldBe(4);
    }

    private static MemoryTarget Target(params string[] logins)
    {
        var target = new MemoryTarget();
        foreach (var login in logins) target.Add(login);
        return target;
    }
}
