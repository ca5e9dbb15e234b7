using System.Diagnostics;
using System.Globalization;
using PasswordSync.Providers.Tests.Support;

namespace PasswordSync.Providers.Tests.Webhook;

/// <summary>The receiver that <c>docs/providers/webhook.md</c> prints, run as it stands there.</summary>
internal sealed class DocumentedReceiver : IAsyncDisposable
{
    private const string Ending = """

        def set_password(account, password):
            with open("passwords", "a", encoding="utf-8") as file: file.write(account + " " + password + "\n")

        server = http.server.HTTPServer(("127.0.0.1", 0), Hook)
        print(server.server_port, flush=True)
        server.serve_forever()
        """;

    private readonly Process process;
    private readonly string passwordsFile;

    private DocumentedReceiver(Process process, string passwordsFile, int port)
    {
        this.process = process;
        this.passwordsFile = passwordsFile;
        Url = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/hook"));
    }

    public Uri Url { get; }

    public IReadOnlyList<string> Passwords => File.ReadAllLines(passwordsFile);

    public static async Task<DocumentedReceiver> StartAsync(string key, ScratchFolder folder, CancellationToken cancellationToken)
    {
        var page = await File.ReadAllTextAsync(Repository.PathOf("docs", "providers", "webhook.md"), cancellationToken);
        const string fence = "```python\n";
        var begin = page.IndexOf(fence, StringComparison.Ordinal) + fence.Length;
        var code = page[begin..page.IndexOf("```", begin, StringComparison.Ordinal)];
        var script = folder.Write("receiver.py", code + Ending);
        var start = new ProcessStartInfo("python3", ["-I", script]) { WorkingDirectory = Path.GetDirectoryName(script)!, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["KEY"] = key;
        var process = Process.Start(start)!;
        var port = await process.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(Any.LongTime, cancellationToken)
            ?? throw new InvalidOperationException(await process.StandardError.ReadToEndAsync(cancellationToken));
        return new DocumentedReceiver(process, folder.PathOf("passwords"), int.Parse(port, CultureInfo.InvariantCulture));
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
