using System.ComponentModel;
using System.Text;
using System.Text.Json;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Http;
using PasswordSync.Providers.Processes;
using PasswordSync.Providers.Redaction;

namespace PasswordSync.Providers.LocalAccounts;

/// <summary>One run of <c>local_accounts.py</c>, which speaks to one server by way of Samba's own library. Ends with its process.</summary>
internal sealed class SambaSession : IDisposable
{
    /// <summary>Where every distribution has the Python that Samba's library is made for.</summary>
    public const string Interpreter = "/usr/bin/python3";

    /// <summary>The longest answer, in characters; the longest real one has some hundred.</summary>
    private const int AnswerLengthMax = 4_096;

    private static readonly string Program = ReadProgram();

    private readonly ChildProcess process;
    private readonly StreamReader answers;
    private readonly Task<string> diagnostics;

    private SambaSession(ChildProcess process)
    {
        this.process = process;
        answers = new StreamReader(process.Output, Encoding.UTF8);
        diagnostics = ReadDiagnosticsAsync(process.Error);
    }

    /// <exception cref="Win32Exception">There is no such interpreter.</exception>
    public static SambaSession Start() => new(ChildProcess.Start(Interpreter, ["-I", "-c", Program]));

    /// <summary>Sends one line, whose last value is a secret.</summary>
    /// <exception cref="IOException">The program has ended.</exception>
    public async Task SendAsync(Action<Utf8JsonWriter> open, Secret secret, string close, CancellationToken cancellationToken)
    {
        using var line = PasswordJson.With(open, secret, close + "\n");
        await process.Input.WriteAsync(line.Bytes, cancellationToken);
        await process.Input.FlushAsync(cancellationToken);
    }

    /// <summary>The next answer; null if the program ended without one.</summary>
    public async Task<SambaAnswer?> ReceiveAsync(CancellationToken cancellationToken)
    {
        // A pipe that is being read cannot always be told to stop: the program's end always ends it.
        await using var registration = cancellationToken.Register(process.Kill);
        var line = await ReadLineAsync();
        cancellationToken.ThrowIfCancellationRequested();
        return line.Length == 0 ? null : SambaAnswer.Parse(line);
    }

    /// <summary>What a program that ended without an answer printed; nothing of it came from a password, which it never prints.</summary>
    public async Task<string> DiagnoseAsync()
    {
        process.Kill();
        return Redactor.Tidy(await diagnostics);
    }

    public void Dispose()
    {
        process.Dispose();
        answers.Dispose();
    }

    private async Task<string> ReadLineAsync()
    {
        var line = new StringBuilder();
        var one = new char[1];
        try
        {
            while (line.Length < AnswerLengthMax && await answers.ReadAsync(one) == 1 && one[0] != '\n') line.Append(one[0]);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The program was killed; what it said until then is no answer.
            return "";
        }

        return line.ToString();
    }

    private static async Task<string> ReadDiagnosticsAsync(Stream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var kept = new StringBuilder();
        var buffer = new char[1_024];
        try
        {
            for (int count; (count = await reader.ReadAsync(buffer)) > 0;)
            {
                // The end of what Python says when it fails names the cause.
                kept.Append(buffer, 0, count);
                if (kept.Length > AnswerLengthMax) kept.Remove(0, kept.Length - AnswerLengthMax);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // As above.
        }

        var text = kept.ToString().TrimEnd();
        return text[(text.LastIndexOf('\n') + 1)..];
    }

    private static string ReadProgram()
    {
        using var stream = typeof(SambaSession).Assembly.GetManifestResourceStream("local_accounts.py") ?? throw new InvalidOperationException("Internal error: the program is not part of the assembly.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
