using PasswordSync.Capture.Health;
using PasswordSync.Capture.Resolution;
using PasswordSync.Capture.Tests.Spool;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Intake;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.Pipeline;

public sealed class EdgePipelineTests
{
    [Fact]
    public async Task Change_comes_to_a_node_with_its_stamp_and_leaves_the_spool()
    {
        await using var edge = new RunningEdge().Start();
        edge.Directory.Add("ann");
        var capturedAt = edge.Time.GetUtcNow();
        var id = await edge.CaptureAsync("ann");
        var stamp = edge.Directory.Write("ann");

        await edge.UntilAsync(() => edge.Pipeline.Status.Sent == 1);

        edge.Spool.Status.Held.ShouldBe(0);
        var sent = edge.Accepted.ShouldHaveSingleItem().ShouldBeOfType<ConfirmedCapture>();
        sent.CaptureId.ShouldBe(id);
        sent.ObjectGuid.ShouldBe(ScriptedDirectory.GuidOf("ann"));
        sent.Stamp.ShouldBe(ProvenStamp.Of(stamp));
        sent.Names.Mail.ShouldBe("ann@alpha.test");
        sent.Scopes.ShouldBe(["staff"]);
        sent.CapturedAt.ShouldBe(capturedAt);
        sent.Envelope.Length.ShouldBeGreaterThan(1_100);
        edge.Alarms.All.ShouldBeEmpty();
    }

    [Fact]
    public async Task Change_that_is_committed_after_several_looks_is_confirmed()
    {
        await using var edge = new RunningEdge().Start();
        edge.Directory.Add("ann");
        await edge.CaptureAsync("ann");
        await edge.UntilAsync(() => edge.Directory.Looks >= 4, stepMs: 1);
        edge.Directory.Write("ann");
        await edge.UntilAsync(() => edge.Accepted.Count == 1);
        edge.Accepted[0].ShouldBeOfType<ConfirmedCapture>();
    }

    [Fact]
    public async Task Refused_change_is_reported_and_its_secret_never_sent()
    {
        await using var edge = new RunningEdge().Start();
        edge.Directory.Write("ann");
        await edge.UntilAsync(() => edge.Time.GetUtcNow().Millisecond > 0, stepMs: 3_000.5);
        var id = await edge.CaptureAsync("ann");
        await edge.UntilAsync(() => edge.Spool.Status.Held == 0, stepMs: 500);
        var report = edge.Accepted.ShouldHaveSingleItem().ShouldBeOfType<CaptureReport>();
        report.CaptureId.ShouldBe(id);
        report.Verdict.ShouldBe(CaptureVerdict.RefusedBySource);
        report.ObjectGuid.ShouldBe(ScriptedDirectory.GuidOf("ann"));
    }

    [Fact]
    public async Task Overtaken_change_is_reported_with_the_other_stamp()
    {
        await using var edge = new RunningEdge().Start();
        edge.Directory.Add("ann");
        await edge.CaptureAsync("ann");
        var stamp = edge.Directory.Replicate("ann");
        await edge.UntilAsync(() => edge.Spool.Status.Held == 0, stepMs: 500);
        var report = edge.Accepted.ShouldHaveSingleItem().ShouldBeOfType<CaptureReport>();
        report.Verdict.ShouldBe(CaptureVerdict.Overtaken);
        report.Stamp.ShouldBe(ProvenStamp.Of(stamp));
    }

    [Fact]
    public async Task New_user_is_found_when_it_is_committed()
    {
        await using var edge = new RunningEdge().Start();
        await edge.CaptureAsync("new");
        await edge.UntilAsync(() => edge.Directory.Looks >= 3, stepMs: 1);
        edge.Directory.Write("new");
        await edge.UntilAsync(() => edge.Accepted.Count == 1);
        edge.Accepted[0].ShouldBeOfType<ConfirmedCapture>().ObjectGuid.ShouldBe(ScriptedDirectory.GuidOf("new"));
    }

    [Fact]
    public async Task Account_that_never_comes_is_reported_without_an_id_and_without_its_name()
    {
        await using var edge = new RunningEdge().Start();
        await edge.CaptureAsync("nobody");
        await edge.UntilAsync(() => edge.Spool.Status.Held == 0, stepMs: 500);
        var report = edge.Accepted.ShouldHaveSingleItem().ShouldBeOfType<CaptureReport>();
        report.ObjectGuid.ShouldBeNull();
        report.AccountName.ShouldBeEmpty("whether a scope would have taken it cannot be told");
        report.Verdict.ShouldBe(CaptureVerdict.Unconfirmed);
        edge.Alarms.All.ShouldHaveSingleItem().ShouldBeOfType<EdgeAlarm.CaptureUnconfirmed>().AccountName.ShouldBe("nobody");
    }

