using System.Diagnostics;

namespace PasswordSync.Native.Tests.Windows.Wine;

/// <summary>A program that answers each line of its input with a line. Ends with its input.</summary>
internal sealed class LineProcess : IAsyncDisposable
{
    /// <summary>Far above what any answer takes on a loaded machine.</summary>
    private static readonly TimeSpan AnswerMax = TimeSpan.FromMinutes(3);

    private static int alive;

    private readonly Process process;

    public LineProcess(Process process)
    {
        this.process = process;
        Interlocked.Increment(ref alive);
    }

    /// <summary>Whether such a program runs at all: then Wine may not be ended.</summary>
    public static bool AnyAlive => Volatile.Read(ref alive) > 0;

    public async Task<string> AskAsync(string line)
    {
        await process.StandardInput.WriteLineAsync(line.AsMemory(), TestContext.Current.CancellationToken);
        await process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        return await NextAsync();
    }

    public async Task<string> NextAsync()
    {
        var answer = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(AnswerMax, TestContext.Current.CancellationToken);
        return answer ?? throw new InvalidOperationException($"The program ended: {await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)}");
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync(CancellationToken.None).WaitAsync(AnswerMax, CancellationToken.None);
        }
        catch (IOException)
        {
            // It has ended already.
        }
        finally
        {
            if (!process.HasExited) process.Kill();
            process.Dispose();
            Interlocked.Decrement(ref alive);
        }
    }
}
