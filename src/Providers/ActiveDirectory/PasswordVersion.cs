using System.Globalization;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Stamps;
using PasswordSync.Ldap;
using PasswordSync.Ldap.ActiveDirectory;

namespace PasswordSync.Providers.ActiveDirectory;

/// <summary>
/// The replication metadata of <c>unicodePwd</c> as a mark, <c>version@second/invocationId</c>. It changes with every set of a password and with
/// nothing else.
/// </summary>
internal static class PasswordVersion
{
    /// <summary>What an entry shows; null if the service may not read it, or no password was ever set.</summary>
    public static AttributeMetadata? Of(LdapEntry entry) =>
        entry.GetBytes(ReplicationMetadata.AttributeName) is { } value ? ReplicationMetadata.Find(value.Span, ReplicationMetadata.UnicodePwd) : null;

    public static TargetMark? ToMark(AttributeMetadata? metadata) =>
        metadata is { } found ? new TargetMark(string.Create(CultureInfo.InvariantCulture, $"{found.Version}@{found.OriginatingSecond}/{found.InvocationId:D}")) : null;

    /// <returns>Null if the mark is not of this form.</returns>
    public static AttributeMetadata? FromMark(TargetMark? mark)
    {
        if (mark?.Value.Split('@', '/') is not [var version, var second, var invocation]) return null;
        return uint.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && long.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && Guid.TryParseExact(invocation, "D", out var id)
            ? new AttributeMetadata(number, seconds, id, OriginatingUsn: 0, LocalUsn: 0) // a mark does not keep these two
            : null;
    }

    public static Stamp ToStamp(AttributeMetadata metadata, int generation) =>
        new(generation, metadata.Version, metadata.OriginatingSecond, metadata.InvocationId);

    /// <summary>Whether exactly one write lies between the two, as far as versions tell. They wrap (MS-DRSR 5.11).</summary>
    public static bool IsNext(AttributeMetadata? before, AttributeMetadata after) =>
        after.Version == unchecked((before?.Version ?? 0) + 1);
}
