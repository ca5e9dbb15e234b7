using PasswordSync.Actors.Runtime;
using PasswordSync.Core.Decisions;
using PasswordSync.Simulation.World;

namespace PasswordSync.Simulation.Nodes;

/// <summary>An answer that comes as a step of its own, or not at all in time.</summary>
internal sealed class SimulatedReply : IReply<Decision>
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly NodeClock clock;
    private readonly EventLine line;
    private readonly Action<Decision?> answered;
    private bool isOver;

    public SimulatedReply(NodeClock clock, EventLine line, Action<Decision?> answered)
    {
        this.clock = clock;
        this.line = line;
        this.answered = answered;
        clock.Run(Timeout, () => Answer(null));
    }

    public bool TryAnswer(Decision reply) => Answer(reply);

    public bool TryFail(Exception exception) => Answer(null);

    private bool Answer(Decision? decision)
    {
        if (isOver) return false;
        isOver = true;
        clock.Run(line.Soon(), () => answered(decision));
        return true;
    }
}
