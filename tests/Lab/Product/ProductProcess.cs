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

    /// <summary>Where its log ends now, for <see cref="ReadLog"/>.</summary>
    public long LogEnd => File.Exists(LogFile) ? new FileInfo(LogFile).Length : 0;

    /// <summary>Where its log ended when it was started last: what is before is of an earlier run.</summary>
    public long LastStart { get; private set; }

    /// <summary>The lines that it wrote since; without one that it may still be writing.</summary>
    /// <param name="after">A former <see cref="LogEnd"/>.</param>
    public IReadOnlyList<string> ReadLog(long after)
    {
        using var file = new FileStream(LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Seek(after, SeekOrigin.Begin);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd().Split('\n')[..^1];
    }

    protected override string Title => Name;

    protected override ServerCommand Command { get; }

    protected override void Prepare() => LastStart = LogEnd;

    protected override async Task<string?> FindDelayAsync(CancellationToken cancellationToken) =>
        await EndPointProbe.AcceptsAsync(listensAt, cancellationToken) ? null : $"nobody listens at {listensAt}";
}
