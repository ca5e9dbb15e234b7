using System.Collections.Concurrent;
using System.Collections.Immutable;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Abstractions;
using PasswordSync.Providers.Abstractions.Protocol;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Plugins;

/// <summary>What asking a plug-in came to: its answer, or the outcome instead.</summary>
internal sealed record PluginReply(PluginAnswer? Answer, DeliveryOutcome? Obstacle);

/// <summary>
/// The processes of one plug-in. Each has one request at a time. One that crashes, hangs or does not keep to the protocol is killed with all it started; the next
/// is started after a pause that doubles with every failure in a row.
/// </summary>
internal sealed partial class PluginPool(PluginOptions options, ProviderContext context) : IAsyncDisposable
{
    /// <summary>The pause after the first failure.</summary>
    private static readonly TimeSpan PauseMin = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause.</summary>
    private static readonly TimeSpan PauseMax = TimeSpan.FromMinutes(1);

    private const int DoublingsMax = 6;

    private readonly SemaphoreSlim slots = new(options.Processes);
    private readonly ConcurrentStack<PluginProcess> idle = new();
    private readonly Lock gate = new();
    private int failuresInARow;
    private DateTimeOffset startNotBefore = DateTimeOffset.MinValue;
    private string lastFailure = "";
    private volatile bool isDisposed;

    /// <summary>Asks a process of the plug-in.</summary>
    /// <param name="request">What for.</param>
    /// <param name="password">The password that belongs to it; null for none.</param>
    /// <param name="permit">For a write: used last before the password is sent.</param>
    /// <param name="check">Looks at what the plug-in says of its target before anything is sent; what it returns is the reply.</param>
    /// <param name="waitsForPause">Whether the pause after a failure holds; false for an operator who wants to know how it is now.</param>
    /// <param name="cancellationToken">Kills the process that has the request.</param>
    public async Task<PluginReply> AskAsync(
        PluginRequest request, Secret? password, WritePermit? permit, Func<TargetDescription, DeliveryOutcome?>? check, bool waitsForPause, CancellationToken cancellationToken)
    {
        await slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        PluginProcess? process = null;
        try
        {
            (process, var obstacle) = await TakeAsync(waitsForPause, cancellationToken).ConfigureAwait(false);
            if (process is null) return new PluginReply(null, obstacle);
            cancellationToken.ThrowIfCancellationRequested();
            if ((check?.Invoke(process.Description) ?? permit?.Use()) is { } refusal)
            {
                GiveBack(ref process);
                return new PluginReply(null, refusal);
            }

            var answer = await process.AskAsync(request, password, cancellationToken).ConfigureAwait(false);
            lock (gate) failuresInARow = 0;
            GiveBack(ref process);
            return new PluginReply(answer, null);
        }
        catch (Exception e) when (e is IOException or PluginProtocolException)
        {
            Fail($"The plug-in failed: {e.Message}");
            return new PluginReply(null, permit is null
                ? new DeliveryOutcome.Transient(lastFailure)
                : new DeliveryOutcome.Unknown($"{lastFailure} The password was given to it."));
        }
        catch (OperationCanceledException) when (process is not null && !isDisposed)
        {
            Fail("The plug-in did not answer in time and was killed.");
            throw;
        }
        finally
        {
            if (process is not null)
            {
                process.Kill();
                await process.DisposeAsync().ConfigureAwait(false);
            }

            // Whatever happened: a slot that is not given back is lost for good.
            slots.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        isDisposed = true;
        while (idle.TryPop(out var process)) await process.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<(PluginProcess? Process, DeliveryOutcome? Obstacle)> TakeAsync(bool waitsForPause, CancellationToken cancellationToken)
    {
        while (idle.TryPop(out var waiting))
        {
            if (!waiting.WhenExited.IsCompleted && waiting.Answered < options.RestartAfter) return (waiting, null);
            await waiting.DisposeAsync().ConfigureAwait(false);
        }

        lock (gate)
        {
            if (waitsForPause && startNotBefore > context.Time.GetUtcNow()) return (null, new DeliveryOutcome.Throttled(startNotBefore, $"{lastFailure} It is started again after a pause."));
        }

        return await StartAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<(PluginProcess? Process, DeliveryOutcome? Obstacle)> StartAsync(CancellationToken cancellationToken)
    {
        var secrets = ImmutableArray<(string Name, Secret Secret)>.Empty;
        using var tooLong = new CancellationTokenSource(options.StartTimeout, context.Time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, tooLong.Token);
        try
        {
            foreach (var (name, reference) in options.Secrets)
            {
                switch (await context.Secrets.ResolveAsync(reference, cancellationToken).ConfigureAwait(false))
                {
                    case SecretResolution.Resolved { Secret.IsWellFormed: true } resolved:
                        secrets = secrets.Add((name, resolved.Secret));
                        break;
                    case SecretResolution.Refused refused:
                        return (null, new DeliveryOutcome.TargetMisconfigured($"pluginSecrets:{name}: {refused.Reason}"));
                    default:
                        return (null, new DeliveryOutcome.TargetMisconfigured($"pluginSecrets:{name} is not well-formed text."));
                }
            }

            var process = await PluginProcess.StartAsync(options, context.Point.Value, secrets, ending.Token).ConfigureAwait(false);
            LogStarted(context.Point.Value, process.ProcessId);
            return (process, null);
        }
        catch (PluginUnusableException e)
        {
            Fail(e.Message);
            return (null, e.IsMisconfigured ? new DeliveryOutcome.TargetMisconfigured(e.Message) : new DeliveryOutcome.Transient(e.Message));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Fail($"The plug-in did not answer the first message within {options.StartTimeout.TotalSeconds:0} s (startTimeout).");
            return (null, new DeliveryOutcome.Transient(lastFailure));
        }
        finally
        {
            foreach (var (_, secret) in secrets) secret.Dispose();
        }
    }

    private void GiveBack(ref PluginProcess? process)
    {
        if (isDisposed) return;
        idle.Push(process!);
        process = null;
    }

    private void Fail(string reason)
    {
        lock (gate)
        {
            lastFailure = reason;
            var pause = PauseMin * (1 << Math.Min(failuresInARow++, DoublingsMax));
            startNotBefore = context.Time.GetUtcNow() + (pause < PauseMax ? pause : PauseMax);
        }

        LogFailed(context.Point.Value, reason);
    }
}
