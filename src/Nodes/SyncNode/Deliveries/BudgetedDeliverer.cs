using PasswordSync.Actors.Delivering;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;

namespace PasswordSync.SyncNode.Deliveries;

/// <summary>
/// Begins deliveries of a sync point only as often as all nodes of the cluster together may. Takes permits a few at a time, so that the database is asked some times a second
/// at most; what is not used soon is given up, so that it is not used beside what fills up meanwhile.
/// </summary>
internal sealed partial class BudgetedDeliverer(IDeliverer inner, string bucket, RateRule rule, IRateBudget budget, TimeProvider clock, ILogger<BudgetedDeliverer> logger) : IDeliverer
{
    /// <summary>For how long permits are taken ahead, and kept.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromMilliseconds(250);

    /// <summary>How long the sync point rests when the database could not be asked.</summary>
    private static readonly TimeSpan StorageRest = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private int permits;
    private long takenAt;
    private Task<TimeSpan?>? asking;

    public async Task<PointRest?> DeliverAsync(IdentityId identity, Offer offer, CancellationToken cancellationToken)
    {
        var wait = await TakeAsync(cancellationToken).ConfigureAwait(false);
        return wait is null ? await inner.DeliverAsync(identity, offer, cancellationToken).ConfigureAwait(false) : new PointRest(clock.GetUtcNow() + wait.Value, IsUntouched: true);
    }

    // Null when one may begin. Whoever finds no permit waits for the same question.
    private async Task<TimeSpan?> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task<TimeSpan?> asked;
            lock (gate)
            {
                if (permits > 0 && clock.GetElapsedTime(takenAt) <= Ahead)
                {
                    permits--;
                    return null;
                }

                asked = asking ??= AskAsync();
            }

            if (await asked.WaitAsync(cancellationToken).ConfigureAwait(false) is { } wait) return wait;
        }
    }

    private async Task<TimeSpan?> AskAsync()
    {
        // The question must be known to others before it can have ended.
        await Task.Yield();
        try
        {
            var wanted = Math.Clamp((int)Math.Ceiling(rule.Permits * (Ahead / rule.Per)), 1, rule.Permits);
            var grant = await budget.TakeAsync(bucket, rule, wanted, CancellationToken.None).ConfigureAwait(false);
            lock (gate) (permits, takenAt) = (grant.Permits, clock.GetTimestamp());
            return grant.Permits == 0 ? grant.Wait : null;
        }
        catch (StorageUnavailableException failure)
        {
            LogNotAsked(bucket, failure.Message);
            return StorageRest;
        }
        finally
        {
            lock (gate) asking = null;
        }
    }

    [LoggerMessage(4521, LogLevel.Warning, "How often {Point} may be written to could not be asked; it rests: {Reason}")]
    private partial void LogNotAsked(string point, string reason);
}
