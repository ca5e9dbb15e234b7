using Microsoft.Extensions.Logging;
using PasswordSync.Capture.Health;
using PasswordSync.Capture.Listener;
using PasswordSync.Capture.Resolution;
using PasswordSync.Capture.Spool;
using PasswordSync.Capture.StampProof;
using PasswordSync.Core.Intake;
using PasswordSync.Ldap;
using PasswordSync.Sealing.Envelopes;

namespace PasswordSync.Capture.Pipeline;

/// <summary>
/// The edge as a whole: listener and drop folder, spool, acknowledgement; then resolver and stamp proof, scopes, uplink. The caller makes and disposes of the
/// parts; the pipeline runs them, in an order that loses nothing, and stops them so.
/// </summary>
public sealed partial class EdgePipeline : IDisposable
{
    private readonly EdgeParts parts;
    private readonly EdgePipelineOptions options;
    private readonly IAlarmSink alarms;
    private readonly TimeProvider time;
    private readonly ILogger<EdgePipeline> logger;
    private readonly ScopeState scopes = new();
    private readonly CaptureCourse course;
    private readonly ProofLoop proof;

    public EdgePipeline(EdgeParts parts, EdgePipelineOptions options, IAlarmSink alarms, TimeProvider time, ILogger<EdgePipeline> logger)
    {
        this.parts = parts;
        this.options = options;
        this.alarms = alarms;
        this.time = time;
        this.logger = logger;
        course = new CaptureCourse(parts.Directory, parts.Uplink, parts.Spool, scopes, options, alarms, time, logger);
        proof = new ProofLoop(parts.Directory, parts.DropFolder.DrainAsync, parts.Spool, course.Begin, options, alarms, time, logger);
        parts.Intake.Observed = proof.Observe;
    }

    /// <summary>The edge now: counts and the age of what waits.</summary>
    public EdgeStatus Status => course.Status(proof.AccountsOpen);

    /// <summary>Takes the scopes of the nodes' configuration; if a filter cannot be read, an alarm is raised and they change nothing.</summary>
    /// <returns>Whether they are in force now.</returns>
    public bool Apply(EdgeConfiguration configuration)
    {
        foreach (var rule in configuration.Scopes.Where(rule => rule.Filter is not null))
        {
            try
            {
                LdapFilter.Parse(rule.Filter!);
            }
            catch (Exception exception) when (exception is FormatException or ArgumentException)
            {
                alarms.Raise(new EdgeAlarm.ConfigurationUnusable(configuration.Version, $"the filter of scope '{rule.Name}' cannot be read: {exception.Message}"));
                return false;
            }
        }

        alarms.Clear<EdgeAlarm.ConfigurationUnusable>();
        scopes.Set(configuration);
        return true;
    }

    /// <summary>
    /// Runs until cancelled; then takes no more captures, lets go of what is under way (it is in the spool), and ends. To be called once.
    /// </summary>
    /// <exception cref="Exception">A part broke; everything is stopped.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var stopSpool = new CancellationTokenSource();
        Resume();
        var spool = parts.Spool.RunAsync(stopSpool.Token);
        Task[] loops =
        [
            proof.RunAsync(stop.Token),
            parts.Uplink.RunAsync(stop.Token),
            parts.DropFolder.RunAsync(stop.Token),
            parts.Listener.RunAsync(stop.Token),
            CareAsync(stop.Token),
        ];
        try
        {
            await await Task.WhenAny([.. loops, spool]);
        }
        finally
        {
            // The spool last: whoever ends may still write to it.
            await stop.CancelAsync();
            await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await course.StopAsync();
            await stopSpool.CancelAsync();
            await spool;
        }

        await Task.WhenAll(loops);
        LogStopped(logger);
    }

    public void Dispose()
    {
        proof.Dispose();
        course.Dispose();
    }

    /// <summary>Goes on with what the spool held when it was opened, before anything new comes.</summary>
    private void Resume()
    {
        foreach (var (objectGuid, state) in parts.Spool.ListAccounts())
        {
            if (AccountMemory.TryRead(state.Span, out var memory)) proof.RememberName(memory.AccountName, objectGuid);
        }

        var resumed = 0;
        foreach (var (captureId, spooledAt) in parts.Spool.ListHeld())
        {
            if (parts.Spool.Read(captureId) is not { } envelope || !Envelope.TryReadDescription(envelope, out var description, out _, out _)) continue;
            proof.Observe(new ObservedCapture(captureId, description.CaptureTime, spooledAt, description.AccountName, description.RelativeId));
            resumed++;
        }

        LogResumed(logger, resumed);
    }

    private async Task CareAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(options.CareInterval, time, cancellationToken);
                course.Care(parts.Spool.Status.IsFull);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end that was asked for.
        }
    }

    [LoggerMessage(EventId = 5051, Level = LogLevel.Information, Message = "Going on with {Count} captures from the spool")]
    private static partial void LogResumed(ILogger logger, int count);

    [LoggerMessage(EventId = 5052, Level = LogLevel.Information, Message = "The edge has stopped")]
    private static partial void LogStopped(ILogger logger);
}

/// <summary>The parts of an edge.</summary>
/// <param name="Spool">Open, not yet running.</param>
/// <param name="Intake">Over that spool.</param>
/// <param name="Listener">Over that intake.</param>
/// <param name="DropFolder">Over that intake.</param>
/// <param name="Directory">Of this DC.</param>
/// <param name="Uplink">Not yet running.</param>
public sealed record EdgeParts(
    CaptureSpool Spool, CaptureIntake Intake, HandoverListener Listener, DropFolder DropFolder, ISourceDirectory Directory, Uplink.Uplink Uplink);
