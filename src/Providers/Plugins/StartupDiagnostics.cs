using System.Text;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Redaction;

namespace PasswordSync.Providers.Plugins;

/// <summary>
/// What a plug-in prints to standard error until it has answered the first message. Later output is read and dropped: nobody could say which password it may hold.
/// </summary>
internal sealed class StartupDiagnostics
{
    /// <summary>How much is kept, in bytes.</summary>
    public const int SizeMax = 2_048;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly byte[] kept = new byte[SizeMax];
    private readonly Task reading;
    private volatile int count;
    private volatile bool isForgotten;

    public StartupDiagnostics(Stream stream) => reading = ReadAsync(stream);

    public void Forget() => isForgotten = true;

    /// <summary>What was printed before the process was killed, without the secrets.</summary>
    public async Task<string> TakeAsync(IEnumerable<Secret> secrets)
    {
        await Task.WhenAny(reading, Task.Delay(Patience)).ConfigureAwait(false);
        return Redact(Encoding.UTF8.GetString(kept, 0, count), secrets);
    }

    public static string Redact(string text, IEnumerable<Secret> secrets)
    {
        using var none = Secret.FromCharacters("");
        return secrets.Append(none).Aggregate(text, Redactor.Redact);
    }

    private async Task ReadAsync(Stream stream)
    {
        var buffer = new byte[SizeMax];
        try
        {
            while (await stream.ReadAsync(buffer).ConfigureAwait(false) is var read and > 0)
            {
                if (isForgotten) continue;
                var taken = Math.Min(read, SizeMax - count);
                buffer.AsSpan(0, taken).CopyTo(kept.AsSpan(count));
                count += taken;
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The process is gone.
        }
    }
}
