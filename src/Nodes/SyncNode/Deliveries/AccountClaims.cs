using PasswordSync.Actors;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Providers.Contract;

namespace PasswordSync.SyncNode.Deliveries;

/// <summary>
/// Sees to it that no two identities write one target account. A claim outlives its reason when people are renamed, leave, or are deleted and made anew: such a
/// one is given up when somebody else needs the account.
/// </summary>
internal sealed partial class AccountClaims(SyncPointId point, IProvider provider, ITargetClaims claims, IIdentities identities, ILogger logger)
{
    /// <summary>Claims the target account.</summary>
    /// <returns>Null if the identity has the claim; else the obstacle.</returns>
    public async Task<DeliveryOutcome?> FindConflictAsync(IdentityId identity, Change change, TargetAccount target, CancellationToken cancellationToken)
    {
        var holder = await claims.ClaimAsync(point, target.Key, identity, cancellationToken).ConfigureAwait(false);
        if (holder != identity && await FindEndAsync(holder, change, target, cancellationToken).ConfigureAwait(false) is { } end)
        {
            await claims.ReleaseAsync(point, holder, cancellationToken).ConfigureAwait(false);
            LogReleased(point, holder, target.DisplayName, identity, end);
            holder = await claims.ClaimAsync(point, target.Key, identity, cancellationToken).ConfigureAwait(false);
        }

        return holder == identity
            ? null
            : new DeliveryOutcome.TargetMisconfigured(
                $"Conflict: the target account '{target.DisplayName}' is already written for identity {holder}. Correct the matching rules, so that each person has an account of their own.");
    }

    /// <summary>Why the holder's claim is over; null if it stands.</summary>
    private async Task<string?> FindEndAsync(IdentityId holder, Change change, TargetAccount target, CancellationToken cancellationToken)
    {
        IdentityState other;
        try
        {
            other = await identities.ShowAsync(holder, cancellationToken).ConfigureAwait(false);
        }
        catch (IdentityUnavailableException)
        {
            return null;
        }

        if (!other.Points.TryGetValue(point, out var stand)) return "The sync point left the scope of the one that had it.";
        if (stand is PointState.InFlight || other.Newest is not { } last) return null;
        if (IsSuccessor(last, change)) return "The account in the source was made anew under the same name.";
        return await FindsAnotherAsync(last, target, cancellationToken).ConfigureAwait(false) ? "The one that had it has another account now, or none." : null;
    }

    // A sAMAccountName is unique in its domain: who bears it later bears it instead.
    private static bool IsSuccessor(Change last, Change change) =>
        last.Account.Source == change.Account.Source
        && last.Account != change.Account
        && last.Names.SamAccountName.Equals(change.Names.SamAccountName, StringComparison.OrdinalIgnoreCase)
        && last.Stages.CapturedAt < change.Stages.CapturedAt;

    private async Task<bool> FindsAnotherAsync(Change last, TargetAccount target, CancellationToken cancellationToken)
    {
        try
        {
            return await provider.PrepareAsync(new TargetQuery(last.CaptureId, last.Account, last.Names), cancellationToken).ConfigureAwait(false) switch
            {
                Preparation.Found found => found.Target.Key != target.Key,
                Preparation.Obstacle { Outcome: DeliveryOutcome.AccountNotFound } => true,
                _ => false,
            };
        }
#pragma warning disable CA1031 // A provider may be anyone's code; what it cannot tell leaves the claim as it is.
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return false;
        }
    }

    [LoggerMessage(4007, LogLevel.Warning, "{Point}: identity {Holder} gives up the target account '{Account}' to identity {Identity}: {Reason}")]
    private partial void LogReleased(SyncPointId point, IdentityId holder, string account, IdentityId identity, string reason);
}
