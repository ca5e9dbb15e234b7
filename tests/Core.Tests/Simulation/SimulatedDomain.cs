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
    private readonly Guid[] invocations = [.. Enumerable.Range(1, 3).Select(n => new Guid(n * 0x1000_0001, 7, 7, 1, 2, 3, 4, 5, 6, 7, 8))];
    private int captures;

    public AccountId Account { get; } = new(source, new Guid(99, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));

    public List<Change> Changes { get; } = [];

    /// <summary>A change at one DC, on the version that this DC knows.</summary>
    public Change ChangeAt(int dc, DateTimeOffset now, TimeSpan maximumAge)
    {
        var second = Stamp.ToOriginatingSecond(now);
        known[dc] = (known[dc].Version + 1, second, invocations[dc]);
        var stamp = new Stamp(0, known[dc].Version, second, invocations[dc]);
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

    /// <summary>The change that the domain keeps when all DCs have replicated.</summary>
    public Change Kept => Changes.Aggregate((best, other) => Wins(Key(other), Key(best)) ? other : best);

    /// <summary>Whether the first change beats the second in the domain.</summary>
    public static bool Beats(Change first, Change second) => Wins(Key(first), Key(second));

    private static (uint, long, Guid) Key(Change change) => (change.Stamp.Version, change.Stamp.OriginatingSecond, change.Stamp.InvocationId);

    private static bool Wins((uint Version, long Second, Guid Invocation) left, (uint Version, long Second, Guid Invocation) right) =>
        left.Version != right.Version ? left.Version > right.Version
        : left.Second != right.Second ? left.Second > right.Second
        : string.CompareOrdinal(left.Invocation.ToString("D"), right.Invocation.ToString("D")) > 0;
}
