using PasswordSync.Core.Stamps;

namespace PasswordSync.Core.Intake;

/// <summary>A stamp as an edge reads it from its DC. The edge does not know the source's generation; the node adds it.</summary>
/// <param name="Version">See <see cref="Core.Stamps.Stamp.Version"/>.</param>
/// <param name="OriginatingSecond">Whole seconds since 1601-01-01 UTC.</param>
/// <param name="InvocationId">The DC that made the write.</param>
public sealed record ProvenStamp(uint Version, long OriginatingSecond, Guid InvocationId)
{
    /// <summary>The part of a stamp that travels.</summary>
    public static ProvenStamp Of(Stamp stamp) => new(stamp.Version, stamp.OriginatingSecond, stamp.InvocationId);
}
