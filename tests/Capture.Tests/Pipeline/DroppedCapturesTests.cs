using PasswordSync.Capture.Health;
using PasswordSync.Capture.StampProof;
using PasswordSync.Core.Intake;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.Pipeline;

/// <summary>What is in the drop folder is taken before anything is concluded; while that cannot be, nothing is.</summary>
public sealed class DroppedCapturesTests
{
    [Fact]
    public async Task Capture_dropped_during_a_look_is_observed_before_anything_is_concluded_from_it()
    {
        await using var edge = new RunningEdge().Start();
        edge.Directory.Write("ann");
        await edge.UntilAsync(() => edge.Time.GetUtcNow().Millisecond > 0, stepMs: 3_000.5);
        var looked = new TaskCompletionSource();
        var mayEnd = new TaskCompletionSource();
        edge.Directory.BeforeLook = async _ =>
        {
            looked.TrySetResult();
            await mayEnd.Task;
        };
        await edge.CaptureAsync("ann");
        await looked.Task;

        // The first was refused; the second is the cause of the stamp that this look is about to read.
        edge.Drop("ann");
        edge.Directory.Write("ann");
        mayEnd.SetResult();

        await edge.UntilAsync(() => edge.Spool.Status.Held == 0, stepMs: 500);
        edge.Accepted.ShouldHaveSingleItem().ShouldBeOfType<AmbiguousCaptures>().Candidates.Length.ShouldBe(2);
    }

    [Fact]
    public async Task Nothing_is_concluded_while_a_dropped_capture_that_may_belong_to_it_cannot_be_read()
    {
        await using var edge = new RunningEdge().Start();
        edge.Directory.Write("ann");
        await edge.UntilAsync(() => edge.Time.GetUtcNow().Millisecond > 0, stepMs: 3_000.5);
        using var mayLook = new SemaphoreSlim(0);
        edge.Directory.BeforeLook = _ => mayLook.WaitAsync();

        // The first was refused; the second is the cause of the stamp, and nobody can tell that it is the same person's.
        await edge.CaptureAsync("ann");
        var hold = edge.DropUnreadable("ann");
        edge.Directory.Write("ann");
        edge.Directory.BeforeLook = _ => Task.CompletedTask;
        mayLook.Release(10);
        var looks = edge.Directory.Looks;
        await edge.UntilAsync(() => edge.Directory.Looks >= looks + 5 || edge.Accepted.Count > 0, stepMs: 500);
        edge.Accepted.ShouldBeEmpty();
        edge.Alarms.Standing.OfType<EdgeAlarm.DropFolderBroken>().ShouldHaveSingleItem();

        await hold.DisposeAsync();
        await edge.UntilAsync(() => edge.Spool.Status.Held == 0 && edge.Accepted.Count > 0, stepMs: 500);
        edge.Accepted.ShouldHaveSingleItem().ShouldBeOfType<AmbiguousCaptures>().Candidates.Length.ShouldBe(2);
        await edge.UntilAsync(() => !edge.Alarms.Standing.OfType<EdgeAlarm.DropFolderBroken>().Any(), stepMs: 500);
    }

    [Fact]
    public async Task Nothing_is_concluded_while_nobody_can_tell_what_the_drop_folder_holds()
    {
        await using var edge = new RunningEdge().Start();
        edge.Directory.Write("ann");
        await edge.UntilAsync(() => edge.Time.GetUtcNow().Millisecond > 0, stepMs: 3_000.5);
        using var mayLook = new SemaphoreSlim(0);
        edge.Directory.BeforeLook = _ => mayLook.WaitAsync();
        await edge.CaptureAsync("ann");
        edge.HideDropFolder(true);
        edge.Directory.Write("ann");
        edge.Directory.BeforeLook = _ => Task.CompletedTask;
        mayLook.Release(10);
        var looks = edge.Directory.Looks;
        await edge.UntilAsync(() => edge.Directory.Looks >= looks + 5 || edge.Accepted.Count > 0, stepMs: 500);
        edge.Accepted.ShouldBeEmpty();

        edge.HideDropFolder(false);
        await edge.UntilAsync(() => edge.Accepted.Count == 1, stepMs: 500);
        edge.Accepted[0].ShouldBeOfType<ConfirmedCapture>();
    }

    [Fact]
    public async Task Dropped_file_that_can_never_be_read_holds_up_what_it_may_be_mixed_up_with_and_no_later_change()
    {
        await using var edge = new RunningEdge().Start();
        edge.Directory.Add("ann");
        await using var hold = edge.DropUnreadable("ann");
        await edge.UntilAsync(() => edge.Alarms.Standing.OfType<EdgeAlarm.DropFolderBroken>().Any());
        edge.Time.Advance(ProofRules.For(HookKind.BeforeCommit).CommitWithin + TimeSpan.FromSeconds(1));
        await edge.CaptureAsync("ben");
        edge.Directory.Write("ben");
        await edge.UntilAsync(() => edge.Accepted.Count == 1);
        edge.Accepted[0].ShouldBeOfType<ConfirmedCapture>();
    }
}
