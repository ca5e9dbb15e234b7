using PasswordSync.Lab;
using PasswordSync.Lab.Product;

namespace PasswordSync.Chaos.Cluster;

/// <summary>Where a node stops itself on its way to the target.</summary>
internal enum StopKind
{
    /// <summary>Before it opens a connection: after the first look at the deadline, before the last one.</summary>
    Connect = 1,

    /// <summary>Before it sends the request: after the last look at the deadline, with nothing of the password on the way.</summary>
    Send = 2,
}

/// <summary>Stops a process (SIGSTOP) at a point between two of its own instructions. By a small preloaded library of our own.</summary>
internal sealed class StopPoint
{
    private const string Compiler = "/usr/bin/gcc";

    /// <summary>What the library writes when it has stopped the process.</summary>
    private const int Hit = 3;

    private static readonly string Source = Path.Combine(ProductBuild.Root, "tests/Chaos/Cluster/stop_point.c");

    private readonly string library;
    private readonly string file;

    private StopPoint(string library, string file)
    {
        this.library = library;
        this.file = file;
    }

    /// <summary>What the process needs in its environment.</summary>
    public Dictionary<string, string> Environment => new() { ["LD_PRELOAD"] = library, ["STOP_POINT_FILE"] = file };

    /// <summary>Makes one that is not set.</summary>
    /// <param name="folder">Where its files are put.</param>
    /// <param name="name">Whose it is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<StopPoint> MakeAsync(string folder, string name, CancellationToken cancellationToken)
    {
        var library = Path.Combine(folder, "stop_point.so");
        if (!File.Exists(library)) (await new ToolRun(Compiler, ["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", library, Source]).RunAsync(cancellationToken)).RequireSuccess();
        var point = new StopPoint(library, Path.Combine(folder, $"{name}.stop"));
        point.Write(port: 0, kind: 0);
        return point;
    }

    /// <summary>The process stops the next time it comes to this point.</summary>
    /// <param name="port">The target's port.</param>
    /// <param name="kind">The point.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Ends when it has come there.</returns>
    public async Task StopAtAsync(int port, StopKind kind, CancellationToken cancellationToken)
    {
        Write(port, (int)kind);
        await Eventually.HoldsAsync($"a node at the point {kind}", ChaosCluster.Bound, _ => Task.FromResult(Kind() == Hit), cancellationToken);
    }

    // In place: it is mapped.
    private void Write(int port, int kind)
    {
        using var stream = new FileStream(file, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        stream.Write([.. BitConverter.GetBytes(port), .. BitConverter.GetBytes(kind)]);
    }

    private int Kind()
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        Span<byte> content = stackalloc byte[8];
        stream.ReadExactly(content);
        return BitConverter.ToInt32(content[4..]);
    }
}
