using System.Runtime.InteropServices;

namespace PasswordSync.Hosting;

/// <summary>Tells when the service is asked to stop: Ctrl-C, SIGTERM (systemd, kill), the console's closing, or Windows' service manager.</summary>
public sealed class Termination : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly List<PosixSignalRegistration> registrations;

    public Termination() => registrations = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT }.Select(signal => PosixSignalRegistration.Create(signal, Handle))];

    /// <summary>Cancelled at the first request; a second one ends the process at once.</summary>
    public CancellationToken Requested => source.Token;

    /// <summary>Requests the stop.</summary>
    public void Request() => source.Cancel();

    /// <summary>Ends when a stop is requested.</summary>
    public async Task WaitAsync()
    {
        var requested = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = source.Token.Register(requested.SetResult);
        await requested.Task.ConfigureAwait(false);
    }

    public void Dispose()
    {
        foreach (var registration in registrations) registration.Dispose();
        source.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        if (source.IsCancellationRequested) return;
        context.Cancel = true;
        source.Cancel();
    }
}
