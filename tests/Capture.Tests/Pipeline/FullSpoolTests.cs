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
        edge.Directory.Add("ann");
        var confirmed = 0;
        while (!edge.Spool.Status.IsFull)
        {
            await edge.CaptureAsync("ann");
            edge.Directory.Write("ann");
            confirmed++;
            await edge.UntilAsync(() => edge.Pipeline.Status is { AccountsProving: 0 } status && (status.Sending == confirmed || status.Spool.IsFull), stepMs: 1);
        }

        await edge.UntilAsync(() => edge.Spool.Status is { IsFull: false, Held: <= 2 }, stepMs: 500);
        var last = await edge.CaptureAsync("ann");
        edge.Directory.Write("ann");
        edge.Nodes.Answer = (_, id) => CaptureAnswer.Accepted(id);
        await edge.UntilAsync(() => edge.Spool.Status.Held == 0, stepMs: 500);
        edge.Accepted.OfType<ConfirmedCapture>().ShouldContain(capture => capture.CaptureId == last);
    }
}