    [Fact]
    public async Task Account_that_is_never_captured_leaves_nothing_but_a_count()
    {
        await using var edge = new RunningEdge().Start();
        edge.Directory.Exclude("krbtgt", AccountExclusion.KeyDistributionCenter);
        await edge.CaptureAsync("krbtgt");
        await edge.UntilAsync(() => edge.Pipeline.Status.Excluded == 1);
        edge.Spool.Status.Held.ShouldBe(0);
        edge.Nodes.Requests.ShouldBe(0);
    }

    [Fact]
    public async Task Captures_wait_while_no_configuration_is_known()
    {
        await using var edge = new RunningEdge(isConfigured: false).Start();
        edge.Directory.Add("ann");
        await edge.CaptureAsync("ann");
        edge.Directory.Write("ann");
        await edge.UntilAsync(() => edge.Pipeline.Status.Matching == 1);
        edge.Nodes.Requests.ShouldBe(0);
        edge.Configure();
        await edge.UntilAsync(() => edge.Spool.Status.Held == 0);
        edge.Accepted.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Unwanted_capture_is_kept_for_its_grace_and_then_destroyed()
    {
        await using var edge = new RunningEdge().Start();
        edge.Directory.Match = (_, _) => [];
        edge.Directory.Add("ann");
        await edge.CaptureAsync("ann");
        edge.Directory.Write("ann");
        await edge.UntilAsync(() => edge.Pipeline.Status.InGrace == 1, stepMs: 1);
        edge.Time.Advance(TimeSpan.FromMinutes(9));
        edge.Spool.Status.Held.ShouldBe(1);
        await edge.UntilAsync(() => edge.Pipeline.Status.Unwanted == 1, stepMs: 5_000);
        edge.Spool.Status.Held.ShouldBe(0);
        edge.Nodes.Requests.ShouldBe(0);
    }

    [Fact]
    public async Task Unwanted_capture_is_sent_when_its_group_arrives_within_the_grace()
    {
        await using var edge = new RunningEdge().Start();
        var isMember = false;
        edge.Directory.Match = (_, _) => Volatile.Read(ref isMember) ? ["staff"] : [];
        edge.Directory.Add("ann");
        await edge.CaptureAsync("ann");
        edge.Directory.Write("ann");
        await edge.UntilAsync(() => edge.Pipeline.Status.InGrace == 1);
        Volatile.Write(ref isMember, true);
        await edge.UntilAsync(() => edge.Accepted.Count == 1, stepMs: 1_000);
        edge.Accepted[0].ShouldBeOfType<ConfirmedCapture>().Scopes.ShouldBe(["staff"]);
    }

    [Fact]
    public async Task Unwanted_capture_is_evaluated_again_at_once_when_the_scopes_change()
    {
        await using var edge = new RunningEdge().Start();
        edge.Directory.Match = (_, scopes) => [.. scopes.Where(scope => scope.Name == "all").Select(scope => scope.Name)];
        edge.Directory.Add("ann");
        await edge.CaptureAsync("ann");
        edge.Directory.Write("ann");
        await edge.UntilAsync(() => edge.Pipeline.Status.InGrace == 1);
        edge.Configure(2, [new ScopeRule("all", "DC=alpha,DC=test", ScopeLevel.Subtree, null, [], [])]);
        await edge.UntilAsync(() => edge.Accepted.Count == 1, stepMs: 0);
    }

    [Fact]
    public async Task Scopes_that_come_under_the_version_in_force_are_taken_since_a_lost_database_counts_anew()
    {
        await using var edge = new RunningEdge().Start();
        edge.Directory.Match = (_, scopes) => [.. scopes.Where(scope => scope.Name == "all").Select(scope => scope.Name)];
        edge.Directory.Add("ann");
        await edge.CaptureAsync("ann");
        edge.Directory.Write("ann");
        await edge.UntilAsync(() => edge.Pipeline.Status.InGrace == 1);
        edge.Configure(version: 1, [new ScopeRule("all", "DC=alpha,DC=test", ScopeLevel.Subtree, null, [], [])]);
        await edge.UntilAsync(() => edge.Accepted.Count == 1, stepMs: 0);
    }

    [Fact]
    public async Task No_report_leaves_of_an_account_in_no_scope()
    {
        await using var edge = new RunningEdge().Start();
        edge.Directory.Match = (_, _) => [];
        edge.Directory.Add("ann");
        await edge.CaptureAsync("ann");
        await edge.UntilAsync(() => edge.Pipeline.Status.Unwanted == 1, stepMs: 500);
        edge.Nodes.Requests.ShouldBe(0);
    }

    [Fact]
    public async Task Configuration_with_a_filter_that_cannot_be_read_changes_nothing_and_raises_an_alarm()
    {
        await using var edge = new RunningEdge().Start();
        edge.Pipeline.Apply(new EdgeConfiguration(2, "main", new("alpha.test"), [new ScopeRule("bad", "DC=a", ScopeLevel.Subtree, "(mail=", [], [])], [], [], 600)).ShouldBeFalse();
        edge.Alarms.Standing.ShouldHaveSingleItem().ShouldBeOfType<EdgeAlarm.ConfigurationUnusable>().Version.ShouldBe(2);
        edge.Configure(3);
        edge.Alarms.Standing.ShouldBeEmpty();
    }

    [Fact]
    public async Task Capture_stays_in_the_spool_until_its_own_answer_and_is_sent_again_with_the_same_id()
    {
        await using var edge = new RunningEdge().Start();
        edge.Nodes.Answer = (_, _) => null;
        edge.Directory.Add("ann");
        var id = await edge.CaptureAsync("ann");
        edge.Directory.Write("ann");
        await edge.UntilAsync(() => edge.Nodes.Requests >= 3);
        edge.Spool.Status.Held.ShouldBe(1);
        edge.Nodes.Answer = (_, capture) => CaptureAnswer.AlreadyHave(capture);
        await edge.UntilAsync(() => edge.Spool.Status.Held == 0, stepMs: 500);
        edge.Spool.Read(id).ShouldBeNull();
    }

    [Fact]
    public async Task Silence_of_all_nodes_raises_an_alarm_that_the_first_answer_ends()
    {
        await using var edge = new RunningEdge(answerWithin: TimeSpan.FromSeconds(30)).Start();
        edge.Nodes.Answer = (_, _) => null;
        edge.Directory.Add("ann");
        await edge.CaptureAsync("ann");
        edge.Directory.Write("ann");
        await edge.UntilAsync(() => edge.Alarms.Standing.OfType<EdgeAlarm.NoNodeAnswers>().Any(), stepMs: 500);
        edge.Nodes.Answer = (_, capture) => CaptureAnswer.Accepted(capture);
        await edge.UntilAsync(() => !edge.Alarms.Standing.Any(), stepMs: 500);
    }

    [Fact]
    public async Task Refusal_by_a_node_ends_the_capture_with_an_alarm()
    {
        await using var edge = new RunningEdge().Start();
        edge.Nodes.Answer = (_, capture) => CaptureAnswer.Refused(capture, RefusalReason.TooOld, "Captured 40 days ago.");
        edge.Directory.Add("ann");
        var id = await edge.CaptureAsync("ann");
        edge.Directory.Write("ann");
        await edge.UntilAsync(() => edge.Spool.Status.Held == 0);
        edge.Alarms.All.ShouldHaveSingleItem().ShouldBe(new EdgeAlarm.CaptureRefused(id, RefusalReason.TooOld, "Captured 40 days ago."));
    }

    [Fact]
    public async Task Two_captures_that_cannot_be_told_apart_are_handed_over_together()
    {
        await using var edge = new RunningEdge().Start();
        edge.Directory.Write("ann");
        await edge.UntilAsync(() => edge.Time.GetUtcNow().Millisecond > 0, stepMs: 3_000.5);
        using var open = new SemaphoreSlim(0);
        edge.Directory.BeforeLook = _ => open.WaitAsync();
        var first = await edge.CaptureAsync("ann");
        var second = await edge.CaptureAsync("ann");
        edge.Directory.Write("ann");
        edge.Directory.BeforeLook = _ => Task.CompletedTask;
        open.Release(10);
        await edge.UntilAsync(() => edge.Spool.Status.Held == 0, stepMs: 500);
        edge.Accepted.ShouldHaveSingleItem().ShouldBeOfType<AmbiguousCaptures>().CaptureIds.ShouldBe([first, second], ignoreOrder: true);
    }

    [Fact]
    public async Task I9_One_account_that_the_directory_does_not_answer_for_delays_no_other()
    {
        await using var edge = new RunningEdge().Start();
        var never = new TaskCompletionSource();
        edge.Directory.BeforeLook = name => name == "slow" ? never.Task : Task.CompletedTask;
        edge.Directory.Add("slow");
        await edge.CaptureAsync("slow");
        for (var n = 0; n < 50; n++)
        {
            edge.Directory.Add($"user{n}");
            await edge.CaptureAsync($"user{n}");
            edge.Directory.Write($"user{n}");
        }

        // An account is let go right after its capture went on its way.
        await edge.UntilAsync(() => edge.Accepted.Count == 50 && edge.Pipeline.Status.AccountsProving == 1);
    }

    [Fact]
    public async Task Directory_that_does_not_answer_raises_an_alarm_and_captures_wait_for_it()
    {
        await using var edge = new RunningEdge().Start();
        edge.Directory.BeforeLook = _ => throw new DirectoryUnavailableException("Connection refused.", null);
        edge.Directory.Add("ann");
        await edge.CaptureAsync("ann");
        edge.Directory.Write("ann");
        await edge.UntilAsync(() => edge.Directory.Looks >= 3, stepMs: 500);
        edge.Alarms.Standing.ShouldHaveSingleItem().ShouldBeOfType<EdgeAlarm.DirectoryUnavailable>();
        edge.Directory.BeforeLook = _ => Task.CompletedTask;
        await edge.UntilAsync(() => edge.Accepted.Count == 1 && !edge.Alarms.Standing.Any(), stepMs: 500);
    }

    [Fact]
    public async Task I1_Captures_that_were_acknowledged_go_on_after_a_restart()
    {
        var files = new MemorySpoolFiles();
        await using (var edge = new RunningEdge(files: files))
        {
            edge.Start();
            edge.Nodes.Answer = (_, _) => null;
            edge.Directory.Add("ann");
            await edge.CaptureAsync("ann");
            await edge.CaptureAsync("ben");
            edge.Directory.Write("ann");
            await edge.UntilAsync(() => edge.Nodes.Requests >= 1);
        }

        await using var again = new RunningEdge(files: files.AfterPowerLoss(new Random(1)));
        again.Directory.Write("ann");
        again.Directory.Write("ben");
        again.Start();
        await again.UntilAsync(() => again.Spool.Status.Held == 0, stepMs: 500);
        again.Accepted.Count.ShouldBe(2);
    }

    [Fact]
    public async Task I1_Captures_that_were_proven_while_no_node_answered_are_sent_after_a_restart()
    {
        var files = new MemorySpoolFiles();
        var time = new ManualClock();
        var directory = new ScriptedDirectory(time);
        CaptureId proven;
        await using (var edge = new RunningEdge(files: files, time: time, directory: directory).Start())
        {
            edge.Nodes.Answer = (_, _) => null;
            directory.Add("ann");
            proven = await edge.CaptureAsync("ann");
            directory.Write("ann");
            await edge.UntilAsync(() => edge.Nodes.Requests >= 1, stepMs: 1);
        }

        time.Advance(TimeSpan.FromHours(1));
        await using var again = new RunningEdge(files: files.AfterPowerLoss(new Random(1)), time: time, directory: directory).Start();
        await again.UntilAsync(() => again.Spool.Status.Held == 0, stepMs: 500);
        again.Accepted.ShouldHaveSingleItem().ShouldBeOfType<ConfirmedCapture>().CaptureId.ShouldBe(proven);
    }

    [Fact]
    public async Task Stamp_that_a_node_has_is_not_given_to_another_capture_after_a_restart()
    {
        var files = new MemorySpoolFiles();
        var time = new ManualClock();
        var directory = new ScriptedDirectory(time);
        await using (var edge = new RunningEdge(files: files, time: time, directory: directory).Start())
        {
            directory.Add("ann");
            await edge.CaptureAsync("ann");
            directory.Write("ann");
            await edge.UntilAsync(() => edge.Spool.Status.Held == 0, stepMs: 1);
        }

        await using var again = new RunningEdge(files: files, time: time, directory: directory).Start();
        await again.CaptureAsync("ann");
        await again.UntilAsync(() => again.Spool.Status.Held == 0, stepMs: 500);
        again.Accepted.ShouldHaveSingleItem().ShouldBeOfType<CaptureReport>();
    }
}
