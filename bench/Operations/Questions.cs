namespace PasswordSync.Operations.Bench;

/// <summary>What operators ask, one question after the other.</summary>
internal sealed class Questions(Operator asking, int people, IReadOnlyList<int> parked)
{
    private const string Goal = "below 500 ms";

    /// <summary>The questions with the number of the asking: each explains another person.</summary>
    public IReadOnlyList<(string Name, Func<int, string> Operation)> All { get; } =
    [
        ("sync status", _ => "sync/status"),
        ("sync explain, somebody", number => $"sync/explain?user={People.Login(number * 7_919 % people)}"),
        ("sync explain, somebody with a parked delivery", number => $"sync/explain?user={People.Login(parked[number % parked.Count])}"),
        ("sync parked list, 100 rows", _ => "sync/parked/list"),
        ("sync parked list, 1,000 rows", _ => "sync/parked/list?limit=1000"),
        ("sync queue, 100 rows", _ => "sync/queue"),
        ("sync history, somebody", number => $"sync/history?user={People.Login(number * 7_919 % people)}"),
    ];

    /// <param name="when">What is the matter meanwhile.</param>
    /// <param name="times">How often each is asked, after once to warm up.</param>
    public async Task PrintAsync(string when, int times)
    {
        Console.WriteLine($"{Environment.NewLine}questions: {when}; over HTTPS, until the whole answer is there");
        foreach (var (name, operation) in All)
        {
            await asking.AskAsync(operation(0), CancellationToken.None);
            var taken = new List<TimeSpan>();
            for (var number = 1; number <= times; number++) taken.Add(await asking.AskAsync(operation(number), CancellationToken.None));
            Report.Times(name, taken, Goal);
        }
    }
}
