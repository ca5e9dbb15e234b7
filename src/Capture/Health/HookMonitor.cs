using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using PasswordSync.Capture.Resolution;

namespace PasswordSync.Capture.Health;

/// <summary>Which password policies of the domain have no complexity rule, as far as the edge's account can tell.</summary>
/// <param name="Without">Their names: the domain's own, and fine-grained ones.</param>
/// <param name="SeesFineGrained">Whether the account is shown the fine-grained ones; if not, there may be such as nobody knows of.</param>
public sealed record ComplexityFinding(ImmutableArray<string> Without, bool SeesFineGrained);

/// <summary>Tells which password policies of the domain have no complexity rule.</summary>
public interface IPasswordPolicies
{
    /// <summary>Looks at the domain's own policy and the fine-grained ones.</summary>
    /// <exception cref="DirectoryUnavailableException">The DC does not answer, or not usefully.</exception>
    Task<ComplexityFinding> FindWithoutComplexityAsync(CancellationToken cancellationToken);
}

/// <summary>Samba calls the check password script only where the policy has a complexity rule: notices when it will not.</summary>
/// <param name="policies">Of this DC.</param>
/// <param name="interval">How often to look; 1 min recommended.</param>
/// <param name="alarms">Where <see cref="EdgeAlarm.HookNotCalled"/> and <see cref="EdgeAlarm.PoliciesHidden"/> go.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">For trouble.</param>
public sealed partial class HookMonitor(IPasswordPolicies policies, TimeSpan interval, IAlarmSink alarms, TimeProvider time, ILogger<HookMonitor> logger)
{
    private ImmutableArray<string> standing = [];
    private bool areHidden;

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
        ComplexityFinding found;
        try
        {
            found = await policies.FindWithoutComplexityAsync(cancellationToken);
        }
        catch (DirectoryUnavailableException exception)
        {
            LogCannotLook(logger, exception.Message);
            return;
        }

        TellOfHidden(!found.SeesFineGrained);
        TellOfPolicies(found.Without);
    }

    // Not seeing any is no sign that there are none.
    private void TellOfHidden(bool hidden)
    {
        if (hidden == areHidden) return;
        areHidden = hidden;
        if (hidden) alarms.Raise(new EdgeAlarm.PoliciesHidden());
        else alarms.Clear<EdgeAlarm.PoliciesHidden>();
    }

    private void TellOfPolicies(ImmutableArray<string> without)
    {
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

    [LoggerMessage(EventId = 5003, Level = LogLevel.Information, Message = "All password policies that can be read have a complexity rule again: the hook is called")]
    private static partial void LogHookIsCalled(ILogger logger);
}
