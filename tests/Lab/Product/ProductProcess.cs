using System.Net;
using System.Net.Sockets;

namespace PasswordSync.Lab.Product;

/// <summary>A program of this product as a process of its own, to be killed and started again.</summary>
public sealed class ProductProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartBound = TimeSpan.FromSeconds(60);

    private readonly ServerCommand command;
    private readonly Func<CancellationToken, Task<bool>> isUp;
    private ServerProcess? process;

    internal ProductProcess(string name, ServerCommand command, Func<CancellationToken, Task<bool>> isUp)
    {
        Name = name;
        this.command = command;
        this.isUp = isUp;
        process = command.OutlivesThisProcess ? ServerProcess.Find(command.LogFile) : null;
    }

    public string Name { get; }

    /// <summary>What it wrote to standard output and error.</summary>
    public string LogFile => command.LogFile;

    public bool IsRunning => process?.IsRunning ?? false;

    /// <summary>The processes, for a look at their arguments and memory.</summary>
    public IReadOnlyList<int> ProcessIds => process?.ProcessIds ?? [];

    /// <summary>Starts it and waits until it is up.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Launch();
        await Eventually.HoldsAsync($"{Name} to be up; its log ends with:\n{LogTail.Of(LogFile)}", StartBound, async token =>
        {
            if (!IsRunning) throw new LabEnvironmentException($"{Name} ended at once:\n{LogTail.Of(LogFile)}");
            return await isUp(token);
        }, cancellationToken);
    }

    /// <summary>Starts it without waiting.</summary>
    public void Launch() => process = ServerProcess.Start(command);

    /// <summary>Ends it as an operator would: SIGTERM, and waits.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => process?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    /// <summary>Ends it as a power cut would.</summary>
    public Task KillAsync(CancellationToken cancellationToken) => process?.KillAsync(cancellationToken) ?? Task.CompletedTask;

    public void Freeze() => process?.Freeze();

    public void Thaw() => process?.Thaw();

    public async ValueTask DisposeAsync()
    {
        if (process is not null) await process.DisposeAsync();
    }

    /// <summary>Whether somebody listens there.</summary>
    internal static async Task<bool> ListensAsync(EndPoint endPoint, CancellationToken cancellationToken)
    {
        using var socket = endPoint is UnixDomainSocketEndPoint ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) : new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
