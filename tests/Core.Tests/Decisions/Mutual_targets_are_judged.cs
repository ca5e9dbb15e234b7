using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Stamps;
using Shouldly;
using Xunit;

namespace PasswordSync.Core.Tests.Decisions;

/// <summary>Changes made in two domains that are each other's target: change 5 of alpha, made five seconds after noon, is to be written to the account in beta.</summary>
public sealed class Mutual_targets_are_judged
{
    private static readonly AccountId Target = Some.Account(Some.Beta);

    [Fact]
    public void A_change_overwrites_what_is_older_by_its_time_and_nothing_that_is_newer()
    {
        Judge(present: Some.Stamp(4)).ShouldBe(MutualVerdict.Write);
        Judge(present: Some.Stamp(6)).ShouldBe(MutualVerdict.TargetIsNewer);
    }

    [Fact]
    public void At_the_same_second_the_configured_precedence_decides_and_then_the_name()
    {
        Judge(present: Some.Stamp(5)).ShouldBe(MutualVerdict.Write, "alpha comes before beta");
        Judge(present: Some.Stamp(5), rules: new DecisionRules { SourcePrecedence = [Some.Beta] }).ShouldBe(MutualVerdict.TargetIsNewer);
    }

    [Fact]
    public void What_this_product_wrote_itself_is_no_password_of_the_targets_own()
    {
        Judge(present: Some.Stamp(6), atTarget: new OwnWrites(null, Some.Stamp(6))).ShouldBe(MutualVerdict.Write);
        Judge(present: Some.Stamp(6), atTarget: new OwnWrites(null, Some.Stamp(5))).ShouldBe(MutualVerdict.TargetIsNewer);
    }

    [Fact]
    public void Nothing_is_judged_by_a_stamp_that_is_not_known() => Judge(present: null).ShouldBe(MutualVerdict.Write);

    [Fact]
    public void A_change_that_was_made_on_top_of_the_targets_password_is_newer_whatever_the_clocks_say()
    {
        Judge(present: Some.Stamp(6), atSource: Brought(Target, Some.Stamp(6))).ShouldBe(MutualVerdict.Write);
        Judge(present: Some.Stamp(6), atSource: Brought(Target, Some.Stamp(7))).ShouldBe(MutualVerdict.Write);
    }

    [Fact]
    public void A_change_that_was_made_on_top_of_an_older_password_of_the_target_is_not() =>
        Judge(present: Some.Stamp(6), atSource: Brought(Target, Some.Stamp(5))).ShouldBe(MutualVerdict.TargetIsNewer);

    [Fact]
    public void A_change_that_was_made_on_top_of_another_accounts_password_says_nothing_of_the_target() =>
        Judge(present: Some.Stamp(6), atSource: Brought(Some.Account(new SourceId("gamma")), Some.Stamp(6))).ShouldBe(MutualVerdict.TargetIsNewer);

    [Fact]
    public void A_newer_write_to_the_account_that_the_change_comes_from_has_overwritten_it()
    {
        Judge(present: Some.Stamp(4), atSource: new OwnWrites(null, Some.Stamp(6))).ShouldBe(MutualVerdict.Overwritten);
        Judge(present: Some.Stamp(4), atSource: new OwnWrites(null, Some.Stamp(5))).ShouldBe(MutualVerdict.Write, "that write is the change itself");
    }

    [Fact]
    public void A_write_to_the_account_that_the_change_comes_from_is_waited_for_until_its_bound_and_no_longer()
    {
        Judge(present: Some.Stamp(4), atSource: new OwnWrites(Some.Noon.AddTicks(1), null)).ShouldBe(MutualVerdict.Wait);
        Judge(present: Some.Stamp(4), atSource: new OwnWrites(Some.Noon, null)).ShouldBe(MutualVerdict.Write);
        Judge(present: Some.Stamp(4), atSource: new OwnWrites(Some.Noon.AddTicks(1), Some.Stamp(6))).ShouldBe(MutualVerdict.Overwritten, "what is known needs no waiting");
    }

    private static OwnWrites Brought(AccountId account, Stamp stamp) => new(null, Some.Stamp(3)) { Origin = new ChangeOrigin(account, stamp) };

    private static MutualVerdict Judge(Stamp? present, OwnWrites? atTarget = null, OwnWrites? atSource = null, DecisionRules? rules = null) =>
        MutualTargets.Judge(Some.Change(5), Target, present, atTarget ?? OwnWrites.None, atSource ?? OwnWrites.None, Some.Noon, rules ?? new DecisionRules());
}
