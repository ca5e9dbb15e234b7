using PasswordSync.Capture.StampProof;
using Shouldly;
using Xunit;
using static PasswordSync.Capture.Tests.StampProof.ProofScript;

namespace PasswordSync.Capture.Tests.StampProof;

/// <summary>docs/spec/stamp-proof.md, "Cases", for a hook before the commit, case by case.</summary>
public sealed class BeforeCommitTests
{
    private readonly ProofScript account = new(HookKind.BeforeCommit);

    [Fact]
    public void Single_change_is_confirmed_with_its_stamp_as_soon_as_it_is_seen()
    {
        account.Look(5, Other(5, -3_000)).ShouldBe("");
        account.Capture(10.2).Look(10.21, Other(5, -3_000)).ShouldBe("");
        account.Look(10.24, Own(6, 10), writtenAt: 10.19).ShouldBe("c1 confirmed 6");
        account.LookAgainAt.ShouldBeNull();
    }

    [Fact]
    public void Single_change_is_confirmed_without_a_writing_time_and_without_a_stamp_known_before() =>
        account.Capture(10.2).Look(10.24, Own(6, 10)).ShouldBe("c1 confirmed 6");

    [Fact]
    public void First_password_of_a_new_account_is_confirmed()
    {
        account.Capture(10.2).Look(10.21, null).ShouldBe("");
        account.Look(10.24, Own(1, 10)).ShouldBe("c1 confirmed 1");
    }

    [Fact]
    public void Refused_change_is_told_at_the_bound_and_not_before()
    {
        account.Look(5, Own(5, -100));
        account.Capture(10).Look(39.9, Own(5, -100)).ShouldBe("");
        account.Look(40, Own(5, -100)).ShouldBe("c1 refused");
    }

    [Fact]
    public void Commit_slower_than_the_hooks_time_out_is_confirmed_when_it_comes()
    {
        account.Look(5, Own(5, -100));
        account.Capture(10.9).Look(30, Own(5, -100)).ShouldBe("");
        account.Look(31, Own(6, 11)).ShouldBe("c1 confirmed 6");
    }

    [Fact]
    public void Rejected_then_accepted_50_ms_later_confirms_the_second_and_refuses_the_first()
    {
        account.Look(5, Own(5, -100));
        account.Capture(10.20).Look(10.21, Own(5, -100)).ShouldBe("");
        account.Capture(10.25).Look(10.30, Own(6, 10), writtenAt: 10.24).ShouldBe("c1 refused; c2 confirmed 6");
    }

    [Fact]
    public void Accepted_then_rejected_50_ms_later_confirms_the_first_and_refuses_the_second()
    {
        account.Look(5, Own(5, -100));
        account.Capture(10.20).Capture(10.25).Look(10.30, Own(6, 10), writtenAt: 10.19).ShouldBe("c1 confirmed 6");
        account.Look(39, Own(6, 10), writtenAt: 10.19).ShouldBe("");
        account.Look(40.25, Own(6, 10), writtenAt: 10.19).ShouldBe("c2 refused");
    }

    [Fact]
    public void Two_quick_changes_confirm_the_second_and_supersede_the_first()
    {
        account.Look(5, Own(5, -100));
        account.Capture(10.20).Capture(10.25).Look(10.30, Own(7, 10), writtenAt: 10.24).ShouldBe("c1 superseded by c2; c2 confirmed 7");
    }

    [Fact]
    public void Two_changes_in_one_second_with_a_look_in_between_are_both_confirmed()
    {
        account.Look(5, Own(5, -100));
        account.Capture(10.20).Look(10.23, Own(6, 10)).ShouldBe("c1 confirmed 6");
        account.Capture(10.25).Look(10.30, Own(7, 10)).ShouldBe("c2 confirmed 7");
    }

    [Fact]
    public void Two_attempts_in_one_second_one_refused_and_no_writing_time_are_ambiguous_at_the_bound()
    {
        account.Look(5, Own(5, -100));
        account.Capture(10.20).Capture(10.25).Look(10.30, Own(6, 10)).ShouldBe("");
        account.Look(40.2, Own(6, 10)).ShouldBe("");
        account.Look(40.25, Own(6, 10)).ShouldBe("c1 or c2 ambiguous 6");
    }

    [Fact]
    public void Two_attempts_in_one_second_are_ambiguous_before_the_bound_once_a_later_hook_ran_since_neither_is_in_flight_then()
    {
        account.Look(5, Own(5, -100));
        account.Capture(10.1).Capture(10.2);
        account.Look(10.5, Own(6, 10)).ShouldBe("", "the second may be in flight, and would bring a stamp of its own");
        account.Capture(13);
        account.Look(12.9, Own(6, 10)).ShouldBe("", "the look began before the later hook");

        account.Look(13.1, Own(6, 10)).ShouldBe("c1 or c2 ambiguous 6");
        account.Look(13.5, Own(7, 13)).ShouldBe("c3 confirmed 7");
    }

