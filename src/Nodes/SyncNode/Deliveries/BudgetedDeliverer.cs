using PasswordSync.Actors.Delivering;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Settings;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Deliveries;

/// <summary>
/// Begins deliveries of a sync point only as often as all nodes of the cluster together may. Takes permits a few at a time, so that the database is asked some times a second
/// at most; what is not used soon is given up, so that it is not used beside what fills up meanwhile. Bulk work leaves the bucket's reserve to people's own changes at all nodes. Of the
/// reserve they get permits one by one, so that what is taken ahead and left may go to anyone.
/// </summary>
internal sealed partial class BudgetedDeliverer(IDeliverer inner, string bucket, RateSettings most, IRateBudget budget, TimeProvider clock, ILogger<BudgetedDeliverer> logger) : IDeliverer
{
    /// <summary>The part of the permits that may be used at once after a pause, and that the bucket holds: the others come evenly.</summary>
    private const int HeldPart = 4;

    /// <summary>For how long permits are taken ahead, and kept.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromMilliseconds(250);

    /// <summary>How long the sync point rests when the database could not be asked.</summary>
    private static readonly TimeSpan StorageRest = TimeSpan.FromSeconds(1);

    private readonly RateRule rule = BucketFor(most);
    private readonly Lock gate = new();
    private int permits;
    private long takenAt;
    private Task<PointRest?>? asking;
    private Task<PointRest?>? askingForBulk;

    /// <summary>
    /// The bucket that keeps a quota in every window: what it holds when full and what fills it within the window are no more than the permits. Permits are used up to
    /// <see cref="Ahead"/> after they were taken, so that what is begun within a window was taken within one that is longer by that.
    /// </summary>
    internal static RateRule BucketFor(RateSettings most)
    {
        var held = Math.Max(1, most.Permits / HeldPart);
        var evenly = Math.Max(1, most.Permits - held);
        return new RateRule(held, (most.Per + Ahead) * ((double)held / evenly));
    }

    public async Task<PointRest?> DeliverAsync(IdentityId identity, Offer offer, CancellationToken cancellationToken) =>
        await TakeAsync(offer.GivesWay, cancellationToken).ConfigureAwait(false) is { } rest ? rest : await inner.DeliverAsync(identity, offer, cancellationToken).ConfigureAwait(false);

    // Null when one may begin. Whoever finds no permit waits for the same question, bulk work for its own; who asked it has the first of its permits, however late the answer was.
    private async Task<PointRest?> TakeAsync(bool givesWay, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task<PointRest?> asked;
            bool isOwn;
            lock (gate)
            {
                if (permits > 0 && clock.GetElapsedTime(takenAt) <= Ahead)
                {
                    permits--;
                    return null;
                }

                ref var question = ref givesWay ? ref askingForBulk : ref asking;
                isOwn = question is null;
                asked = question ??= AskAsync(givesWay);
            }

            if (await asked.WaitAsync(cancellationToken).ConfigureAwait(false) is { } rest) return rest;
            if (isOwn) return null;
        }
    }

    private async Task<PointRest?> AskAsync(bool givesWay)
    {
        // The question must be known to others before it can have ended.
        await Task.Yield();
        try
        {
            var wanted = Math.Clamp((int)Math.Ceiling(rule.Permits * (Ahead / rule.Per)), 1, rule.Permits);

            // They count from before the question: the database took them some time before its answer is here.
            var askedAt = clock.GetTimestamp();
            var grant = await budget.TakeAsync(bucket, rule, wanted, urgent: givesWay ? 0 : 1, CancellationToken.None).ConfigureAwait(false);
            if (grant.Permits > 0) Keep(grant.Permits - 1, askedAt);
            return grant.Permits > 0 ? null
                : givesWay ? Rest(grant.Wait, $"Its rate leaves nothing for bulk work now: all nodes together begin {Most} at most, people's own changes first.") with { IsOfBulk = true }
                : Rest(grant.Wait, $"Its rate is used up: all nodes together begin {Most} at most.");
        }
        catch (StorageUnavailableException failure)
        {
            LogNotAsked(bucket, failure.Message);
            return Rest(StorageRest, "The database could not be asked how often it may be written to.");
        }
        finally
        {
            lock (gate) (givesWay ? ref askingForBulk : ref asking) = null;
        }
    }

    private string Most => $"{most.Permits} deliveries in {DurationText.Format(most.Per)}";

    // What another question brought meanwhile and was not used yet is kept beside it: all count from before the earlier one.
    private void Keep(int more, long askedAt)
    {
        lock (gate) (permits, takenAt) = permits > 0 && clock.GetElapsedTime(takenAt) <= Ahead ? (permits + more, Math.Min(takenAt, askedAt)) : (more, askedAt);
    }

    private PointRest Rest(TimeSpan wait, string why) => new(clock.GetUtcNow() + wait, IsUntouched: true) { Why = why };

    [LoggerMessage(4521, LogLevel.Warning, "How often {Point} may be written to could not be asked; it rests: {Reason}")]
    private partial void LogNotAsked(string point, string reason);
}
