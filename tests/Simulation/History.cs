using PasswordSync.Core.Decisions;
using PasswordSync.Core.Ports;
using PasswordSync.Simulation.Checks;
using PasswordSync.Simulation.Nodes;
using PasswordSync.Simulation.Store;
using PasswordSync.Simulation.World;

namespace PasswordSync.Simulation;

/// <summary>One cluster's history: some time in which everything goes wrong that a seed thinks of, then good times until all is quiet.</summary>
internal sealed class History : IDisposable
{
    private const int Users = 5;

    private static readonly TimeSpan BadTimes = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan QuietMax = TimeSpan.FromMinutes(20);
    private static readonly string[] Names = ["north", "south", "west"];

    private readonly EventLine line;
    private readonly Surroundings around;
    private readonly Domain domain;
    private readonly Edge edge;
    private readonly Dictionary<string, SimulatedNode> nodes = [];

    public History(int seed, Bugs bugs, bool keepsLines = false)
    {
        line = new EventLine(new Random(seed));
        var trace = new Trace(line, keepsLines);
        Judge = new Judge(trace);
        around = new Surroundings(line, trace, new Database(line, Judge, bugs), new Weather(), Judge, bugs);
        domain = new Domain(line);
        edge = new Edge(line, () => [.. nodes.Values.Where(node => node.IsUp && !node.IsLeaving)]);
        if (seed % 2 == 0) return;
        around.Weather.ClocksJump = true;
        around.Weather.ConnectionsSurvive = TimeSpan.FromSeconds(3);
    }

    public Judge Judge { get; }

    public Trace Trace => around.Trace;

    /// <summary>Plays it to the end.</summary>
    /// <exception cref="ViolationException">An invariant did not hold.</exception>
    public void Play()
    {
        foreach (var name in Names) Start(name);
        around.Weather.Stops = 0.05 * line.Random.NextDouble();
        var changes = line.Random.Next(5, 25);
        for (var i = 0; i < changes; i++) line.Add(line.Within(BadTimes), Change);
        var faults = line.Random.Next(0, 14);
        for (var i = 0; i < faults; i++) line.Add(line.Within(BadTimes), Fault);
        if (around.Bugs.BreaksOff) line.Add(BadTimes / 2, () => throw new KeyNotFoundException("A bug."));
        line.RunUntil(BadTimes);
        Heal();
        var end = line.Now + QuietMax;
        while (!IsQuiet())
        {
            if (line.Now >= end) throw new ViolationException($"It did not come to rest within {QuietMax}: {Rest()}");
            line.RunUntil(line.Now + TimeSpan.FromSeconds(1));
        }

        Judge.AtRest(around.Database, around.Targets);
    }

    public void Dispose() => Trace.Dispose();

    private void Start(string name)
    {
        var clock = new NodeClock(line) { Error = (line.Within(TimeSpan.FromSeconds(1)) - TimeSpan.FromSeconds(0.5)) };
        var bytes = new byte[16];
        line.Random.NextBytes(bytes);
        nodes[name] = new SimulatedNode(around, clock, new NodeId(name, new Guid(bytes)));
        nodes[name].Start();
    }

    private void Change()
    {
        var change = domain.Change(line.Random.Next(Users));
        Judge.Made(change);
        Trace.Note($"{change.Names.SamAccountName} changes: {change.CaptureId} version {change.Stamp.Version}");
        edge.Capture(change);
    }

    private void Fault()
    {
        var name = Names[line.Random.Next(Names.Length)];
        var node = nodes[name];
        switch (line.Random.Next(9))
        {
            case 0 or 1 when node.IsUp:
                Trace.Note($"{name} crashes");
                node.Clock.Kill();
                line.Add(line.Within(TimeSpan.FromSeconds(15)), () => Restart(name));
                break;
            case 2 or 3 when node.IsUp:
                around.Stop(node);
                break;
            case 4:
                var outage = line.Within(TimeSpan.FromSeconds(8));
                Trace.Note($"the database is away for {outage}");
                around.Database.GoAway(outage);
                break;
            case 5:
                around.Weather.Loss = 0.1;
                around.Weather.LosesNotifications = true;
                line.Add(line.Within(TimeSpan.FromSeconds(10)), () => around.Weather.Loss = 0);
                break;
            case 6:
                around.Weather.TargetTrouble = 0.3;
                line.Add(line.Within(TimeSpan.FromSeconds(15)), () => around.Weather.TargetTrouble = 0);
                break;
            case 7 when node.IsUp:
                node.Leave();
                line.Add(line.Within(TimeSpan.FromSeconds(15)), () => Restart(name));
                break;
            case 8 when around.Weather.ClocksJump:
                around.Jump(node);
                break;
            case 8:
                around.Database.ClockError += line.Within(TimeSpan.FromSeconds(20)) - TimeSpan.FromSeconds(10);
                Trace.Note($"the database's clock is wrong by {around.Database.ClockError}");
                break;
        }
    }

    private void Restart(string name)
    {
        if (nodes[name].Clock.IsDead) Start(name);
        else if (nodes[name].IsLeaving) line.Add(TimeSpan.FromSeconds(1), () => Restart(name));
    }

    private void Heal()
    {
        around.Weather.Loss = 0;
        around.Weather.Stops = 0;
        around.Weather.TargetTrouble = 0;
        around.Weather.LosesNotifications = false;
        foreach (var name in Names) Restart(name);
    }

    private bool IsQuiet() =>
        edge.Waiting == 0 && around.Database.InboxCount == 0
        && around.Database.States.Values.All(state => state.Points.Values.All(point => point is PointState.Idle or PointState.Parked));

    private string Rest() =>
        $"{edge.Waiting} captures at the edge, {around.Database.InboxCount} in the inbox, {string.Join(", ", around.Database.States.Values.SelectMany(state => state.Points.Values).Where(point => point is not PointState.Idle))}";
}
