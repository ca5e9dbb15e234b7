using System.Diagnostics;
using System.Text.Json;

namespace PasswordSync.Lab;

/// <summary>
/// A server of the lab with everything it forks, in a process and mount namespace of its own. The first process of that namespace is
/// a small shell script that ends the server when told to, or when the process that started it is gone, however that happened;
/// when the script ends, the kernel ends whatever is left of the tree.
/// </summary>
public sealed class ServerProcess : IAsyncDisposable
{
    /// <summary>How long a server may take to end. The script below kills it after 15 s; a busy machine may need longer for either.</summary>
    public static readonly TimeSpan StopBound = TimeSpan.FromMinutes(3);

    // Arguments: log file; pairs of mounts and "--"; the command. Descriptor 3 is what it waits on: standard input, which ends with the
    // process that started it, or, for a server that outlives it, a FIFO which the script itself keeps open for writing.
    private const string Outer = """
        log=$1; shift
        exec "$@" >>"$log" 2>&1
        """;

    private const string Guard = """
        if [ "$1" = - ]; then exec 3<&0; else exec 3<>"$1"; fi; shift
        while [ "$1" != -- ]; do
          case $1 in
            tmpfs:*) mount -t tmpfs -o "${1#tmpfs:}" tmpfs "$2" || exit 125 ;;
            *) mount --bind "$1" "$2" || exit 125 ;;
          esac
          shift 2
        done; shift
        "$@" </dev/null 3<&- &
        server=$!
        (read -r order <&3; kill -TERM $server; sleep 15; kill -KILL $server) &
        wait $server
        """;

    private const string StateEnding = ".running";

    private readonly ProcessTree.Identity _root;
    private readonly Process? _process;
    private readonly string? _stateFile;
    private readonly string? _stopFifo;

    private ServerProcess(ProcessTree.Identity root, Process? process, string? stateFile, string? stopFifo)
    {
        _root = root;
        _process = process;
        _stateFile = stateFile;
        _stopFifo = stopFifo;
    }

    /// <summary>False once the server has ended, by itself or otherwise.</summary>
    public bool IsRunning => ProcessTree.IdentityOf(_root.ProcessId) == _root;

    /// <summary>The processes of the server, without those that guard it.</summary>
    public IReadOnlyList<int> ProcessIds =>
        FirstChildOf(Guardian) is { } server ? [server, .. ProcessTree.DescendantsOf(server)] : [];

    private int? Guardian => FirstChildOf(_root.ProcessId);

