using System.Net;

namespace PasswordSync.Lab.Product;

/// <summary>A program of this product as a process of its own, to be killed and started again.</summary>
public sealed class ProductProcess : LabServer
{
    private readonly EndPoint listensAt;

    /// <param name="name">What it is, for messages.</param>
    /// <param name="command">How to start it.</param>
    /// <param name="listensAt">Where it listens once it is up.</param>
    internal ProductProcess(string name, ServerCommand command, EndPoint listensAt)
    {
        Name = name;
        Command = command;
        this.listensAt = listensAt;
        if (command.OutlivesThisProcess) Attach();
    }

    public string Name { get; }

    /// <summary>What it wrote to standard output and error.</summary>
    public string LogFile => Command.LogFile;

    protected override string Title => Name;

    protected override ServerCommand Command { get; }

    protected override async Task<string?> FindDelayAsync(CancellationToken cancellationToken) =>
        await EndPointProbe.AcceptsAsync(listensAt, cancellationToken) ? null : $"nobody listens at {listensAt}";
}
