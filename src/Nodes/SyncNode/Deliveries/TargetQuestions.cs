using System.Collections.Immutable;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.SyncNode.Settings;
using PasswordSync.SyncNode.Sources;

namespace PasswordSync.SyncNode.Deliveries;

/// <summary>What operators ask of a target that this node may reach. Changes nothing there.</summary>
/// <param name="providers">The providers of the points.</param>
/// <param name="policies">Compares password policies.</param>
internal sealed class TargetQuestions(ImmutableDictionary<PointSettings, IProvider> providers, PolicyChecks policies)
{
    /// <summary>Verifies a point, and compares its target's password policy with its sources'.</summary>
    public async Task<ImmutableArray<VerificationCheck>> VerifyAsync(PointSettings point, CancellationToken cancellationToken)
    {
        var provider = providers[point];
        var report = await provider.VerifyAsync(cancellationToken).ConfigureAwait(false);
        return report.Checks.AddRange(await policies.RunAsync(point.Name, provider, report, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Looks whether the target has a password, with one sign-in where it takes one, by the same probe that deliveries use: it makes none where a failure could lock the account.</summary>
    public async Task<PasswordTrial> TryAsync(PointSettings point, TargetQuery query, Secret password, CancellationToken cancellationToken)
    {
        var provider = providers[point];
        if (!provider.Description.CanProbeBySignIn) return PasswordTrial.Untold("This kind of target does not let a password be tried.");
        if (PasswordRules.Check(password, provider.Description.Limits) is { } rule) return new PasswordTrial(null, HasIt: false, rule.Reason);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(point.AttemptTimeout);
        try
        {
            var preparation = await provider.PrepareAsync(query, limit.Token).ConfigureAwait(false);
            if (preparation is not Preparation.Found found) return PasswordTrial.Untold(((Preparation.Obstacle)preparation).Outcome.Explain() ?? "It gives no reason.");

            // Without a mark to compare with, the probe is the sign-in alone.
            return await provider.ProbeAsync(new ProbeRequest(found.Target, AttemptKind.Write, Against: null), password, limit.Token).ConfigureAwait(false) switch
            {
                ProbeVerdict.Present => new PasswordTrial(found.Target.DisplayName, HasIt: true, null),
                ProbeVerdict.Absent => new PasswordTrial(found.Target.DisplayName, HasIt: false, null),
                ProbeVerdict.Inconclusive inconclusive => new PasswordTrial(found.Target.DisplayName, HasIt: null, inconclusive.Reason),
                var verdict => throw new InvalidOperationException($"Internal error: unknown verdict {verdict.GetType().Name}."),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return PasswordTrial.Untold($"The target did not answer within {point.AttemptTimeout.TotalSeconds} s.");
        }
#pragma warning disable CA1031 // A provider may be anyone's code: its fault is told of this target, without the message, which nobody has redacted.
        catch (Exception failure) when (failure is not OperationCanceledException)
#pragma warning restore CA1031
        {
            return PasswordTrial.Untold($"The provider failed with {failure.GetType().Name}.");
        }
    }
}

/// <summary>Whether a target has a password.</summary>
/// <param name="Target">The account there, for people; null if it was not looked for, or not found.</param>
/// <param name="HasIt">Whether it has; null if that cannot be told.</param>
/// <param name="Reason">Why it cannot be told, or what else is to be said.</param>
internal sealed record PasswordTrial(string? Target, bool? HasIt, string? Reason)
{
    public static PasswordTrial Untold(string reason) => new(null, HasIt: null, reason);
}
