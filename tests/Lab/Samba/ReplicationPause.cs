namespace PasswordSync.Lab;

/// <summary>
/// A time in which the DCs of a domain do not replicate. Each DC's replication process is suspended: Samba reads the options
/// DISABLE_INBOUND_REPL and DISABLE_OUTBOUND_REPL only when it starts, and a stopped DC would take no changes.
/// </summary>
public sealed class ReplicationPause : IAsyncDisposable
{
    private static readonly TimeSpan SuspendBound = TimeSpan.FromMinutes(2);
    private readonly IReadOnlyList<int> _suspended;

    private ReplicationPause(IReadOnlyList<int> suspended) => _suspended = suspended;

    /// <summary>Lets the DCs replicate again; they hear of what was changed within about a second.</summary>
    public ValueTask DisposeAsync()
    {
        foreach (var process in _suspended) NativeSignals.Send(process, NativeSignals.Continue);
        return ValueTask.CompletedTask;
    }

    internal static async Task<ReplicationPause> BeginAsync(IEnumerable<SambaDomainController> controllers, CancellationToken cancellationToken)
    {
        var suspended = new List<int>();
        var pause = new ReplicationPause(suspended);
        try
        {
            foreach (var controller in controllers.Where(controller => controller.IsRunning))
            {
                // A DC that has just started answers its clients before each of its processes is there.
                var process = 0;
                await Eventually.HoldsAsync(
                    $"the replication process of {controller.FullName}", SuspendBound, _ => Task.FromResult((process = controller.ReplicationProcess ?? 0) != 0), cancellationToken);
                suspended.Add(process);
                await Eventually.HoldsAsync(
                    $"the replication of {controller.FullName} to be between two transactions",
                    SuspendBound,
                    _ => Task.FromResult(TrySuspend(process, controller)),
                    cancellationToken);
            }

            return pause;
        }
        catch
        {
            await pause.DisposeAsync();
            throw;
        }
    }

    /// <summary>Suspends the process unless it holds a database lock, with which it would block every change at its DC.</summary>
    private static bool TrySuspend(int process, SambaDomainController controller)
    {
        NativeSignals.Send(process, NativeSignals.Stop);

        // The signal takes its time: until it has worked, a lock can still be taken.
        if (!ProcessTree.IsStopped(process)) return false;
        if (!ProcessTree.HoldsWriteLock(process, controller.Database)) return true;
        NativeSignals.Send(process, NativeSignals.Continue);
        return false;
    }
}
