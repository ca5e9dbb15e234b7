using System.Diagnostics;

namespace PasswordSync.Native.Tests.Running;

/// <summary>What a process that has ended left.</summary>
internal sealed record ProcessEnd(int ExitCode, string Output, string Error);

/// <summary>Runs programs with bytes on their standard input, and nothing but the given variables in their environment.</summary>
internal static class ProcessRun
{
    /// <summary>How long any process of these tests may live; a test that reaches it fails.</summary>
    private static readonly TimeSpan LifeMax = TimeSpan.FromMinutes(15);

    /// <summary>A pipe holds more than this, so writing it waits for nobody.</summary>
    private const int WrittenAtOnceMax = 4_096;

    public static Process Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (environment is not null)
        {
            start.Environment.Clear();
            foreach (var (name, value) in environment) start.Environment[name] = value;
        }

        return Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
    }

    /// <summary>Writes the input, closes it, and waits for the end. The environment is this process's own unless one is given.</summary>
    public static async Task<ProcessEnd> RunAsync(
        string program,
        IEnumerable<string> arguments,
        ReadOnlyMemory<byte> input,
        IReadOnlyDictionary<string, string>? environment,
        CancellationToken cancellationToken)
    {
        using var process = Start(program, arguments, environment);
        return await FinishAsync(process, input, cancellationToken);
    }

    /// <summary>Writes the input to a process that runs already, closes it, and waits for the end.</summary>
    public static async Task<ProcessEnd> FinishAsync(Process process, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        // Not left to the thread pool, which may be slow on a busy machine: the helper waits a few seconds for a password.
        if (input.Length <= WrittenAtOnceMax) WriteAtOnce(process, input.Span);
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        using var life = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        life.CancelAfter(LifeMax);
        try
        {
            if (input.Length > WrittenAtOnceMax) await WriteAsync(process, input, life.Token);
            await process.WaitForExitAsync(life.Token);
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }

        return new ProcessEnd(process.ExitCode, await output, await error);
    }

    private static void WriteAtOnce(Process process, ReadOnlySpan<byte> input)
    {
        try
        {
            process.StandardInput.BaseStream.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading its input: how it ended says why, and is what the test looks at.
        }
    }

    private static async Task WriteAsync(Process process, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(input, cancellationToken);
            await process.StandardInput.BaseStream.FlushAsync(cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading its input: how it ended says why, and is what the test looks at.
        }
    }
}
