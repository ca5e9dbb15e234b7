using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using PasswordSync.Capture.Resolution;

namespace PasswordSync.Capture.Health;

/// <summary>Tells which password policies of the domain have no complexity rule.</summary>
public interface IPasswordPolicies
{
    /// <summary>The names of such policies: the domain's own, and fine-grained ones as far as the edge's account may read them.</summary>
    /// <exception cref="DirectoryUnavailableException">The DC does not answer, or not usefully.</exception>
    Task<ImmutableArray<string>> FindWithoutComplexityAsync(CancellationToken cancellationToken);
}

/// <summary>Samba calls the check password script only where the policy has a complexity rule: notices when it will not.</summary>
/// <param name="policies">Of this DC.</param>
/// <param name="interval">How often to look; 1 min recommended.</param>
/// <param name="alarms">Where <see cref="EdgeAlarm.HookNotCalled"/> goes.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">For trouble.</param>
public sealed partial class HookMonitor(IPasswordPolicies policies, TimeSpan interval, IAlarmSink alarms, TimeProvider time, ILogger<HookMonitor> logger)
{
    private ImmutableArray<string> standing = [];

    /// <summary>Looks at once and then from time to time, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await LookAsync(cancellationToken);
                await Task.Delay(interval, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end that was asked for.
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        ImmutableArray<string> without;
        try
        {
            without = await policies.FindWithoutComplexityAsync(cancellationToken);
        }
        catch (DirectoryUnavailableException exception)
        {
            LogCannotLook(logger, exception.Message);
            return;
        }

        if (without.SequenceEqual(standing)) return;
        standing = without;
        if (without.IsEmpty)
        {
            LogHookIsCalled(logger);
            alarms.Clear<EdgeAlarm.HookNotCalled>();
            return;
        }

        var alarm = new EdgeAlarm.HookNotCalled(string.Join(" and ", without));
        LogHookIsNotCalled(logger, alarm.Sentence);
        alarms.Raise(alarm);
    }

    [LoggerMessage(EventId = 5001, Level = LogLevel.Warning, Message = "Whether the hook is called cannot be told: {Reason}")]
    private static partial void LogCannotLook(ILogger logger, string reason);

    [LoggerMessage(EventId = 5002, Level = LogLevel.Error, Message = "{Sentence}")]
    private static partial void LogHookIsNotCalled(ILogger logger, string sentence);

    [LoggerMessage(EventId = 5003, Level = LogLevel.Information, Message = "All password policies have a complexity rule again: the hook is called")]
    private static partial void LogHookIsCalled(ILogger logger);
}
