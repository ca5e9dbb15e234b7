using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using Shouldly;
using Xunit;

namespace PasswordSync.Journal.Tests.Conformance;

/// <summary>Secrets, pending work, claims, edges, configurations.</summary>
public abstract class SmallStoresConformance : StoreConformance
{
    [Fact]
    public async Task Sweep_deletes_secrets_whose_maximum_age_has_passed_the_oldest_first_up_to_its_limit()
    {
        await using var subject = await OpenAsync();
        var changes = Enumerable.Range(1, 5).Select(days => Samples.ChangeOf(Samples.NewAccount(), version: 1, maximumAge: TimeSpan.FromDays(days))).ToArray();
        await subject.Store.Inbox.AcceptAsync([.. changes.Reverse().Select(Samples.Arrive)], CancellationToken.None);

        (await subject.Store.Secrets.SweepAsync(Samples.Start.AddDays(1).AddTicks(-1), limit: 10, CancellationToken.None)).ShouldBe(0);
        (await subject.Store.Secrets.SweepAsync(Samples.Start.AddDays(3), limit: 2, CancellationToken.None)).ShouldBe(2);

        var left = new List<bool>();
        foreach (var change in changes) left.Add(await subject.Store.Secrets.ReadAsync(change.CaptureId, CancellationToken.None) is not null);
        left.ShouldBe([false, false, true, true, true]);
        (await subject.Store.Secrets.SweepAsync(Samples.Start.AddDays(3), limit: 2, CancellationToken.None)).ShouldBe(1);
    }

