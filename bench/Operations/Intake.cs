namespace PasswordSync.Operations.Bench;

/// <summary>What operators cost the intake: as many captures as the node delivers, by turns alone, beside questions, and beside exports one after the other.</summary>
internal sealed class Intake(EdgeLoad load, Operator asking, Questions questions)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task PrintAsync(int captures, int people, int repeats)
    {
        Console.WriteLine($"{Environment.NewLine}intake: captures from an edge to both targets, with one process and PostgreSQL on the same processors");
        await load.RunAsync(load.Prepare(captures / 2, people));
        var (alone, asked, exports) = (new List<double>(), new List<double>(), new List<double>());
        for (var repeat = 0; repeat < repeats; repeat++)
        {
            alone.Add(await RunAsync(load.Prepare(captures, people), static _ => Task.CompletedTask));
            asked.Add(await RunAsync(load.Prepare(captures, people), AskAsync));
            exports.Add(await RunAsync(load.Prepare(captures, people), ExportAsync));
        }

        Report.Rate("alone", alone);
        Report.Rate("beside every question once a second", asked);
        Report.Rate("beside exports without a pause", exports);
        Report.Ratio("beside every question, of alone", [.. asked.Zip(alone, (with, without) => with / without)], "0.9");
        Report.Ratio("beside exports, of alone", [.. exports.Zip(alone, (with, without) => with / without)], "0.9");
    }

    private async Task<double> RunAsync(byte[][] batches, Func<CancellationToken, Task> besideAsync)
    {
        using var ending = new CancellationTokenSource();
        var beside = Task.Run(() => besideAsync(ending.Token));
        var rate = await load.RunAsync(batches);
        await ending.CancelAsync();
        try
        {
            await beside;
        }
        catch (OperationCanceledException)
        {
            // The load has ended.
        }

        return rate;
    }

    private async Task AskAsync(CancellationToken cancellationToken)
    {
        for (var number = 0; ; number++)
        {
            foreach (var (_, operation) in questions.All) await asking.AskAsync(operation(number), cancellationToken);
            await Task.Delay(Pause, cancellationToken);
        }
    }

    private async Task ExportAsync(CancellationToken cancellationToken)
    {
        while (true) await asking.ExportAsync(cancellationToken);
    }
}
