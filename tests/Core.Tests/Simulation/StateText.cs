using System.Globalization;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Tests.Decisions;

namespace PasswordSync.Core.Tests.Simulation;

/// <summary>All of a state, and what is decided on it, as text: dictionaries do not compare by value.</summary>
internal static class StateText
{
    public static string Of(IdentityState state) => string.Join('\n',
    [
        state.Sequence.ToString(CultureInfo.InvariantCulture), $"{state.Newest}", string.Join(',', state.RecentCaptures),
        .. state.LatestStamps.Select(entry => $"{entry}"), .. state.Points.Select(entry => $"{entry}"), .. state.LeftInDoubt.Select(entry => $"{entry}"),
        .. state.Scopes.Select(entry => $"{entry.Account}: {string.Join(',', entry.Points)}"),
    ]);

    public static string DecisionsOn(IdentityState state, SimulatedCluster around)
    {
        var later = around.Now.AddMinutes(1);
        return string.Join('\n', Commands(state, around, later).Select(command => Of(state.Decide(command, around.Rules))));
    }

    private static IEnumerable<IdentityCommand> Commands(IdentityState state, SimulatedCluster around, DateTimeOffset now)
    {
        yield return new IdentityCommand.WakeUp(now, 0);
        yield return new IdentityCommand.AssignPoints(now, Some.Account(Some.Alpha), []);
        foreach (var point in around.AllPoints)
        {
            yield return new IdentityCommand.AssignPoints(now, Some.Account(Some.Alpha), [point]);
            yield return new IdentityCommand.RetryDelivery(now, point);
            yield return new IdentityCommand.DiscardDelivery(now, point, "no need");
            yield return new IdentityCommand.ResendChange(now, point);
        }

        foreach (var (point, entry) in state.Points)
        {
            foreach (var change in entry.Needed)
            {
                yield return new IdentityCommand.BeginAttempt(now, point, change.CaptureId, Guid.Empty, now.AddSeconds(1), new TargetAccount("key", "ann", null), null);
                yield return new IdentityCommand.ReportObstacle(now, point, change.CaptureId, new DeliveryOutcome.Transient("busy"), 0);
                yield return new IdentityCommand.RejectSecret(now, change.CaptureId, "empty");
            }
        }
    }

    private static string Of(Decision decision) => $"{decision.Refusal} {decision.AskAgainAt} {string.Join(',', decision.Events)}";
}
