using System.Security;
using Microsoft.Extensions.Logging;
using PasswordSync.Capture.Resolution;

namespace PasswordSync.Capture.Health;

/// <summary>Reports what the filter inside LSASS cannot report itself: that it is not there, does nothing, or lost captures.</summary>
/// <param name="inspector">Looks at this machine.</param>
/// <param name="role">What kind of DC this is; asked until it answers, once, because only a restart can change it.</param>
/// <param name="interval">How often to look; 10 s recommended.</param>
/// <param name="alarms">Where alarms go.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">For what the setup is, when it changes.</param>
public sealed partial class FilterMonitor(IFilterInspector inspector, IControllerRole role, TimeSpan interval, IAlarmSink alarms, TimeProvider time, ILogger<FilterMonitor> logger)
{
    private FilterSetup? last;
    private (bool, bool, string, string)? lastDescribed;
    private bool isRoleTold;

    /// <summary>Looks at once and then from time to time, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await TellRoleAsync(cancellationToken);
                LookOnce();
                await Task.Delay(interval, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end that was asked for.
        }
    }

    private async Task TellRoleAsync(CancellationToken cancellationToken)
    {
        if (isRoleTold) return;
        try
        {
            var isReadOnly = await role.IsReadOnlyAsync(cancellationToken);
            inspector.TellRole(isReadOnly);
            isRoleTold = true;
            LogRole(logger, isReadOnly ? "read-only" : "writable");
        }
        catch (Exception exception) when (exception is DirectoryUnavailableException or IOException or UnauthorizedAccessException or SecurityException)
        {
            LogRoleNotTold(logger, exception.Message);
        }
    }

    private void LookOnce()
    {
        FilterSetup setup;
        try
        {
            setup = inspector.Look();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or SecurityException)
        {
            LogCannotLook(logger, exception.Message);
            return;
        }

        var others = string.Join(", ", setup.OtherPackages);
        var described = (setup.IsRegistered, setup.HasLsaProtection, setup.Signature, others);
        if (described != lastDescribed) LogSetup(logger, setup.IsRegistered, setup.HasLsaProtection, setup.Signature, others);
        lastDescribed = described;

        Stand(setup.WhyNotCapturing(), reason => new EdgeAlarm.FilterNotCapturing(reason));
        Stand(setup.WhySettingsAreOld(), reason => new EdgeAlarm.FilterSettingsOld(reason));
        Stand(setup.Unguarded, reason => new EdgeAlarm.FilterUnguarded(reason));
        ReportCounts(setup.Status, Comparable(setup.Status));
        last = setup;
    }

    /// <summary>The numbers of the look before, if they are of the same start of the filter.</summary>
    private FilterStatus? Comparable(FilterStatus? status) => last?.Status is { } earlier && status?.StartedAt == earlier.StartedAt ? earlier : null;

    private void ReportCounts(FilterStatus? status, FilterStatus? earlier)
    {
        if (status is null) return;
        var lost = status.Losses.Since(earlier?.Losses ?? FilterLosses.None);
        if (lost.Total > 0) alarms.Raise(new EdgeAlarm.FilterLost(lost, earlier is null ? "since LSASS started" : "just now"));
        var strangers = status.WrongServer - (earlier?.WrongServer ?? 0);
        if (strangers > 0) alarms.Raise(new EdgeAlarm.StrangerOnPipe(strangers));
        var faults = status.ThreadFaults - (earlier?.ThreadFaults ?? 0);
        if (faults > 0) LogThreadFaults(logger, faults);
        if (IsStuck(status, earlier)) alarms.Raise(new EdgeAlarm.FilterStuck(status.Waiting));
        else if (status.Waiting == 0) alarms.Clear<EdgeAlarm.FilterStuck>();
    }

    /// <summary>Whether neither the edge nor the disk takes captures: the filter says so, or nothing went out between two looks that both found some. A disk that hangs lets it say nothing.</summary>
    private static bool IsStuck(FilterStatus status, FilterStatus? earlier) =>
        status.Waiting > 0 && (status.Stuck > (earlier?.Stuck ?? 0) || (earlier is { Waiting: > 0 } && status.Delivered + status.Dropped == earlier.Delivered + earlier.Dropped));

    private void Stand<TAlarm>(string? reason, Func<string, TAlarm> make)
        where TAlarm : EdgeAlarm
    {
        if (reason is null) alarms.Clear<TAlarm>();
        else alarms.Raise(make(reason));
    }

    [LoggerMessage(2731, LogLevel.Information, "Password filter: registered {IsRegistered}, LSA protection {HasLsaProtection}, DLL {Signature}; other notification packages: {OtherPackages}.")]
    private static partial void LogSetup(ILogger logger, bool isRegistered, bool hasLsaProtection, string signature, string otherPackages);

    [LoggerMessage(2732, LogLevel.Warning, "How the password filter is set up cannot be told: {Reason}")]
    private static partial void LogCannotLook(ILogger logger, string reason);

    [LoggerMessage(2733, LogLevel.Warning, "Whether this domain controller is read-only is not known yet: {Reason}")]
    private static partial void LogRoleNotTold(ILogger logger, string reason);

    [LoggerMessage(2734, LogLevel.Information, "This domain controller is {Role}.")]
    private static partial void LogRole(ILogger logger, string role);

    [LoggerMessage(2735, LogLevel.Warning, "The password filter's own threads faulted {Count} times. It lost nothing and goes on.")]
    private static partial void LogThreadFaults(ILogger logger, long count);
}
