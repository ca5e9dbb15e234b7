using System.Collections.Immutable;
using System.ComponentModel;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Abstractions;
using PasswordSync.Providers.Abstractions.Protocol;
using PasswordSync.Providers.Processes;

namespace PasswordSync.Providers.Plugins;

/// <summary>The plug-in cannot be used now.</summary>
/// <param name="message">Why, for people; redacted.</param>
/// <param name="isMisconfigured">Whether an operator must act, so that starting it again soon cannot help.</param>
internal sealed class PluginUnusableException(string message, bool isMisconfigured) : Exception(message)
{
    public bool IsMisconfigured { get; } = isMisconfigured;
}

/// <summary>One running process of a plug-in. For one request at a time; after an exception it is of no more use.</summary>
internal sealed class PluginProcess : IAsyncDisposable
{
    /// <summary>How long an idle process may take to end by itself once its input is closed.</summary>
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(2);

    private readonly ChildProcess child;
    private readonly FrameStream frames;
    private readonly StartupDiagnostics diagnostics;
    private long lastId;

    private PluginProcess(ChildProcess child)
    {
        this.child = child;
        frames = new FrameStream(child.Output, child.Input);
        diagnostics = new StartupDiagnostics(child.Error);
        WhenExited = child.WhenExitedAsync(CancellationToken.None);
    }

    /// <summary>What the plug-in said that its target takes and can do.</summary>
    public TargetDescription Description { get; private set; } = new();

    /// <summary>How many requests it answered.</summary>
    public long Answered => lastId;

    public int ProcessId => child.Id;

    public Task WhenExited { get; }

    /// <summary>Starts the plug-in and gives it its settings.</summary>
    /// <exception cref="PluginUnusableException">It does not start, refuses its settings, or does not keep to the protocol.</exception>
    public static async Task<PluginProcess> StartAsync(PluginOptions options, string point, ImmutableArray<(string Name, Secret Secret)> secrets, CancellationToken cancellationToken)
    {
        if (ProgramFile.FaultOf(options.Program, isExecutable: true) is { } fault) throw new PluginUnusableException(fault, isMisconfigured: true);
        PluginProcess process;
        try
        {
            process = new PluginProcess(ChildProcess.Start(options.Program, []));
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            throw new PluginUnusableException($"{options.Program} cannot be started: {e.Message}", isMisconfigured: true);
        }

        try
        {
            await process.GreetAsync(new PluginHello(PluginProtocol.Version, point, options.Values, [.. secrets.Select(secret => secret.Name)]), secrets, cancellationToken).ConfigureAwait(false);
            return process;
        }
        catch (Exception e) when (e is IOException or PluginProtocolException)
        {
            process.child.Kill();
            var said = await process.diagnostics.TakeAsync(secrets.Select(secret => secret.Secret)).ConfigureAwait(false);
            await process.DisposeAsync().ConfigureAwait(false);
            throw new PluginUnusableException($"The plug-in did not answer the first message as the protocol says: {e.Message}{(said.Length > 0 ? $" It printed: {said}" : "")}", isMisconfigured: false);
        }
        catch
        {
            await process.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Asks it for something.</summary>
    /// <param name="request">What; its id is set here.</param>
    /// <param name="password">The password that belongs to it, well-formed; null for none.</param>
    /// <param name="cancellationToken">The process must be disposed after a cancellation: its answer would be taken for that of the next request.</param>
    /// <exception cref="PluginProtocolException">It ended, or does not keep to the protocol.</exception>
    /// <exception cref="IOException">It closed its input.</exception>
    public async Task<PluginAnswer> AskAsync(PluginRequest request, Secret? password, CancellationToken cancellationToken)
    {
        var id = ++lastId;
        await frames.WriteAsync(PluginMessages.Encode(request with { Id = id }), cancellationToken).ConfigureAwait(false);
        if (password is not null) await SendAsync(password, cancellationToken).ConfigureAwait(false);
        var frame = await frames.ReadAsync(cancellationToken).ConfigureAwait(false) ?? throw new PluginProtocolException("The plug-in ended without an answer.");
        var answer = PluginMessages.DecodeAnswer(frame);
        return answer.Id == id ? answer : throw new PluginProtocolException("The plug-in answered another request.");
    }

    /// <summary>Asks it to end, then kills it.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await child.Input.DisposeAsync().ConfigureAwait(false);
            await WhenExited.WaitAsync(EndPatience).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            // Killed below.
        }

        child.Dispose();
    }

    /// <summary>Ends it at once, with all it started.</summary>
    public void Kill() => child.Kill();

    private async Task GreetAsync(PluginHello hello, ImmutableArray<(string Name, Secret Secret)> secrets, CancellationToken cancellationToken)
    {
        await frames.WriteAsync(PluginMessages.Encode(hello), cancellationToken).ConfigureAwait(false);
        foreach (var (_, secret) in secrets) await SendAsync(secret, cancellationToken).ConfigureAwait(false);
        var frame = await frames.ReadAsync(cancellationToken).ConfigureAwait(false) ?? throw new PluginProtocolException("it ended.");
        var welcome = PluginMessages.DecodeWelcome(frame);
        if (welcome.Protocol != PluginProtocol.Version) throw new PluginUnusableException($"The plug-in speaks version {welcome.Protocol} of the protocol, this server version {PluginProtocol.Version}: build it with a package of the server's version.", isMisconfigured: true);
        if (welcome.Refusal is { } refusal) throw new PluginUnusableException($"The plug-in refuses its settings: {StartupDiagnostics.Redact(refusal, secrets.Select(secret => secret.Secret))}", isMisconfigured: true);
        Description = welcome.Description ?? throw new PluginProtocolException("it neither refused its settings nor described its target.");
        diagnostics.Forget();
    }

    private Task<bool> SendAsync(Secret secret, CancellationToken cancellationToken) => secret.WithUtf8Async(async bytes =>
    {
        await frames.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
        return true;
    });
}