    [Fact]
    public async Task Secret_of_an_unknown_capture_is_not_there()
    {
        await using var subject = await OpenAsync();
        (await subject.Store.Secrets.ReadAsync(Samples.NewCapture(), CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task Due_identities_are_read_the_earliest_first_and_never_early()
    {
        await using var subject = await OpenAsync();
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var identities = Enumerable.Range(0, 5).Select(_ => new IdentityId(Guid.NewGuid())).ToArray();
        for (var i = 0; i < identities.Length; i++) await WakeAtAsync(identities[i], Samples.Start.AddSeconds(10 - i));
        await WakeAtAsync(identities[4], Samples.Start.AddSeconds(20));
        await WakeAtAsync(identities[3], null);
        int[] shards = [.. Enumerable.Range(0, 256)];

        var due = await subject.Store.PendingWork.ReadDueAsync(shards, Samples.Start.AddSeconds(10), limit: 2, CancellationToken.None);

        due.ShouldBe([Pending(identities[2], 8), Pending(identities[1], 9)]);
        (await subject.Store.PendingWork.ReadDueAsync(shards, Samples.Start.AddSeconds(8).AddTicks(-1), limit: 10, CancellationToken.None)).ShouldBeEmpty();
        (await subject.Store.PendingWork.ReadDueAsync(shards, Samples.Start.AddSeconds(60), limit: 10, CancellationToken.None)).Length.ShouldBe(4);
        var one = identities[0].Shard(256);
        (await subject.Store.PendingWork.ReadDueAsync([one], Samples.Start.AddSeconds(60), limit: 10, CancellationToken.None)).ShouldAllBe(pending => pending.Shard == one);

        PendingIdentity Pending(IdentityId identity, int second) => new(identity, identity.Shard(256), Samples.Start.AddSeconds(second));

        async Task WakeAtAsync(IdentityId identity, DateTimeOffset? at)
        {
            var plan = worker.Plan(identity, IdentityState.Initial, [], []) with { WakeUpAt = at };
            (await subject.Store.Journal.AppendAsync(plan, CancellationToken.None)).ShouldBe(AppendResult.Appended);
        }
    }

    [Fact]
    public async Task Time_between_two_ticks_of_the_store_is_never_due_early()
    {
        await using var subject = await OpenAsync();
        var worker = await Worker.StartAsync(subject.Store, Samples.Start);
        var due = Samples.Start.AddTicks(12_345_678_913);
        var plan = worker.Plan(new IdentityId(Guid.NewGuid()), IdentityState.Initial, [], []) with { WakeUpAt = due };
        await subject.Store.Journal.AppendAsync(plan, CancellationToken.None);
        int[] shards = [.. Enumerable.Range(0, 256)];
        (await subject.Store.PendingWork.ReadDueAsync(shards, due.AddTicks(-1), limit: 1, CancellationToken.None)).ShouldBeEmpty();
        (await subject.Store.PendingWork.ReadDueAsync(shards, due.AddMilliseconds(1), limit: 1, CancellationToken.None)).ShouldHaveSingleItem().DueAt.ShouldBeInRange(due, due.AddMilliseconds(1));
    }

    [Fact]
    public async Task Claimed_target_belongs_to_the_first_until_it_gives_it_up()
    {
        await using var subject = await OpenAsync();
        var claims = subject.Store.TargetClaims;
        var (ada, bo) = (new IdentityId(Guid.NewGuid()), new IdentityId(Guid.NewGuid()));
        (await claims.ClaimAsync(Samples.Mail, "key-1", ada, CancellationToken.None)).ShouldBe(ada);
        (await claims.ClaimAsync(Samples.Mail, "key-1", bo, CancellationToken.None)).ShouldBe(ada);
        (await claims.ClaimAsync(Samples.Mail, "key-2", bo, CancellationToken.None)).ShouldBe(bo);
        (await claims.ClaimAsync(Samples.Files, "key-1", bo, CancellationToken.None)).ShouldBe(bo, "another point is another place");
        await subject.ReopenAsync(new StoreSettings());
        claims = subject.Store.TargetClaims;
        (await claims.ClaimAsync(Samples.Mail, "key-1", ada, CancellationToken.None)).ShouldBe(ada);

        await claims.ReleaseAsync(Samples.Mail, ada, CancellationToken.None);

        (await claims.ClaimAsync(Samples.Mail, "key-1", bo, CancellationToken.None)).ShouldBe(bo);
        (await claims.ClaimAsync(Samples.Mail, "key-2", ada, CancellationToken.None)).ShouldBe(bo, "only the claims of the one that released went");
    }

    [Fact]
    public async Task Of_many_who_claim_at_once_one_gets_each_target_and_all_hear_who_it_is()
    {
        await using var subject = await OpenAsync();
        var claims = subject.Store.TargetClaims;
        var identities = Enumerable.Range(0, 8).Select(_ => new IdentityId(Guid.NewGuid())).ToList();
        (await claims.ClaimAsync(Samples.Mail, "key-0", identities[0], CancellationToken.None)).ShouldBe(identities[0]);

        var asked = (from key in Enumerable.Range(0, 40) from identity in identities select (Key: $"key-{key}", Identity: identity)).ToList();
        var holders = await Task.WhenAll(asked.Select(claim => claims.ClaimAsync(Samples.Mail, claim.Key, claim.Identity, CancellationToken.None).AsTask()));

        foreach (var target in asked.Zip(holders).GroupBy(claim => claim.First.Key))
        {
            var holder = target.Select(claim => claim.Second).Distinct().ShouldHaveSingleItem();
            identities.ShouldContain(holder);
            (await claims.ClaimAsync(Samples.Mail, target.Key, identities[^1], CancellationToken.None)).ShouldBe(holder);
        }

        holders[0].ShouldBe(identities[0]);
    }

    [Fact]
    public async Task Of_many_claims_at_once_all_learn_the_same_winner()
    {
        await using var subject = await OpenAsync();
        var winners = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(
            async () => await subject.Store.TargetClaims.ClaimAsync(Samples.Mail, "key", new IdentityId(Guid.NewGuid()), CancellationToken.None))));
        winners.Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Edges_are_listed_with_the_last_that_was_heard_of_them()
    {
        await using var subject = await OpenAsync();
        var edge = new EdgeSighting(Samples.Source, "dc2.corp.example", "0a1b", Samples.Start, "0.1.0");
        var first = edge with { DomainController = "dc1.corp.example" };
        await subject.Store.Edges.SawAsync(edge, CancellationToken.None);
        await subject.Store.Edges.SawAsync(first, CancellationToken.None);
        await subject.Store.Edges.SawAsync(edge with { CertificateSerial = "0a1c", SeenAt = Samples.Start.AddSeconds(5), Version = "0.2.0" }, CancellationToken.None);
        await subject.Store.Edges.SawAsync(edge with { SeenAt = Samples.Start.AddSeconds(3) }, CancellationToken.None);

        (await subject.Store.Edges.ListAsync(CancellationToken.None)).ShouldBe(
            [first, edge with { CertificateSerial = "0a1c", SeenAt = Samples.Start.AddSeconds(5), Version = "0.2.0" }]);

        // The clock of whoever wrote the last one was an hour ahead.
        var putRight = edge with { SeenAt = Samples.Start.AddHours(-1), Version = "0.3.0" };
        await subject.Store.Edges.SawAsync(putRight, CancellationToken.None);
        (await subject.Store.Edges.ListAsync(CancellationToken.None)).ShouldBe([first, putRight]);
    }

    [Fact]
    public async Task What_an_edge_told_of_itself_is_kept_when_a_later_sighting_does_not_tell_it()
    {
        await using var subject = await OpenAsync();
        var edge = new EdgeSighting(Samples.Source, "dc1.corp.example", "0a1b", Samples.Start, "0.1.0") { CertificateUntil = Samples.Start.AddDays(300), Spool = 17, Alarms = new EdgeAlarmsTold("HookNotCalled,SpoolFull", Samples.Start) };
        await subject.Store.Edges.SawAsync(edge, CancellationToken.None);
        await subject.Store.Edges.SawAsync(edge with { SeenAt = Samples.Start.AddSeconds(5), Spool = null, Alarms = null }, CancellationToken.None);

        (await subject.Store.Edges.ListAsync(CancellationToken.None)).ShouldBe([edge with { SeenAt = Samples.Start.AddSeconds(5) }]);
        var well = edge with { SeenAt = Samples.Start.AddSeconds(9), Alarms = new EdgeAlarmsTold("", Samples.Start.AddSeconds(9)) };
        await subject.Store.Edges.SawAsync(well, CancellationToken.None);
        (await subject.Store.Edges.ListAsync(CancellationToken.None)).ShouldBe([well]);
    }

    [Fact]
    public async Task A_revocation_is_only_ever_moved_on()
    {
        await using var subject = await OpenAsync();
        var revocation = new EdgeRevocation(Samples.Source, "dc1.corp.example", Samples.Start, "ada", null);
        await subject.Store.Edges.RevokeAsync(revocation, CancellationToken.None);
        await subject.Store.Edges.RevokeAsync(revocation with { At = Samples.Start.AddMinutes(-5), By = "eve" }, CancellationToken.None);
        (await subject.Store.Edges.ListRevocationsAsync(CancellationToken.None)).ShouldBe([revocation]);

        await subject.Store.Edges.RevokeAsync(revocation with { At = Samples.Start.AddMinutes(5), Reason = "stolen" }, CancellationToken.None);
        (await subject.Store.Edges.ListRevocationsAsync(CancellationToken.None)).ShouldBe([revocation with { At = Samples.Start.AddMinutes(5), Reason = "stolen" }]);
    }

    [Fact]
    public async Task Configuration_gets_a_new_version_only_when_it_differs_from_the_last()
    {
        await using var subject = await OpenAsync();
        var configurations = subject.Store.Configurations;
        var first = await configurations.PublishAsync("{\"a\":1}", Samples.Start, CancellationToken.None);
        (await configurations.PublishAsync("{\"a\":1}", Samples.Start, CancellationToken.None)).ShouldBe(first);
        var second = await configurations.PublishAsync("{\"a\":2}", Samples.Start, CancellationToken.None);
        second.ShouldBeGreaterThan(first);
        (await configurations.PublishAsync("{\"a\":1}", Samples.Start, CancellationToken.None)).ShouldBeGreaterThan(second, "going back is a new version too");
    }

    [Fact]
    public async Task Configuration_of_a_time_is_the_last_that_was_published_until_then()
    {
        await using var subject = await OpenAsync();
        var configurations = subject.Store.Configurations;
        (await configurations.FindAsync(Samples.Start, CancellationToken.None)).ShouldBeNull();
        for (var hour = 1; hour <= 3; hour++) await configurations.PublishAsync($"{{\"hour\":{hour}}}", Samples.Start.AddHours(hour), CancellationToken.None);

        (await configurations.FindAsync(Samples.Start, CancellationToken.None)).ShouldBeNull();
        (await configurations.FindAsync(Samples.Start.AddHours(2), CancellationToken.None)).ShouldBe("{\"hour\":2}");
        (await configurations.FindAsync(Samples.Start.AddDays(1), CancellationToken.None)).ShouldBe("{\"hour\":3}");
    }

    [Fact]
    public async Task Many_at_once_get_no_more_permits_than_the_bucket_holds_and_the_others_are_told_how_long_to_wait()
    {
        await using var subject = await OpenAsync();
        var rule = new RateRule(10, TimeSpan.FromHours(10));

        var grants = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () => await subject.Store.Rates.TakeAsync("mail", rule, wanted: 3, CancellationToken.None))));
        await subject.ReopenAsync(new StoreSettings());
        var after = await subject.Store.Rates.TakeAsync("mail", rule, wanted: 3, CancellationToken.None);