    [Fact]
    public void A_later_hook_whose_change_is_refused_leaves_the_ambiguous_pair_as_it_is()
    {
        account.Look(5, Own(5, -100));
        account.Capture(10.1).Capture(10.2).Capture(13);
        account.Look(13.1, Own(6, 10)).ShouldBe("c1 or c2 ambiguous 6");
        account.Look(43.1, Own(6, 10)).ShouldBe("c3 refused");
    }

    [Fact]
    public void Stamp_of_a_second_after_the_later_attempt_belongs_to_it_without_a_writing_time()
    {
        account.Look(5, Own(5, -100));
        account.Capture(10.95).Capture(11.95).Look(12.10, Own(6, 12)).ShouldBe("c1 refused; c2 confirmed 6");
    }

    [Fact]
    public void Stamp_of_the_later_attempts_second_may_be_that_of_a_slow_earlier_one_without_a_writing_time()
    {
        account.Look(5, Own(5, -100));
        account.Capture(10.95).Capture(12.05).Look(12.10, Own(6, 12)).ShouldBe("");
        account.Look(42.05, Own(6, 12)).ShouldBe("c1 or c2 ambiguous 6");
    }

    [Fact]
    public void Own_stamp_of_the_first_attempts_second_belongs_to_the_first_attempt()
    {
        account.Look(5, Own(5, -100));
        account.Capture(10.5).Capture(12.05).Look(12.10, Own(6, 10)).ShouldBe("c1 confirmed 6");
        account.Look(42.05, Own(6, 10)).ShouldBe("c2 refused");
    }

    [Fact]
    public void Refusal_before_the_look_that_still_saw_the_old_stamp_is_no_candidate()
    {
        account.Look(5, Own(5, -100));
        account.Capture(10.20).Capture(10.25).Look(10.26, Own(5, -100)).ShouldBe("");
        account.Look(10.30, Own(6, 10)).ShouldBe("c1 refused; c2 confirmed 6");
    }

    [Fact]
    public void Rejected_while_another_dcs_change_replicates_in_is_overtaken_at_the_bound_and_never_confirmed()
    {
        account.Look(5, Own(5, -100));
        account.Capture(10.20).Look(10.25, Other(6, 10)).ShouldBe("");
        account.Look(40.2, Other(6, 10)).ShouldBe("c1 overtaken 6");
    }

    [Fact]
    public void Commit_on_top_of_another_dcs_change_is_confirmed()
    {
        account.Look(5, Own(5, -100));
        account.Capture(10.20).Look(10.25, Other(6, 10)).ShouldBe("");
        account.Look(10.30, Own(7, 10), writtenAt: 10.19).ShouldBe("c1 confirmed 7");
    }

    [Fact]
    public void Late_read_after_another_dcs_newer_change_is_overtaken()
    {
        account.Look(5, Own(5, -100));
        account.Capture(10.20).Look(41, Other(7, 15)).ShouldBe("c1 overtaken 7");
    }

    [Fact]
    public void Accepted_change_of_ours_and_a_rejected_one_behind_it_with_another_dcs_change_between_is_told_by_the_writing_time()
    {
        account.Look(5, Own(5, -100));
        account.Capture(10.20).Capture(10.25).Look(10.30, Own(7, 10), writtenAt: 10.19).ShouldBe("c1 confirmed 7");
    }

    [Fact]
    public void Drop_file_without_a_known_stamp_is_confirmed_when_it_alone_can_have_caused_the_stamp() =>
        account.Capture(10.2).Look(3_600, Own(6, 10), writtenAt: 10.15).ShouldBe("c1 confirmed 6");

    [Fact]
    public void Drop_files_without_a_known_stamp_confirm_the_last_that_can_have_caused_it() =>
        account.Capture(10.2).Capture(200.2).Capture(400.7).Look(3_600, Own(7, 200)).ShouldBe("c1 superseded by c2; c2 confirmed 7");

    [Fact]
    public void Drop_file_without_a_known_stamp_is_refused_when_the_own_stamp_is_older() =>
        account.Capture(10.2).Look(3_600, Own(6, 9)).ShouldBe("c1 refused");

    [Theory]
    [InlineData(12, "c1 overtaken 6")]
    [InlineData(-200, "c1 overtaken 6")]
    [InlineData(-3_000, "c1 refused")]
    public void Drop_file_without_a_known_stamp_under_another_dcs_stamp(int second, string verdict) =>
        account.Capture(10.2).Look(3_600, Other(6, second)).ShouldBe(verdict);

    [Fact]
    public void Stamp_that_was_given_to_a_capture_is_not_given_again_even_after_a_restart()
    {
        account.Look(5, Own(5, -100));
        account.Capture(10.20).Look(10.23, Own(6, 10)).ShouldBe("c1 confirmed 6");
        account.Restart().Capture(10.60).Look(10.65, Own(6, 10)).ShouldBe("");
        account.Look(41, Own(6, 10)).ShouldBe("c2 refused");
    }

