using PasswordSync.Core.Ports;

namespace PasswordSync.Providers.Limits;

/// <summary>
/// At most so many writes within any window of time, counted in the cluster's database over all nodes together. A bucket may be full when a window begins and fills during it, so it is
/// small and fills a little slower than the quota's rate: together they stay within the quota in every window.
/// </summary>
internal sealed class ClusterWriteQuota : IWriteBudget
{
    /// <summary>The part of the quota that the bucket gives evenly, and the part that it holds at most: what it holds after a pause may come at once.</summary>
    private const double EvenPart = 0.97, HeldPart = 0.02;

    /// <summary>How long nobody writes when the database could not be asked.</summary>
    private static readonly TimeSpan StorageRest = TimeSpan.FromSeconds(1);

    private readonly Func<IRateBudget> rates;
    private readonly string bucket;

    /// <param name="writes">How many the target lets be made. 1 or greater.</param>
    /// <param name="window">Within which time.</param>
    /// <param name="bucket">The name under which all nodes count.</param>
    /// <param name="rates">The cluster's count; asked for when it is needed first.</param>
    public ClusterWriteQuota(int writes, TimeSpan window, string bucket, Func<IRateBudget> rates)
    {
        this.rates = rates;
        this.bucket = bucket;
        var permits = Math.Max(1, (int)(writes * HeldPart));
        Rule = new RateRule(permits, window * (permits / (writes * EvenPart)));
    }

    internal RateRule Rule { get; }

    public async ValueTask<TimeSpan?> TakeAsync(CancellationToken cancellationToken)
    {
        try
        {
            var grant = await rates().TakeAsync(bucket, Rule, wanted: 1, cancellationToken);
            return grant.Permits > 0 ? null : grant.Wait;
        }
        catch (StorageUnavailableException)
        {
            // A write that is not counted could be one too many, and without the database no outcome could be recorded anyway.
            return StorageRest;
        }
    }
}
