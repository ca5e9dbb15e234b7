namespace PasswordSync.Core.Stamps;

/// <summary>
/// The order of an account's passwords: the source's generation, then Active Directory's own rule for the attribute
/// <c>unicodePwd</c> (version, originating time, originating invocation id; MS-DRSR 5.11 "AttributeStamp"). Stamps of different
/// sources do not compare.
/// </summary>
/// <param name="Generation">0 at first; an operator's <c>source rebase</c> begins the next one. 0 or greater.</param>
/// <param name="Version">dwVersion: rises by one with each originating write; wraps from 0xFFFFFFFF to 0.</param>
/// <param name="OriginatingSecond">timeChanged: whole seconds since 1601-01-01 UTC.</param>
/// <param name="InvocationId">The invocation id of the DC that made the write. Compared as a GUID value, field by field.</param>
public readonly record struct Stamp(int Generation, uint Version, long OriginatingSecond, Guid InvocationId) : IComparable<Stamp>
{
    /// <summary>Seconds between 1601-01-01 and 1970-01-01, both UTC.</summary>
    public const long SecondsFrom1601To1970 = 11_644_473_600;

    /// <summary>The originating time, to the second.</summary>
    public DateTimeOffset OriginatingTime => DateTimeOffset.FromUnixTimeSeconds(OriginatingSecond - SecondsFrom1601To1970);

    /// <summary>The whole seconds since 1601-01-01 UTC of a point in time, rounded down.</summary>
    public static long ToOriginatingSecond(DateTimeOffset time) => time.ToUnixTimeSeconds() + SecondsFrom1601To1970;

    /// <summary>
    /// Greater means: this password came later and is the one the domain keeps.
    /// </summary>
    public int CompareTo(Stamp other)
    {
        if (Generation != other.Generation) return Generation.CompareTo(other.Generation);
        var byVersion = CompareVersions(Version, other.Version);
        if (byVersion != 0) return byVersion;
        if (OriginatingSecond != other.OriginatingSecond) return OriginatingSecond.CompareTo(other.OriginatingSecond);
        return InvocationId.CompareTo(other.InvocationId);
    }

    /// <summary>
    /// MS-DRSR 5.11 CompareVersions: serial-number comparison modulo 2^32, so that 0 follows 0xFFFFFFFF. At the exact
    /// distance of 0x80000000, where neither is ahead, the greater plain value wins.
    /// </summary>
    public static int CompareVersions(uint left, uint right)
    {
        if (left == right) return 0;
        var ahead = unchecked(left - right);
        if (ahead == 0x8000_0000u) return left.CompareTo(right);
        return ahead < 0x8000_0000u ? 1 : -1;
    }

    public override string ToString() => $"{Generation}:{Version}@{OriginatingTime:yyyy-MM-dd'T'HH:mm:ss'Z'}/{InvocationId:D}";

    public static bool operator <(Stamp left, Stamp right) => left.CompareTo(right) < 0;

    public static bool operator >(Stamp left, Stamp right) => left.CompareTo(right) > 0;

    public static bool operator <=(Stamp left, Stamp right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Stamp left, Stamp right) => left.CompareTo(right) >= 0;
}
