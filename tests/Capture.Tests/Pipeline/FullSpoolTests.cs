using PasswordSync.Core.Intake;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.Pipeline;

public sealed class FullSpoolTests
{
    [Fact]
    public async Task Full_spool_lets_older_confirmed_captures_of_an_account_give_way_to_the_newest()
    {
        var small = new Capture.Spool.SpoolOptions { SegmentBytes = 64 << 10, BytesMax = 256 << 10 };
        await using var edge = new RunningEdge(spoolOptions: small).Start();
        edge.Nodes.Answer = (_, _) => null;
        edge.Directory.Add("bob");
        var onlyOfBob = await edge.CaptureAsync("bob");
        edge.Directory.Write("bob");
        await edge.UntilAsync(() => edge.Pipeline.Status is { AccountsProving: 0, Sending: 1 }, stepMs: 1);
        edge.Directory.Add("ann");
        var confirmed = 1;
        var newestOfAnn = onlyOfBob;

        // Until it is full; older ones may give way before this is seen.
        while (edge.Spool.Status is { IsFull: false } && edge.Pipeline.Status.Sending == confirmed)
        {
            newestOfAnn = await edge.CaptureAsync("ann");
            edge.Directory.Write("ann");
            confirmed++;
            await edge.UntilAsync(() => edge.Pipeline.Status is { AccountsProving: 0, Matching: 0, InGrace: 0 }, stepMs: 1);
        }

        confirmed.ShouldBeGreaterThan(4);

        await edge.UntilAsync(() => edge.Spool.Status is { IsFull: false, Held: <= 3 }, stepMs: 500);
        var last = await edge.CaptureAsync("ann");
        edge.Directory.Write("ann");
        edge.Nodes.Answer = (_, id) => CaptureAnswer.Accepted(id);
        await edge.UntilAsync(() => edge.Spool.Status.Held == 0, stepMs: 500);
        foreach (var kept in new[] { onlyOfBob, newestOfAnn, last }) edge.Accepted.OfType<ConfirmedCapture>().ShouldContain(capture => capture.CaptureId == kept);
    }
}