        grants.Select(grant => grant.Permits).OrderDescending().Take(5).ShouldBe([3, 3, 3, 1, 0]);
        after.Permits.ShouldBe(0, "a restart fills no bucket");
        after.Wait.ShouldBeInRange(TimeSpan.FromMinutes(55), TimeSpan.FromHours(1));
        (await subject.Store.Rates.TakeAsync("files", rule, wanted: 99, CancellationToken.None)).Permits.ShouldBe(10, "each bucket is its own");
    }

    [Fact]
    public void Bucket_fills_evenly_up_to_its_bound_and_a_clock_that_was_set_back_empties_nothing()
    {
        var rule = new RateRule(60, TimeSpan.FromMinutes(1));
        rule.Fill(0, TimeSpan.FromSeconds(5)).ShouldBe(5);
        rule.Fill(58, TimeSpan.FromSeconds(5)).ShouldBe(60);
        rule.Fill(7.5, TimeSpan.FromHours(-1)).ShouldBe(7.5);
        rule.Grant(7.5, wanted: 10, urgent: 10).ShouldBe(new RateGrant(7, TimeSpan.Zero));
        rule.Grant(0.5, wanted: 10, urgent: 10).ShouldBe(new RateGrant(0, TimeSpan.FromSeconds(0.5)));
    }

    [Fact]
    public async Task What_gives_way_leaves_a_tenth_of_the_bucket_of_which_others_get_as_many_as_are_urgent()
    {
        await using var subject = await OpenAsync();
        var rule = new RateRule(20, TimeSpan.FromHours(20));
        rule.Reserve.ShouldBe(2);

        (await TakeAsync(wanted: 99, urgent: 0)).Permits.ShouldBe(18);
        var refused = await TakeAsync(wanted: 1, urgent: 0);
        (refused.Permits, (await TakeAsync(wanted: 9, urgent: 1)).Permits).ShouldBe((0, 1));
        refused.Wait.ShouldBeInRange(TimeSpan.FromMinutes(55), TimeSpan.FromHours(1));
        (await TakeAsync(wanted: 9, urgent: 1)).Permits.ShouldBe(1);
        (await TakeAsync(wanted: 9, urgent: 1)).Wait.ShouldBeInRange(TimeSpan.FromMinutes(55), TimeSpan.FromHours(1));
        (await TakeAsync(wanted: 1, urgent: 0)).Wait.ShouldBeInRange(TimeSpan.FromMinutes(175), TimeSpan.FromHours(3));

        async Task<RateGrant> TakeAsync(int wanted, int urgent) => await subject.Store.Rates.TakeAsync("mail", rule, wanted, urgent, CancellationToken.None);
    }

    [Fact]
    public async Task Bucket_of_one_permit_is_given_to_what_gives_way_too_which_comes_again_a_little_after_others()
    {
        await using var subject = await OpenAsync();
        var rule = new RateRule(1, TimeSpan.FromHours(10));

        (await TakeAsync(urgent: 0)).Permits.ShouldBe(1);
        (await TakeAsync(urgent: 0)).Wait.ShouldBeInRange(TimeSpan.FromMinutes(655), TimeSpan.FromHours(11));
        (await TakeAsync(urgent: 1)).Wait.ShouldBeInRange(TimeSpan.FromMinutes(595), TimeSpan.FromHours(10));

        async Task<RateGrant> TakeAsync(int urgent) => await subject.Store.Rates.TakeAsync("mail", rule, wanted: 1, urgent, CancellationToken.None);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(10, 1)]
    [InlineData(29, 2)]
    [InlineData(1_000, 100)]
    public void Full_bucket_has_a_permit_for_what_gives_way_and_one_for_others_after_it_if_there_is_more_than_one(int permits, int reserve)
    {
        var rule = new RateRule(permits, TimeSpan.FromHours(1));
        rule.Reserve.ShouldBe(reserve);
        rule.Grant(permits, wanted: permits, urgent: 0).Permits.ShouldBe(permits - reserve);
        rule.Grant(reserve, wanted: permits, urgent: 1).Permits.ShouldBe(Math.Min(reserve, 1));
        rule.Grant(0.5, wanted: 1, urgent: 0).Wait.ShouldBeGreaterThan(rule.Grant(0.5, wanted: 1, urgent: 1).Wait);
    }
}
