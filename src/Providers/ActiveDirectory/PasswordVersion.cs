using System.Globalization;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Stamps;
using PasswordSync.Ldap;
using PasswordSync.Ldap.ActiveDirectory;

namespace PasswordSync.Providers.ActiveDirectory;

/// <summary>
/// What of the replication metadata of <c>unicodePwd</c> makes a mark, <c>version@second/invocationId</c>. It changes with every set of a
/// password and with nothing else, and is the same on every DC that has the write.
/// </summary>
internal readonly record struct PasswordVersion(uint Version, long OriginatingSecond, Guid InvocationId)
{
    /// <summary>What an entry shows; null if the service may not read it, or no password was ever set.</summary>
    public static PasswordVersion? Of(LdapEntry entry) =>
        entry.GetBytes(ReplicationMetadata.AttributeName) is { } value && ReplicationMetadata.Find(value.Span, ReplicationMetadata.UnicodePwd) is { } found
            ? new PasswordVersion(found.Version, found.OriginatingSecond, found.InvocationId)
            : null;

    /// <returns>Null if the mark is not of this form.</returns>
    public static PasswordVersion? FromMark(TargetMark? mark)
    {
        if (mark?.Value.Split('@', '/') is not [var version, var second, var invocation]) return null;
        return uint.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && long.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && Guid.TryParseExact(invocation, "D", out var id)
            ? new PasswordVersion(number, seconds, id)
            : null;
    }

    public TargetMark ToMark() => new(string.Create(CultureInfo.InvariantCulture, $"{Version}@{OriginatingSecond}/{InvocationId:D}"));

    public Stamp ToStamp(int generation) => new(generation, Version, OriginatingSecond, InvocationId);

    /// <summary>Whether exactly one write lies between the two, as far as versions tell. They wrap (MS-DRSR 5.11).</summary>
    public bool IsNextAfter(PasswordVersion? before) => Version == unchecked((before?.Version ?? 0) + 1);
}