    [Fact]
    public void I1_What_was_proven_before_a_restart_holds_after_it_whatever_the_directory_shows_by_then()
    {
        account.Look(5, Own(5, -100));
        account.Capture(10.20).Look(10.23, Own(6, 10)).ShouldBe("c1 confirmed 6");
        account.Restart(unanswered: 1).Look(100, Own(6, 10)).ShouldBe("c1 confirmed 6");
        account.Restart(unanswered: 1).Look(200, Own(7, 150)).ShouldBe("c1 confirmed 6");
    }

    [Fact]
    public void I1_What_was_ambiguous_before_a_restart_is_so_after_it()
    {
        account.Look(5, Own(5, -100));
        account.Capture(10.1).Capture(10.4).Look(41, Own(6, 10)).ShouldBe("c1 or c2 ambiguous 6");
        account.Restart(1, 2).Look(50, Own(6, 10)).ShouldBe("c1 or c2 ambiguous 6");
        account.Restart(2).Look(60, Own(6, 10)).ShouldBe("c2 ambiguous 6");
    }

    [Fact]
    public void Of_two_that_were_proven_before_a_restart_the_earlier_one_is_superseded()
    {
        account.Look(5, Own(5, -100));
        account.Capture(10.2).Look(10.3, Own(6, 10)).ShouldBe("c1 confirmed 6");
        account.Capture(12.2).Look(12.3, Own(7, 12)).ShouldBe("c2 confirmed 7");
        account.Restart(1, 2).Look(20, Own(7, 12)).ShouldBe("c2 confirmed 7");
        account.Look(43, Own(7, 12)).ShouldBe("c1 superseded by nobody known");
    }

    [Fact]
    public void Writing_time_long_before_the_only_hook_after_it_is_doubtful()
    {
        account.Look(5, Own(5, -100));
        account.Capture(19.9).Look(20, Own(6, 19), writtenAt: 11).ShouldBe("");
        account.Look(49.9, Own(6, 19), writtenAt: 11).ShouldBe("c1 ambiguous 6");
    }

    [Fact]
    public void Write_after_all_hooks_is_nobodys_and_is_told_as_not_captured()
    {
        account.Look(5, Own(5, -100));
        account.Capture(10.2).Look(10.9, Own(6, 10), writtenAt: 10.5).ShouldBe("");
        account.NotCaptured.ShouldBe(Own(6, 10));
        account.Look(10.95, Own(6, 10), writtenAt: 10.5);
        account.NotCaptured.ShouldBeNull();
        account.Look(40.2, Own(6, 10), writtenAt: 10.5).ShouldBe("c1 superseded by nobody known");
    }

    [Fact]
    public void Stamp_seen_first_without_a_look_before_is_not_told_as_not_captured()
    {
        account.Capture(10.2).Look(10.3, Own(6, -100)).ShouldBe("");
        account.NotCaptured.ShouldBeNull();
    }

    [Fact]
    public void Renamed_account_is_ambiguous_at_the_bound()
    {
        account.Capture(10.2).Look(10.3, Own(6, 10), writtenAt: 10.15, isNameCertain: false).ShouldBe("");
        account.Look(40.2, Own(6, 10), writtenAt: 10.15, isNameCertain: false).ShouldBe("c1 ambiguous 6");
    }

    [Fact]
    public void Restored_dc_begins_anew()
    {
        account.Look(5, Own(50, -100));
        account.Capture(10.2).Look(10.3, Own(40, -500)).ShouldBe("");
        account.Look(10.4, Own(41, 10)).ShouldBe("c1 confirmed 41");
    }

    [Fact]
    public void Version_after_the_greatest_is_greater()
    {
        account.Look(5, Own(uint.MaxValue, -100));
        account.Capture(10.2).Capture(10.3).Look(10.4, Own(0, 10), writtenAt: 10.25).ShouldBe("c1 refused; c2 confirmed 0");
    }

    [Fact]
    public void More_candidates_than_a_node_takes_leave_the_oldest_unconfirmed()
    {
        for (var i = 0; i < 18; i++) account.Capture(10 + (i * 0.01));
        var verdicts = account.Look(41, Own(6, 10));
        verdicts.ShouldStartWith("c1 unconfirmed; c2 unconfirmed; c3 or c4 or");
        verdicts.ShouldEndWith("c18 ambiguous 6");
    }

    [Fact]
    public void Looks_follow_each_other_in_growing_pauses_of_at_most_a_second()
    {
        var rules = ProofRules.For(HookKind.BeforeCommit);
        double[] ages = [0, 0.01, 0.02, 0.3, 5];
        ages.Select(age => (StampProver.NextLook(At(10 + age), At(10), rules) - At(10)).TotalSeconds).ShouldBe([0.01, 0.02, 0.04, 0.6, 6]);
    }
}
