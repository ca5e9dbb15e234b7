using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using PasswordSync.Providers.Abstractions;
using PasswordSync.Providers.Abstractions.Protocol;

namespace PasswordSync.Providers.Conformance;

/// <summary>A running plug-in, as the server would run it. Disposing kills it.</summary>
public sealed class PluginUnderTest : IAsyncDisposable
{
    private readonly Process process;
    private readonly FrameStream frames;
    private readonly StringBuilder errors = new();
    private long lastId;

    private PluginUnderTest(Process process)
    {
        this.process = process;
        frames = new FrameStream(process.StandardOutput.BaseStream, process.StandardInput.BaseStream);
        process.ErrorDataReceived += (_, line) =>
        {
            lock (errors) errors.AppendLine(line.Data);
        };
        process.BeginErrorReadLine();
    }

    /// <summary>What the plug-in said of its target; null if it refused its settings.</summary>
    public TargetDescription? Description { get; private set; }

    /// <summary>Why it refused its settings; null if it did not.</summary>
    public string? Refusal { get; private set; }

    /// <summary>What it printed to standard error so far.</summary>
    public string Errors
    {
        get
        {
            lock (errors) return errors.ToString();
        }
    }

    /// <summary>Starts the plug-in and exchanges the first messages.</summary>
    public static async Task<PluginUnderTest> StartAsync(PluginSetup setup, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(setup);
        var plugin = StartSilently(setup);
        await plugin.SendAsync(PluginMessages.Encode(new PluginHello(PluginProtocol.Version, "conformance", setup.Values, [.. setup.Secrets.Keys])), cancellationToken).ConfigureAwait(false);
        foreach (var secret in setup.Secrets.Values) await plugin.SendAsync(Encoding.UTF8.GetBytes(secret), cancellationToken).ConfigureAwait(false);
        var frame = await plugin.frames.ReadAsync(cancellationToken).ConfigureAwait(false)
            ?? throw new PluginProtocolException($"The plug-in ended instead of answering the first message. It printed: {plugin.Errors}");
        var welcome = PluginMessages.DecodeWelcome(frame);
        plugin.Description = welcome.Description;
        plugin.Refusal = welcome.Refusal;
        return plugin;
    }

    /// <summary>Starts the plug-in and says nothing.</summary>
    public static PluginUnderTest StartSilently(PluginSetup setup)
    {
        ArgumentNullException.ThrowIfNull(setup);
        var start = new ProcessStartInfo(setup.Program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = Path.GetDirectoryName(setup.Program),
        };
        return new PluginUnderTest(Process.Start(start) ?? throw new InvalidOperationException($"{setup.Program} did not start."));
    }

    /// <summary>Sends a request, with the password that belongs to it, and reads the answer.</summary>
    public async Task<PluginAnswer> AskAsync(PluginRequest request, string? password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var id = ++lastId;
        await SendAsync(PluginMessages.Encode(request with { Id = id }), cancellationToken).ConfigureAwait(false);
        if (password is not null) await SendAsync(Encoding.UTF8.GetBytes(password), cancellationToken).ConfigureAwait(false);
        var frame = await frames.ReadAsync(cancellationToken).ConfigureAwait(false) ?? throw new PluginProtocolException($"The plug-in ended without an answer. It printed: {Errors}");
        var answer = PluginMessages.DecodeAnswer(frame);
        return answer.Id == id ? answer : throw new PluginProtocolException($"The plug-in answered request {answer.Id} instead of {id}.");
    }

    /// <summary>Sends one frame.</summary>
    public Task SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) => frames.WriteAsync(frame, cancellationToken);

    /// <summary>Closes the plug-in's standard input and waits until it has ended.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> EndAsync(CancellationToken cancellationToken)
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        process.Dispose();
    }
}

/// <summary>How a plug-in is started.</summary>
/// <param name="Program">The absolute path of its program.</param>
/// <param name="Values">Its settings.</param>
/// <param name="Secrets">Its secrets; those of a test, since they are strings here.</param>
public sealed record PluginSetup(string Program, ImmutableDictionary<string, string> Values, ImmutableDictionary<string, string> Secrets);