    /// <summary>Starts a server; it may need some time until it answers. Its log file exists from now on.</summary>
    /// <exception cref="LabNotSupportedException">Not Linux: the calling test is skipped.</exception>
    /// <exception cref="LabEnvironmentException">It ended at once; the message holds the end of its log.</exception>
    public static ServerProcess Start(ServerCommand command)
    {
        LabMachine.Require(LabTool.Shell, LabTool.SetSid, LabTool.Unshare);
        var start = new ProcessStartInfo(LabMachine.PathOf(LabTool.Shell)) { RedirectStandardInput = true };
        var stateFile = command.OutlivesThisProcess ? command.LogFile + StateEnding : null;
        var stopFifo = command.OutlivesThisProcess ? command.LogFile + ".stop" : null;
        if (stopFifo is not null) Fifo.Make(stopFifo);

        string[] arguments =
        [
            "-c", Outer, "outer", command.LogFile,
            LabMachine.PathOf(LabTool.SetSid), LabMachine.PathOf(LabTool.Unshare),
            "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
            LabMachine.PathOf(LabTool.Shell), "-c", Guard, "guard", stopFifo ?? "-",
            .. command.Mounts.SelectMany(mount => new[] { mount.Source, mount.Target }), "--",
            .. NetworkOf(command), command.Program, .. command.Arguments,
        ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        ToolEnvironment.Apply(start.Environment, command.Environment);

        File.AppendAllText(command.LogFile, "");
        var process = Process.Start(start)!;
        var root = ProcessTree.IdentityOf(process.Id)
            ?? throw new LabEnvironmentException($"'{command.Program}' ended at once:\n{LogTail.Of(command.LogFile)}");
        if (stateFile is not null) File.WriteAllText(stateFile, JsonSerializer.Serialize(root));
        return new ServerProcess(root, process, stateFile, stopFifo);
    }

    /// <summary>Finds a server that outlived the process that started it; null when none runs.</summary>
    public static ServerProcess? Find(string logFile)
    {
        var stateFile = logFile + StateEnding;
        if (!File.Exists(stateFile)) return null;
        var root = JsonSerializer.Deserialize<ProcessTree.Identity>(File.ReadAllText(stateFile));
        var found = new ServerProcess(root, process: null, stateFile, logFile + ".stop");
        return found.IsRunning ? found : null;
    }

    /// <summary>Ends every lasting server whose log file is below a folder.</summary>
    public static async Task StopAllAsync(string folder, CancellationToken cancellationToken)
    {
        foreach (var stateFile in Directory.EnumerateFiles(folder, "*" + StateEnding, SearchOption.AllDirectories))
        {
            if (Find(stateFile[..^StateEnding.Length]) is { } server) await server.StopAsync(cancellationToken);
        }
    }

    /// <summary>Asks the server to end (SIGTERM), and kills it if it has not within <see cref="StopBound"/>.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (IsRunning)
        {
            if (_stopFifo is not null) await Fifo.WriteLineAsync(_stopFifo, cancellationToken);
            else _process!.StandardInput.Close();
        }

        try
        {
            await Eventually.HoldsAsync("the end of a server", StopBound, _ => Task.FromResult(!IsRunning), cancellationToken);
        }
        catch (TimeoutException)
        {
            // Killed below.
        }

        await KillAsync(cancellationToken);
    }

    /// <summary>Ends the whole tree at once (SIGKILL), as a power cut would; returns when it is gone.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        if (IsRunning)
        {
            // The guard alone: it is the init of the namespace, so the kernel ends all others with it before it is gone itself. Whoever killed its parent right after the
            // start might do so in the instant in which the guard is there and does not yet end with it.
            await Eventually.HoldsAsync("the guard of a server that is to be killed", StopBound, _ => Task.FromResult(Guardian is not null || !IsRunning), cancellationToken);
            if (Guardian is { } guard) NativeSignals.Send(guard, NativeSignals.Kill);
            await Eventually.HoldsAsync("the end of a killed server", StopBound, _ => Task.FromResult(!IsRunning), cancellationToken);
        }

        if (_stateFile is not null) File.Delete(_stateFile);
        if (_stopFifo is not null) File.Delete(_stopFifo);
    }

    /// <summary>Suspends every process of the server: its sockets stay open, connections are still accepted, nothing is answered.</summary>
    /// <exception cref="TimeoutException">A thread goes on all the same.</exception>
    public void Freeze()
    {
        Signal(NativeSignals.Stop);

        // A thread stops only when it comes to look at its signals.
        if (Guardian is { } guard && !SpinWait.SpinUntil(() => ProcessTree.DescendantsOf(guard).All(ProcessTree.StandsStill), StopBound)) throw new TimeoutException("A server that is told to stand still goes on.");
    }

    /// <summary>Lets a frozen server go on.</summary>
    public void Thaw() => Signal(NativeSignals.Continue);

    /// <summary>Ends the server, unless it is one that outlives this process.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stateFile is null)
        {
            Thaw();
            await StopAsync(CancellationToken.None);
        }

        _process?.Dispose();
    }

    private static string[] NetworkOf(ServerCommand command) =>
        command.Machine is { } machine ? [LabMachine.PathOf(LabTool.EnterNamespace), $"--net=/run/netns/{machine.Namespace}", "--"] : [];

    private static int? FirstChildOf(int? processId) =>
        processId is { } parent && ProcessTree.ChildrenOf(parent) is [var first, ..] ? first : null;

    // All below the guard, also what left its parent, as PostgreSQL leaves Patroni.
    private void Signal(int signal)
    {
        if (Guardian is not { } guard) return;
        foreach (var id in ProcessTree.DescendantsOf(guard)) NativeSignals.Send(id, signal);
    }
}
