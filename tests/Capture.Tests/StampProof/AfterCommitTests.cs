using PasswordSync.Capture.StampProof;
using Shouldly;
using Xunit;
using static PasswordSync.Capture.Tests.StampProof.ProofScript;

namespace PasswordSync.Capture.Tests.StampProof;

/// <summary>docs/spec/stamp-proof.md for a hook after the commit: nothing is refused, but captures may be on their way.</summary>
public sealed class AfterCommitTests
{
    private readonly ProofScript account = new(HookKind.AfterCommit);

    [Fact]
    public void Single_change_since_an_old_look_is_confirmed_at_once()
    {
        account.Look(1, Own(5, -100));
        account.Capture(10.2).Look(10.21, Own(6, 10)).ShouldBe("c1 confirmed 6");
    }

    [Fact]
    public void Change_across_the_turn_of_a_second_is_confirmed()
    {
        account.Look(1, Own(5, -100));
        account.Capture(10.001).Look(10.01, Own(6, 9), writtenAt: 9.998).ShouldBe("c1 confirmed 6");
    }

    [Fact]
    public void Without_a_known_stamp_the_proof_waits_until_every_capture_must_have_come()
    {
        account.Capture(10.2).Look(10.21, Own(6, 10)).ShouldBe("");
        account.LookAgainAt!.Value.ShouldBeLessThanOrEqualTo(At(12.212));
        account.Look(12.212, Own(6, 10)).ShouldBe("c1 confirmed 6");
    }

    [Fact]
    public void Capture_that_was_on_its_way_gets_the_stamp()
    {
        account.Capture(10.2).Look(10.25, Own(7, 10), writtenAt: 10.21).ShouldBe("c1 superseded by nobody known");
        account.Capture(10.26).Look(12.3, Own(7, 10), writtenAt: 10.21).ShouldBe("c2 confirmed 7");
    }

    [Fact]
    public void Own_stamp_of_a_later_second_supersedes()
    {
        account.Look(1, Own(5, -100));
        account.Capture(10.2).Look(14, Own(7, 13)).ShouldBe("c1 superseded by nobody known");
    }

    [Fact]
    public void Two_changes_of_one_second_are_ambiguous_when_both_must_have_come()
    {
        account.Look(1, Own(5, -100));
        account.Capture(10.2).Capture(10.25).Look(10.3, Own(7, 10)).ShouldBe("");
        account.Look(12.31, Own(7, 10)).ShouldBe("c1 or c2 ambiguous 7");
    }

    [Fact]
    public void Another_dcs_new_stamp_overtakes_at_once()
    {
        account.Look(1, Own(5, -100));
        account.Capture(10.2).Look(10.3, Other(7, 10)).ShouldBe("c1 overtaken 7");
    }

    [Fact]
    public void Directory_that_never_shows_the_change_leaves_it_unconfirmed_at_the_bound()
    {
        account.Look(1, Own(5, -100));
        account.Capture(10.2).Look(10.3, Own(5, -100)).ShouldBe("");
        account.Look(40.2, Own(5, -100)).ShouldBe("c1 unconfirmed");
    }

    [Fact]
    public void Account_without_a_password_leaves_it_unconfirmed_at_the_bound()
    {
        account.Capture(10.2).Look(10.3, null).ShouldBe("");
        account.Look(40.2, null).ShouldBe("c1 unconfirmed");
    }
}
