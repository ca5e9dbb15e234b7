namespace PasswordSync.Lab;

/// <summary>
/// A server that can be started, ended, killed and suspended, and started again with the data it had. It ends with this process or when it is disposed,
/// unless its command says that it outlives us. What it needs besides, such as an address and a folder, its class takes at the start and gives back in <see cref="DisposeAsync"/>.
/// </summary>
public abstract class LabServer : IAsyncDisposable
{
    /// <summary>How long a server may take from its start until it answers. A second or two as a rule; more on a busy machine.</summary>
    public static readonly TimeSpan StartBound = TimeSpan.FromMinutes(3);

    private ServerProcess? process;

    /// <summary>False once the server has ended, by itself or otherwise.</summary>
    public bool IsRunning => process?.IsRunning ?? false;

    /// <summary>Its processes, the first one first, for a look at their arguments and memory; empty while it does not run.</summary>
    public IReadOnlyList<int> ProcessIds => process?.ProcessIds ?? [];

    /// <summary>What it is and where, for messages.</summary>
    protected abstract string Title { get; }

    /// <summary>How to start it.</summary>
    protected abstract ServerCommand Command { get; }

    /// <summary>What to show of a start that failed.</summary>
    protected virtual IEnumerable<string> LogFiles => [Command.LogFile];

    /// <summary>Starts the server, for the first time or again, and waits until it answers.</summary>
    /// <exception cref="LabNotSupportedException">Not Linux: the calling test is skipped.</exception>
    /// <exception cref="LabEnvironmentException">It does not answer in time, or ended by itself; the message holds the end of its log.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Launch();
        string? seen = null;
        try
        {
            await Eventually.HoldsAsync($"{Title} to answer", StartBound, LookAsync, cancellationToken);
        }
        catch (Exception failure) when (failure is TimeoutException or LabEnvironmentException)
        {
            var logs = LogTail.Of(LogFiles);
            await StopAsync(CancellationToken.None);
            throw new LabEnvironmentException($"{Title} did not start. Last look: {seen ?? "none"}.\n{logs}", failure);
        }

        async Task<bool> LookAsync(CancellationToken token)
        {
            if (!IsRunning) throw new LabEnvironmentException($"{Title} ended by itself.");
            return (seen = await FindDelayAsync(token)) is null;
        }
    }

    /// <summary>Starts the server without waiting.</summary>
    public void Launch()
    {
        if (IsRunning) throw new InvalidOperationException($"{Title} is already running.");
        Prepare();
        process = ServerProcess.Start(Command);
    }

    /// <summary>Asks the server to end and waits until it has, with all its processes. Data and address remain, for the next start.</summary>
    public virtual async Task StopAsync(CancellationToken cancellationToken)
    {
        if (process is not null) await process.StopAsync(cancellationToken);
        await ReleaseAsync();
    }

    /// <summary>Ends the server with all its processes at once, as a power cut would.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        if (process is not null) await process.KillAsync(cancellationToken);
        await ReleaseAsync();
    }

    /// <summary>Suspends all processes of the server: it still accepts connections and answers nothing, until <see cref="Thaw"/>.</summary>
    public void Freeze() => process?.Freeze();

    /// <summary>Lets a frozen server go on.</summary>
    public void Thaw() => process?.Thaw();

    /// <summary>Ends the server, unless it is one that outlives us.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        await ReleaseAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Finds the server that an earlier process started and left running, if it does.</summary>
    internal void Attach() => process = ServerProcess.Find(Command.LogFile);

    /// <summary>Writes what the server needs, before each start.</summary>
    protected virtual void Prepare()
    {
    }

    /// <summary>Looks whether the server answers: null if it does, else what was seen instead.</summary>
    protected abstract Task<string?> FindDelayAsync(CancellationToken cancellationToken);

    private async ValueTask ReleaseAsync()
    {
        if (process is not null) await process.DisposeAsync();
        process = null;
    }
}
