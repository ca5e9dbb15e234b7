using PasswordSync.Nodes.Tests.Support;
using PasswordSync.SyncNode.Admin;

namespace PasswordSync.Pbm.Tests;

/// <summary>Runs the client against a node, as a user would, with a home folder of its own.</summary>
internal sealed class PbmSession : IDisposable
{
    /// <summary>The pause before it is asked again: who asks without one takes the processor from what is waited for.</summary>
    public static readonly TimeSpan AskAgainInterval = TimeSpan.FromMilliseconds(50);

    private readonly string home = Directory.CreateTempSubdirectory("pbm-").FullName;
    private readonly TestNode node;

    public PbmSession(TestNode node) => this.node = node;

    public string Home => home;

    public string Address => $"127.0.0.1:{node.Server.AdminAddresses[0].Port}";

    public string TokenFile => Path.Combine(node.Folder, "data", FirstAdministrator.FileName);

    public string Certificate => Path.Combine(node.Folder, "data", "admin.pem");

    /// <summary>Runs a command with the first administrator's token and the node's certificate.</summary>
    public Task<PbmResult> RunAsync(params string[] words) => RunRawAsync("", false, null, [Address, "--token-file", TokenFile, "--certificate", Certificate, .. words]);

    /// <summary>As above, until the answer fits, for what comes to pass by itself.</summary>
    public async Task<PbmResult> UntilAsync(Func<PbmResult, bool> fits, CancellationToken cancellationToken, params string[] words)
    {
        while (true)
        {
            var run = await RunAsync(words);
            if (fits(run)) return run;
            await Task.Delay(AskAgainInterval, cancellationToken);
        }
    }

    /// <summary>As the first, as somebody at a terminal sees it, who types a secret where one is asked for.</summary>
    public Task<PbmResult> RunAtTerminalAsync(string command, string secret)
    {
        var keys = new Queue<ConsoleKeyInfo>([.. secret.Select(letter => new ConsoleKeyInfo(letter, ConsoleKey.A, false, false, false)), new ConsoleKeyInfo('\r', ConsoleKey.Enter, false, false, false)]);
        return RunRawAsync("", true, keys.Dequeue, [Address, "--token-file", TokenFile, "--certificate", Certificate, .. CommandLine.Split(command)]);
    }

    /// <summary>As above, with the answer in a pipe.</summary>
    public Task<PbmResult> RunPipedAsync(string command) => RunAsync([.. CommandLine.Split(command)]);

    /// <summary>A terminal at which nobody sits.</summary>
    public Terminal Silent => new(TextReader.Null, TextWriter.Null, TextWriter.Null, false, null, home, _ => null);

    /// <summary>Runs exactly these arguments.</summary>
    public async Task<PbmResult> RunRawAsync(string typed, bool interactive, Func<ConsoleKeyInfo>? keys, string[] arguments, CancellationToken cancellationToken = default)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal(new StringReader(typed), output, error, interactive, keys, home, _ => null);
        var code = await PbmRun.RunAsync(arguments, terminal, cancellationToken);
        return new PbmResult(code, output.ToString(), error.ToString());
    }

    public void Dispose() => Directory.Delete(home, recursive: true);
}

/// <summary>What a run came to.</summary>
internal sealed record PbmResult(int Code, string Out, string Error)
{
    public string[] Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
