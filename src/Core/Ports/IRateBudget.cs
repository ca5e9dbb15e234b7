namespace PasswordSync.Core.Ports;

/// <summary>How often something may be done, counted over all nodes of the cluster together.</summary>
public interface IRateBudget
{
    /// <summary>
    /// Takes permits from a bucket: it holds at most <see cref="RateRule.Permits"/>, is full at first, and fills evenly by the database's clock. Permits that are taken and not used are lost.
    /// </summary>
    /// <param name="bucket">Its name, such as that of a sync point.</param>
    /// <param name="rule">How much there is; the same on all nodes.</param>
    /// <param name="wanted">The most permits that are taken. 1 or greater.</param>
    /// <param name="urgent">How many of them may be of the bucket's reserve (<see cref="RateRule.Reserve"/>): 0 for what gives way to all others, such as bulk work.</param>
    /// <param name="cancellationToken">Heeded until the work is queued.</param>
    /// <exception cref="StorageUnavailableException">The database cannot be used now; whether permits were taken is unknown.</exception>
    ValueTask<RateGrant> TakeAsync(string bucket, RateRule rule, int wanted, int urgent, CancellationToken cancellationToken);

    /// <summary>Takes permits where nobody gives way: all of them may be of the reserve.</summary>
    ValueTask<RateGrant> TakeAsync(string bucket, RateRule rule, int wanted, CancellationToken cancellationToken) => TakeAsync(bucket, rule, wanted, urgent: wanted, cancellationToken);
}

/// <summary>So many in so much time.</summary>
/// <param name="Permits">1 or greater; as many may come at once after a pause.</param>
/// <param name="Per">Greater than zero.</param>
public sealed record RateRule(int Permits, TimeSpan Per)
{
    /// <summary>The part of a full bucket that is its reserve.</summary>
    private const int ReservePart = 10;

    /// <summary>
    /// The part of the time in which a permit fills up by which what gives way is told to wait longer than others, where there is no reserve: whoever waits for the same permit and does not
    /// give way asks first. As much of the rate is lost while only bulk work waits.
    /// </summary>
    private const double HeadStart = 0.1;

    /// <summary>How many permits stay for what does not give way: a tenth, and at least one; none where the bucket holds but one, which would never be given otherwise.</summary>
    public int Reserve => Math.Min(Permits - 1, Math.Max(1, Permits / ReservePart));

    /// <summary>What a bucket holds after some time, as fractions of permits.</summary>
    /// <param name="before">What it held.</param>
    /// <param name="elapsed">Since then; a clock that was set back counts as none.</param>
    public double Fill(double before, TimeSpan elapsed) => Math.Min(Permits, before + (Math.Max(0, elapsed / Per) * Permits));

    /// <summary>What is given of a bucket that holds so much: what is above the reserve, and of the reserve only what is urgent.</summary>
    public RateGrant Grant(double held, int wanted, int urgent)
    {
        var whole = (int)Math.Floor(held);
        var given = Math.Min(wanted, Math.Max(whole - Reserve, Math.Min(urgent, whole)));
        return given > 0 ? new RateGrant(given, TimeSpan.Zero) : new RateGrant(0, Per * ((1 + (urgent > 0 ? 0 : Math.Max(Reserve, HeadStart)) - held) / Permits));
    }
}

/// <summary>What was taken.</summary>
/// <param name="Permits">0 if there was none.</param>
/// <param name="Wait">When there was none: until there is one, if nobody else takes it.</param>
public readonly record struct RateGrant(int Permits, TimeSpan Wait);
