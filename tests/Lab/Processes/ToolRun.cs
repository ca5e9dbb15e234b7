using System.Diagnostics;
using System.Text;

namespace PasswordSync.Lab;

/// <summary>One run of a command line tool: what is to be run, and <see cref="RunAsync"/>.</summary>
/// <param name="Program">Full path.</param>
/// <param name="Arguments">Its arguments. Never a password: everybody on the machine can read them.</param>
internal sealed record ToolRun(string Program, IReadOnlyList<string> Arguments)
{
    /// <summary>How long a tool may take, unless said otherwise.</summary>
    public static readonly TimeSpan DefaultBound = TimeSpan.FromMinutes(3);

    // Arguments: pairs of mounts and "--"; the command.
    private const string WithMounts = """while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit 125; shift 2; done; shift; exec "$@" """;

    private static readonly UTF8Encoding WithoutPreamble = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>What the tool reads on standard input, as UTF-8.</summary>
    public string Input { get; init; } = "";

    /// <summary>Files or folders that appear, for this tool only, in the place of others.</summary>
    public IReadOnlyList<(string Source, string Target)> Mounts { get; init; } = [];

    public IReadOnlyDictionary<string, string> Environment { get; init; } = ToolEnvironment.Nothing;

    public TimeSpan Bound { get; init; } = DefaultBound;

    /// <summary>Runs the tool to its end.</summary>
    /// <exception cref="TimeoutException">It took longer than <see cref="Bound"/>, and was killed.</exception>
    public async Task<ToolResult> RunAsync(CancellationToken cancellationToken)
    {
        // A session of its own: without a terminal the tools read passwords from standard input.
        string[] command = [LabMachine.PathOf(LabTool.SetSid), "--wait", Program, .. Arguments];
        if (Mounts.Count > 0)
            command = [LabMachine.PathOf(LabTool.Unshare), "--mount", LabMachine.PathOf(LabTool.Shell), "-c", WithMounts, "sh", .. Mounts.SelectMany(mount => (string[])[mount.Source, mount.Target]), "--", .. command];
        var start = new ProcessStartInfo(command[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = WithoutPreamble,
            StandardOutputEncoding = WithoutPreamble,
            StandardErrorEncoding = WithoutPreamble,
        };
        foreach (var argument in command.AsSpan(1)) start.ArgumentList.Add(argument);
        ToolEnvironment.Apply(start.Environment, Environment);

        using var process = Process.Start(start)!;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Bound);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var errors = process.StandardError.ReadToEndAsync(deadline.Token);
            await WriteInputAsync(process, deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            return new ToolResult(Path.GetFileName(Program), process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"'{Path.GetFileName(Program)}' did not end within {Bound.TotalSeconds:F0} s.");
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private async Task WriteInputAsync(Process process, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.WriteAsync(Input.AsMemory(), cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The tool ended without reading everything; its exit code says why.
        }
    }
}

/// <summary>How a command line tool ended.</summary>
/// <param name="Tool">Its name.</param>
/// <param name="ExitCode">0 for success, with every tool the lab uses.</param>
/// <param name="Output">What it wrote to standard output.</param>
/// <param name="Errors">What it wrote to standard error.</param>
public sealed record ToolResult(string Tool, int ExitCode, string Output, string Errors)
{
    /// <summary>This result, if the tool succeeded.</summary>
    /// <exception cref="LabEnvironmentException">It did not; the message holds what it wrote.</exception>
    public ToolResult RequireSuccess() =>
        ExitCode == 0 ? this : throw new LabEnvironmentException($"'{Tool}' failed with exit code {ExitCode}:\n{Errors}\n{Output}");
}
