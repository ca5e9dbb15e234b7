using System.Diagnostics;

namespace PasswordSync.Operations.Bench;

/// <summary>
/// What operators cost the intake: the node is given as many captures as it delivers without a pause, and short windows with and without operators follow one another on the same warm database. Each
/// pair of windows gives one ratio, with either of them first by turns. Pairs of which neither has an operator say what the machine's own noise does to a ratio.
/// </summary>
internal sealed class Intake(EdgeLoad load, Operator asking, Questions questions)
{
    /// <summary>How much of the begin of each window is not counted: what was begun in the one before is still under way.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(0.5);

    /// <summary>How long after the load has begun nothing is counted: until then it fills the node's queues.</summary>
    private static readonly TimeSpan LeadIn = TimeSpan.FromSeconds(2);

    /// <summary>A person who looks after the cluster, and does nothing else.</summary>
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(1);

    private int number;

    /// <param name="rounds">How many pairs there are of each kind.</param>
    /// <param name="window">How long is counted in each window.</param>
    /// <param name="ready">How many captures are made before each round: more than the node takes in its time.</param>
    /// <param name="people">How many people there are.</param>
    public async Task PrintAsync(int rounds, TimeSpan window, int ready, int people)
    {
        Console.WriteLine($"{Environment.NewLine}intake: captures from an edge to both targets, with one process and PostgreSQL on the same processors; {rounds} pairs of windows of {window.TotalSeconds} s");
        Kind[] kinds = [new("nothing: the machine's own noise", static _ => Task.CompletedTask), new("an operator's question each second", AskAsync), new("exports one after the other", ExportAsync)];
        for (var round = 0; round <= rounds; round++)
        {
            load.Prepare(ready, people);
            using var ending = new CancellationTokenSource();
            var loading = load.RunAsync(people, ending.Token);
            await Task.Delay(LeadIn);
            foreach (var kind in kinds.Skip(round % kinds.Length).Concat(kinds.Take(round % kinds.Length)))
            {
                var isFirst = round % 2 == 0;
                var one = await MeasureAsync(window, isFirst ? kind.BesideAsync : static _ => Task.CompletedTask);
                var other = await MeasureAsync(window, isFirst ? static _ => Task.CompletedTask : kind.BesideAsync);

                // The first round warms up.
                if (round > 0) kind.Pairs.Add(isFirst ? (one, other) : (other, one));
            }

            await ending.CancelAsync();
            await loading;
        }

        Report.Rate("alone", [.. kinds.SelectMany(kind => kind.Pairs).Select(pair => pair.Without)]);
        foreach (var kind in kinds) Report.Rate($"beside {kind.Name}", [.. kind.Pairs.Select(pair => pair.With)]);
        foreach (var kind in kinds) Report.Ratio($"of alone, beside {kind.Name}", [.. kind.Pairs.Select(pair => pair.With / pair.Without)], kind == kinds[0] ? "1 and little else" : "0.9");
        if (load.MadeLate > 0) Report.Line("batches that were made while it was counted", $"{load.MadeLate}: the machine is faster than the bench was made for");
    }

    private async Task<double> MeasureAsync(TimeSpan window, Func<CancellationToken, Task> besideAsync)
    {
        using var ending = new CancellationTokenSource();
        var beside = Task.Run(() => besideAsync(ending.Token));
        await Task.Delay(Settling);
        var (before, began) = (load.Captures, Stopwatch.GetTimestamp());
        await Task.Delay(window);
        var rate = (load.Captures - before) / Stopwatch.GetElapsedTime(began).TotalSeconds;
        await ending.CancelAsync();
        try
        {
            await beside;
        }
        catch (OperationCanceledException)
        {
            // The window has ended.
        }

        return rate;
    }

    private async Task AskAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(AskEvery);
        do
        {
            number++;
            await asking.AskAsync(questions.All[number % questions.All.Count].Operation(number), cancellationToken);
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    private async Task ExportAsync(CancellationToken cancellationToken)
    {
        while (true) await asking.ExportAsync(cancellationToken);
    }

    private sealed record Kind(string Name, Func<CancellationToken, Task> BesideAsync)
    {
        public List<(double With, double Without)> Pairs { get; } = [];
    }
}
