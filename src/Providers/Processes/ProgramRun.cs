using System.ComponentModel;
using System.Security.Cryptography;
using System.Text;

namespace PasswordSync.Providers.Processes;

/// <summary>How a program ended. A closed set.</summary>
internal abstract record ProgramResult
{
    private ProgramResult() { }

    /// <summary>It never ran, and got no input.</summary>
    public sealed record NotStarted(string Reason) : ProgramResult;

    /// <summary>It ended by itself. What it printed may hold the password: redact it.</summary>
    public sealed record Ended(int ExitCode, string Output, string Error) : ProgramResult
    {
        public override string ToString() => $"exit code {ExitCode}";
    }
}

/// <summary>Runs a program once: input in, exit code and a bounded part of what it prints out.</summary>
internal static class ProgramRun
{
    /// <summary>How much of each of its outputs is kept, in bytes; the rest is read and dropped.</summary>
    public const int OutputSizeMax = 16_384;

    /// <summary>How long an output may stay open after the program has ended, held by something that it left behind.</summary>
    private static readonly TimeSpan OutputPatience = TimeSpan.FromSeconds(10);

    /// <param name="file">The program's absolute path.</param>
    /// <param name="arguments">Its arguments; nothing secret.</param>
    /// <param name="environment">What it finds in its environment; nothing secret.</param>
    /// <param name="input">What it finds in its standard input; stays the caller's.</param>
    /// <param name="cancellationToken">Kills it with all it started, and throws.</param>
    public static async Task<ProgramResult> RunAsync(
        string file, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ChildProcess child;
        try
        {
            child = ChildProcess.Start(file, arguments, environment);
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            return new ProgramResult.NotStarted($"{file} cannot be started: {e.Message}");
        }

        using (child)
        {
            var output = ReadAsync(child.Output);
            var error = ReadAsync(child.Error);
            try
            {
                await FeedAsync(child.Input, input, cancellationToken).ConfigureAwait(false);
                await child.WhenExitedAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                // After a cancellation the program itself; else what it left behind, which may hold the outputs open.
                child.Kill();
            }

            return new ProgramResult.Ended(child.ExitCode, await TextOfAsync(output).ConfigureAwait(false), await TextOfAsync(error).ConfigureAwait(false));
        }
    }

    private static async Task FeedAsync(Stream stream, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        try
        {
            await using (stream.ConfigureAwait(false)) await stream.WriteAsync(input, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // It ended, or closed its input, without reading all: its exit code says what that means.
        }
    }

    private static async Task<byte[]> ReadAsync(Stream stream)
    {
        var kept = GC.AllocateArray<byte>(OutputSizeMax, pinned: true);
        var rest = new byte[4_096];
        var count = 0;
        try
        {
            while (true)
            {
                var read = await stream.ReadAsync(count < kept.Length ? kept.AsMemory(count) : rest).ConfigureAwait(false);
                if (read == 0) break;
                if (count < kept.Length) count += read;
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The process was disposed while something still held the stream open; what was read until then counts.
        }

        CryptographicOperations.ZeroMemory(rest);
        return kept[..count];
    }

    private static async Task<string> TextOfAsync(Task<byte[]> reading)
    {
        try
        {
            return Encoding.UTF8.GetString(await reading.WaitAsync(OutputPatience).ConfigureAwait(false));
        }
        catch (TimeoutException)
        {
            return "";
        }
    }
}
