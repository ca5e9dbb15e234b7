using PasswordSync.Core.Captures;
using PasswordSync.Core.Ports;
using PasswordSync.Simulation.Nodes;

namespace PasswordSync.Simulation.World;

/// <summary>Brings captures to any node that takes them, with the same id until one has answered; late, out of order, and some of them more than once.</summary>
internal sealed class Edge(EventLine line, Func<IReadOnlyList<SimulatedNode>> nodes)
{
    private static readonly TimeSpan LatenessMax = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    /// <summary>Captures that no node has acknowledged yet.</summary>
    public int Waiting { get; private set; }

    public void Capture(Change change)
    {
        Waiting++;
        line.Add(line.Within(LatenessMax), () => Send(change, isRepeat: false));
        if (line.Happens(0.2)) line.Add(line.Within(LatenessMax * 2), () => Send(change, isRepeat: true));
    }

    private void Send(Change change, bool isRepeat)
    {
        var up = nodes();
        var node = up.Count == 0 ? null : up[line.Random.Next(up.Count)];
        var isOver = false;
        line.Add(Timeout, () => Settle(acknowledged: false));
        node?.Clock.Run(line.Soon(), () => _ = AcceptAsync(node));

        async Task AcceptAsync(SimulatedNode taker)
        {
            try
            {
                await taker.Store.AcceptAsync([new Arrival.Confirmed(change, ["staff"], ReadOnlyMemory<byte>.Empty)], CancellationToken.None).ConfigureAwait(false);
                line.Add(line.Soon(), () => Settle(acknowledged: true));
            }
            catch (StorageUnavailableException)
            {
                line.Add(line.Soon(), () => Settle(acknowledged: false));
            }
        }

        void Settle(bool acknowledged)
        {
            if (isOver) return;
            isOver = true;
            if (isRepeat) return;
            if (acknowledged) Waiting--;
            else line.Add(line.Within(TimeSpan.FromSeconds(2)), () => Send(change, isRepeat: false));
        }
    }
}
