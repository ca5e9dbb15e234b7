using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Core.Tests.Simulation;

/// <summary>
/// One account in a domain of several DCs. Each DC makes changes on the version that it knows and learns of others' by replication, as Active
/// Directory does; the oracle of what the domain keeps is its own comparison, not the product's.
/// </summary>
internal sealed class SimulatedDomain(SourceId source)
{
    private readonly (uint Version, long Second, Guid Invocation)[] known = new (uint, long, Guid)[3];
    private Guid[] invocations = InvocationsOf(generation: 0);
    private int generation;
    private int captures;

    public AccountId Account { get; } = new(source, new Guid(99, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));

    public List<Change> Changes { get; } = [];

    /// <summary>A change at one DC, on the version that this DC knows.</summary>
    public Change ChangeAt(int dc, DateTimeOffset now, TimeSpan maximumAge)
    {
        var second = Stamp.ToOriginatingSecond(now);
        known[dc] = (known[dc].Version + 1, second, invocations[dc]);
        var stamp = new Stamp(generation, known[dc].Version, second, invocations[dc]);
        var names = new AccountNames("CN=Ann,DC=alpha,DC=test", "ann", "ann@alpha.test", "ann@example.test");
        var change = new Change(
            new CaptureId(new Guid(++captures, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)), Account, stamp, names, new StageTimes(now, now, now, now), now + maximumAge);
        Changes.Add(change);
        return change;
    }

    /// <summary>One DC takes another's password if Active Directory's rule says it wins.</summary>
    public void Replicate(int from, int to)
    {
        if (Wins(known[from], known[to])) known[to] = known[from];
    }

    /// <summary>
    /// The domain is put back to a backup, and the operator begins a new generation of the source: the DCs count on from a lower version, under invocation ids of their own as after every restore. A node
    /// gives captures the generation when it takes them, so those that it has not taken yet count as newer too.
    /// </summary>
    /// <param name="version">The version in the backup; that of the DC that knows the greatest one if it is less.</param>
    /// <param name="isTaken">Whether a node has taken a capture.</param>
    public void Restore(uint version, Predicate<CaptureId> isTaken)
    {
        generation++;
        var backup = (Math.Min(version, known.Max(dc => dc.Version)), 0L, Guid.Empty);
        Array.Fill(known, backup);
        invocations = InvocationsOf(generation);
        for (var i = 0; i < Changes.Count; i++)
        {
            if (!isTaken(Changes[i].CaptureId)) Changes[i] = Changes[i] with { Stamp = Changes[i].Stamp with { Generation = generation } };
        }
    }

    /// <summary>The change that the domain keeps when all DCs have replicated: of the newest generation, the one that wins by Active Directory's rule.</summary>
    public Change Kept => Changes.Aggregate((best, other) => Beats(other, best) ? other : best);

    /// <summary>Whether the first change beats the second: a newer generation does, whatever its versions; else the domain's rule tells.</summary>
    public static bool Beats(Change first, Change second) => first.Stamp.Generation != second.Stamp.Generation
        ? first.Stamp.Generation > second.Stamp.Generation
        : Wins(Key(first), Key(second));

    private static (uint, long, Guid) Key(Change change) => (change.Stamp.Version, change.Stamp.OriginatingSecond, change.Stamp.InvocationId);

    private static Guid[] InvocationsOf(int generation) => [.. Enumerable.Range(1, 3).Select(n => new Guid(n * 0x1000_0001, (short)generation, 7, 1, 2, 3, 4, 5, 6, 7, 8))];

    private static bool Wins((uint Version, long Second, Guid Invocation) left, (uint Version, long Second, Guid Invocation) right) =>
        left.Version != right.Version ? left.Version > right.Version
        : left.Second != right.Second ? left.Second > right.Second
        : string.CompareOrdinal(left.Invocation.ToString("D"), right.Invocation.ToString("D")) > 0;
}
