using System.Diagnostics;
using System.Text.Json;
using Shouldly;
using Xunit;

namespace PasswordSync.Sealing.Tests.Envelopes;

/// <summary>
/// Runs interop/interop.mjs: another implementation of envelopes, on another implementation of HPKE (npm's @hpke/core). Its packages are
/// installed once into the output folder. Without node and npm the tests fail; on Windows alone, where nothing installs them, they are skipped.
/// </summary>
public sealed class IndependentImplementation : IAsyncLifetime
{
    private static readonly TimeSpan ProcessTimeMax = TimeSpan.FromMinutes(3);
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    private readonly string folder = Path.Combine(AppContext.BaseDirectory, "interop");

    private static bool IsSkipped => OperatingSystem.IsWindows() && !IsOnPath("node.exe");

    public async ValueTask InitializeAsync()
    {
        if (IsSkipped || IsInstalled()) return;
        var npm = OperatingSystem.IsWindows() ? "npm.cmd" : "npm";
        await RunAsync(npm, ["ci", "--no-audit", "--no-fund"], input: "");
        IsInstalled().ShouldBeTrue("npm ci left no packages.");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    internal async Task<Answer> AskAsync(IEnumerable<OpenRequest> open, IEnumerable<SealRequest> seal)
    {
        Assert.SkipWhen(IsSkipped, "node is not installed.");
        var input = JsonSerializer.Serialize(new { open, seal }, Options);
        var output = await RunAsync("node", ["interop.mjs"], input);
        return JsonSerializer.Deserialize<Answer>(output, Options)!;
    }

    /// <summary>npm writes its own copy of the lock file last.</summary>
    private bool IsInstalled()
    {
        var installed = new FileInfo(Path.Combine(folder, "node_modules", ".package-lock.json"));
        return installed.Exists && installed.LastWriteTimeUtc >= File.GetLastWriteTimeUtc(Path.Combine(folder, "package-lock.json"));
    }

    private static bool IsOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(place => File.Exists(Path.Combine(place, program)));

    private async Task<string> RunAsync(string program, string[] arguments, string input)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} does not start.");
        using var deadline = new CancellationTokenSource(ProcessTimeMax);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var error = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.StandardInput.WriteAsync(input.AsMemory(), deadline.Token);
            process.StandardInput.Close();
            await process.WaitForExitAsync(deadline.Token);
            process.ExitCode.ShouldBe(0, $"{program}: {await error}");
            return await output;
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    internal sealed record OpenRequest(string Envelope, string Public, string Private);

    internal sealed record SealRequest(
        DescriptionVector Description, string Encoding, string Password, string Public, string? EphemeralPublic, string? EphemeralPrivate);

    internal sealed record Answer(OpenedAnswer[] Opened, string[] Sealed);

    internal sealed record OpenedAnswer(string? Encoding, string? Password, DescriptionVector? Description, string? Failure);
}
